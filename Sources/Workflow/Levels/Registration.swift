import Geometry
import Raster
import Units

/// Finds by how much the stage positions of one image are shifted against those of another, by correlation of the
/// specimen that both show. Rotation and scale are taken from the two maps to the stage.
struct Registration: Sendable {
    let reference: Raster<UInt8>
    let stageToReference: AffineMap<Frame.Stage, Frame.MapPixels>

    init?(reference: Raster<UInt8>, pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>) {
        guard let back = pixelToStage.inverse else { return nil }
        self.reference = reference
        stageToReference = back
    }

    /// A shift and how well the images agree at it, -1 to 1.
    struct Result: Sendable {
        /// What is at stage position p in the reference is at p + shift in the image.
        let shift: Vector<Frame.Stage>
        let correlation: Double
    }

    /// The best shift within a distance of the expected one; coarse steps first, fine ones about the best of them.
    ///
    /// Pixels of the image that `counts` refuses (never acquired) take no part.
    func shift(
        of image: Raster<Float>, pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>, expected: Vector<Frame.Stage>,
        within distance: Micrometers, where counts: (Float) -> Bool = { _ in true }
    ) -> Result? {
        let coarse = best(
            samples(of: image, pixelToStage: pixelToStage, stride: 3, where: counts), about: expected,
            within: distance.value, step: 0.8)
        guard let coarse else { return nil }
        let all = samples(of: image, pixelToStage: pixelToStage, stride: 1, where: counts)
        guard let middle = best(all, about: coarse.shift, within: 0.8, step: 0.4) else { return nil }
        return best(all, about: middle.shift, within: 0.3, step: 0.1)
    }

    private struct Sample {
        let stage: Point<Frame.Stage>
        let value: Double
    }

    private func samples(
        of image: Raster<Float>, pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>, stride step: Int,
        where counts: (Float) -> Bool
    ) -> [Sample] {
        var samples: [Sample] = []
        for y in stride(from: step / 2, to: image.height, by: step) {
            for x in stride(from: step / 2, to: image.width, by: step) where counts(image[x, y]) {
                samples.append(
                    Sample(stage: pixelToStage(Point(x: Double(x) + 0.5, y: Double(y) + 0.5)), value: Double(image[x, y])))
            }
        }
        return samples
    }

    private func best(_ samples: [Sample], about: Vector<Frame.Stage>, within distance: Double, step: Double) -> Result? {
        let count = Int((distance / step).rounded(.up))
        var best: Result?
        for j in -count ... count {
            for i in -count ... count {
                let shift = about + Vector(dx: Double(i) * step, dy: Double(j) * step)
                guard let correlation = correlation(samples, at: shift), correlation > best?.correlation ?? -1 else { continue }
                best = Result(shift: shift, correlation: correlation)
            }
        }
        return best
    }

    /// Normalised correlation over the samples that fall onto the reference; nil where fewer than half do.
    private func correlation(_ samples: [Sample], at shift: Vector<Frame.Stage>) -> Double? {
        var n = 0.0
        var sa = 0.0
        var sb = 0.0
        var saa = 0.0
        var sbb = 0.0
        var sab = 0.0
        for sample in samples {
            let p = stageToReference(sample.stage - shift)
            guard let b = value(at: p) else { continue }
            let a = sample.value
            n += 1
            sa += a
            sb += b
            saa += a * a
            sbb += b * b
            sab += a * b
        }
        guard n > 20, n * 2 > Double(samples.count) else { return nil }
        let varianceA = saa - sa * sa / n
        let varianceB = sbb - sb * sb / n
        guard varianceA > 0, varianceB > 0 else { return nil }
        return (sab - sa * sb / n) / (varianceA * varianceB).squareRoot()
    }

    /// The reference between its pixels; nil outside of it.
    private func value(at p: Point<Frame.MapPixels>) -> Double? {
        let x = p.x - 0.5
        let y = p.y - 0.5
        guard x >= 0, y >= 0, x < Double(reference.width - 1), y < Double(reference.height - 1) else { return nil }
        let i = Int(x)
        let j = Int(y)
        let u = x - Double(i)
        let v = y - Double(j)
        let top = Double(reference[i, j]) * (1 - u) + Double(reference[i + 1, j]) * u
        let bottom = Double(reference[i, j + 1]) * (1 - u) + Double(reference[i + 1, j + 1]) * u
        return top * (1 - v) + bottom * v
    }
}
