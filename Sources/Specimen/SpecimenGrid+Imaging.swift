import Geometry
public import Raster
public import Units

extension SpecimenGrid {
    private func canvas(of field: FieldOfView) -> Canvas {
        var canvas = Canvas(field)
        let toGrid = field.imageToGrid
        let corners = [(0, 0), (field.width, 0), (0, field.height), (field.width, field.height)].map {
            toGrid(Point(x: Double($0.0), y: Double($0.1)))
        }
        let filmIsHidden = lamellae.contains { lamella in corners.allSatisfy { Canvas.isDeep($0, in: lamella) } }
        if !filmIsHidden { canvas.paintFilm(of: self) }
        let reach = field.pixelSide * Double(Swift.max(field.width, field.height)) / Swift.max(0.05, cosine(field.tilt))
        for body in bodies where body.center.distance(to: field.center) < reach + 20 { canvas.paint(body) }
        for lamella in lamellae where lamella.center.distance(to: field.center) < reach + 40 { canvas.paint(lamella) }
        return canvas
    }

    /// The share of the electrons that reaches each pixel, 0 to 1, without noise. Detail finer than a pixel is faded.
    public func transmission(of field: FieldOfView) -> Raster<Float> {
        var pixels = canvas(of: field).transmission
        // Tilt lengthens the path through the specimen.
        let path = 1 / Swift.max(0.05, cosine(field.tilt))
        if path > 1.0005 {
            // Between a line and its exponential this is within 2 % for the transmissions of a lamella.
            for k in pixels.indices {
                let t = pixels[k] / Float(vacuum)
                pixels[k] = Float(vacuum) * t / (1 + (Float(path) - 1) * (1 - t))
            }
        }
        return Raster(width: field.width, height: field.height, pixels: pixels)
    }

    /// What each pixel shows, as the values of ``SegmentationLabel``.
    public func labels(of field: FieldOfView) -> Raster<UInt8> {
        Raster(width: field.width, height: field.height, pixels: canvas(of: field).labels)
    }

    /// Counts of one electron; keeps shot noise visible in sixteen bits.
    public static var countsPerElectron: Double { 20 }

    /// A camera image with shot noise.
    ///
    /// - Parameters:
    ///   - electronsPerPixel: electrons that reach a pixel behind an open hole.
    ///   - defocus: blurs a little, whatever its sign.
    ///   - damage: 0 for a fresh specimen, 1 for one that has lost most of its contrast.
    ///   - noiseSeed: another image of the same field needs another seed.
    ///   - contrast: 1, or less where stray electrons reach the camera.
    ///   - texture: of the amorphous ice as the lenses show it, or nil where pixels are too coarse for it.
    public func image(
        of field: FieldOfView, electronsPerPixel: Double, defocus: Micrometers, damage: Double, noiseSeed: UInt64,
        contrast: Double = 1, texture: Texture? = nil
    ) -> Raster<UInt16> {
        var clean = transmission(of: field)
        texture?.modulate(&clean)
        let fading = Float((1 - 0.7 * Swift.min(1, Swift.max(0, damage))) * contrast)
        if fading < 1, !clean.pixels.isEmpty {
            let mean = clean.pixels.reduce(0, +) / Float(clean.pixels.count)
            for k in clean.pixels.indices { clean.pixels[k] = mean + (clean.pixels[k] - mean) * fading }
        }
        // The beam's divergence, taken as 0.1 mrad, spreads a point over this many pixels.
        let spread = defocus.value.magnitude * 1e-4 / Swift.max(1e-6, field.pixelSide)
        let side = Float(Swift.min(0.25, 0.5 * spread * spread))
        if side > 0.005 { clean = clean.smoothed(side: side) }
        return clean.recorded(electronsPerPixel: Float(electronsPerPixel), seed: noiseSeed)
    }
}

extension Raster<Float> {
    /// Each pixel mixed with its neighbours along both axes.
    fileprivate func smoothed(side: Float) -> Raster<Float> {
        var out = self
        let w = width
        let h = height
        guard w > 2, h > 2 else { return self }
        let middle = 1 - 2 * side
        out.pixels.withUnsafeMutableBufferPointer { target in
            pixels.withUnsafeBufferPointer { source in
                for y in 0 ..< h {
                    for x in 1 ..< w - 1 {
                        let k = y * w + x
                        target[k] = middle * source[k] + side * (source[k - 1] + source[k + 1])
                    }
                }
            }
        }
        let across = out.pixels
        out.pixels.withUnsafeMutableBufferPointer { target in
            across.withUnsafeBufferPointer { source in
                for k in w ..< w * (h - 1) {
                    target[k] = middle * source[k] + side * (source[k - w] + source[k + w])
                }
            }
        }
        return out
    }

    /// Shot noise by the normal approximation of the Poisson distribution.
    fileprivate func recorded(electronsPerPixel: Float, seed: UInt64) -> Raster<UInt16> {
        var random = RandomSource(seed: seed)
        let gain = Float(SpecimenGrid.countsPerElectron)
        return map { t in
            // Four numbers of sixteen bits: their sum is close to normal, with a variance of a third.
            let bits = random.next()
            let sum = Float(bits & 0xFFFF) + Float(bits >> 16 & 0xFFFF) + Float(bits >> 32 & 0xFFFF) + Float(bits >> 48)
            let normal = (sum / 65536 - 2) * 1.7320508
            let electrons = Swift.max(0, t * electronsPerPixel)
            let counts = gain * (electrons + normal * electrons.squareRoot()) + 0.5
            return UInt16(Swift.max(0, Swift.min(65535, counts)))
        }
    }
}
