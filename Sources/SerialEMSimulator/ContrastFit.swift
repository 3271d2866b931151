internal import Raster
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Defocus and astigmatism from the Thon rings of an image.
///
/// The power spectrum is averaged over boxes and over twelve sectors of direction. In each, the defocus is the one whose
/// squared transfer function correlates best with the logarithm of the power, both less their slow course; the twelve
/// defoci are then a mean and a wave of two periods.
struct ContrastFit: Sendable {
    private(set) var transfer = ContrastTransfer(defocus: Micrometers(0))
    /// Correlation of model and spectrum, at most 1.
    private(set) var score = 0.0
    /// Angstrom, up to where the rings are seen.
    private(set) var resolution = 0.0

    /// Share of the sectors that find nearly the same defocus, and their mean correlation.
    private(set) var agreement = 0.0
    private(set) var sectorScore = 0.0
    /// Noise correlates too once it is averaged along an ellipse that fits it, but its sectors do not agree.
    var ringsAreSeen: Bool { score > 0.5 && agreement >= 0.6 && sectorScore > 0.3 }

    private static let sectors = 12
    private static let mostBoxes = 40

    /// `underfocus` in micrometres, both limits positive. Nil where the image is too small or too coarse to show rings.
    init?(_ image: Raster<UInt16>, pixelSize: PixelSize, underfocus: ClosedRange<Double>) {
        let side = 256
        guard image.width >= side, image.height >= side, pixelSize.value > 0 else { return nil }
        let power = Self.powerSpectrum(image, side: side)
        let step = 1 / (Double(side) * pixelSize.value)
        // From 1/(7 nm), where the shapes of the specimen end, to nine tenths of Nyquist.
        let bins = max(8, Int(clamped: 0.14 / step)) ..< side * 9 / 20
        guard bins.count >= 40 else { return nil }
        let frequencies = bins.map { Double($0) * step }
        let sectors = (0 ..< Self.sectors).map { Self.withoutCourse(Self.profile(power, side: side, bins: bins, sector: $0)) }
        // Astigmatism smears the rings of the whole circle, so each sector searches the range; most of them are right.
        let rough = Self.best(sectors, frequencies, from: underfocus.lowerBound, to: underfocus.upperBound, step: 0.02)
        let middle = rough.map(\.underfocus).sorted()[Self.sectors / 2]
        let reach = 0.3 + 0.15 * middle
        let fits = Self.best(sectors, frequencies, from: max(0.05, middle - reach), to: middle + reach, step: 0.01)
        agreement = Double(rough.count { ($0.underfocus - middle).magnitude < reach }) / Double(Self.sectors)
        sectorScore = fits.reduce(0) { $0 + $1.score } / Double(Self.sectors)
        var (constant, cosine, sine) = (0.0, 0.0, 0.0)
        for (sector, fit) in fits.enumerated() {
            let direction = (Double(sector) + 0.5) * .pi / Double(Self.sectors)
            constant += fit.underfocus / Double(Self.sectors)
            cosine += fit.underfocus * cos(2 * direction) * 2 / Double(Self.sectors)
            sine += fit.underfocus * sin(2 * direction) * 2 / Double(Self.sectors)
        }
        transfer = ContrastTransfer(
            defocus: Micrometers(-constant), astigmatism: Micrometers(2 * (cosine * cosine + sine * sine).squareRoot()),
            angle: Degrees(atan2(sine, cosine) * 90 / .pi))
        // With the ellipse known, all directions are averaged along it.
        let round = Self.withoutCourse(Self.straightened(sectors, frequencies, fits.map(\.underfocus), mean: constant))
        let model = Self.withoutCourse(Self.model(frequencies, underfocus: constant))
        score = Self.correlation(round[...], model[...])
        resolution = 10 / Self.lastFrequency(round, frequencies, underfocus: constant)
    }

    /// The mean of all sectors, each stretched in frequency so that its rings lie where those of the mean defocus lie.
    private static func straightened(
        _ sectors: [[Double]], _ frequencies: [Double], _ underfoci: [Double], mean: Double
    ) -> [Double] {
        let step = frequencies[1] - frequencies[0]
        return frequencies.map { frequency in
            var sum = 0.0
            for (profile, underfocus) in zip(sectors, underfoci) {
                let place = (frequency * (mean / underfocus).squareRoot() - frequencies[0]) / step
                let low = max(0, min(profile.count - 2, Int(clamped: place.rounded(.down))))
                let share = max(0, min(1, place - Double(low)))
                sum += profile[low] * (1 - share) + profile[low + 1] * share
            }
            return sum / Double(sectors.count)
        }
    }

    private static func powerSpectrum(_ image: Raster<UInt16>, side: Int) -> [Double] {
        var power = [Double](repeating: 0, count: side * side)
        let window = (0 ..< side).map { 0.5 - 0.5 * cos(2 * .pi * (Double($0) + 0.5) / Double(side)) }
        let columns = image.width / side
        let rows = image.height / side
        for box in 0 ..< min(mostBoxes, columns * rows) {
            let x0 = (image.width - columns * side) / 2 + box % columns * side
            let y0 = (image.height - rows * side) / 2 + box / columns * side
            var sum = 0.0
            for y in 0 ..< side { for x in 0 ..< side { sum += Double(image[x0 + x, y0 + y]) } }
            let mean = sum / Double(side * side)
            var spectrum = Spectrum(side: side)
            for y in 0 ..< side {
                // Rows of the image run downwards, directions are counted upwards.
                for x in 0 ..< side {
                    spectrum.real[(side - 1 - y) * side + x] = (Double(image[x0 + x, y0 + y]) - mean) * window[x] * window[y]
                }
            }
            spectrum.transform(inverse: false)
            // Bright boxes count no more than dark ones.
            let scale = 1 / max(1, mean * mean)
            for k in power.indices {
                power[k] += scale * (spectrum.real[k] * spectrum.real[k] + spectrum.imaginary[k] * spectrum.imaginary[k])
            }
        }
        return power
    }

    /// Logarithm of the mean power in each bin, of one sector of half the circle.
    private static func profile(_ power: [Double], side: Int, bins: Range<Int>, sector: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: bins.count)
        var counts = sums
        let half = side / 2
        for y in -half + 1 ..< half {
            for x in -half + 1 ..< half {
                let radius = Int((Double(x * x + y * y)).squareRoot().rounded())
                // The axes hold what the edges of pixels and tiles leave.
                guard bins.contains(radius), x.magnitude > 1, y.magnitude > 1 else { continue }
                var direction = atan2(Double(y), Double(x))
                if direction < 0 { direction += .pi }
                guard min(sectors - 1, Int(direction / .pi * Double(sectors))) == sector else { continue }
                sums[radius - bins.lowerBound] += power[((y + side) % side) * side + (x + side) % side]
                counts[radius - bins.lowerBound] += 1
            }
        }
        return zip(sums, counts).map { log(max(1e-12, $0 / max(1, $1))) }
    }

    private static func withoutCourse(_ values: [Double]) -> [Double] {
        let reach = 16
        return values.indices.map { k in
            let part = values[max(0, k - reach) ... min(values.count - 1, k + reach)]
            return values[k] - part.reduce(0, +) / Double(part.count)
        }
    }
    private static func model(_ frequencies: [Double], underfocus: Double) -> [Double] {
        frequencies.map {
            let value = ContrastTransfer.value($0, underfocus: underfocus * 1000, phase: 0)
            return value * value
        }
    }
    private static func correlation(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) { ab += x * y; aa += x * x; bb += y * y }
        return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
    }
    /// For each profile the underfocus whose model correlates best.
    private static func best(
        _ profiles: [[Double]], _ frequencies: [Double], from low: Double, to high: Double, step: Double
    ) -> [(underfocus: Double, score: Double)] {
        var best = profiles.map { _ in (underfocus: low, score: -1.0) }
        var underfocus = low
        while underfocus <= high {
            let model = withoutCourse(model(frequencies, underfocus: underfocus))
            for (place, profile) in profiles.enumerated() {
                let score = correlation(profile[...], model[...])
                if score > best[place].score { best[place] = (underfocus, score) }
            }
            underfocus += step
        }
        return best
    }
    /// Where the rings of a stretch no longer correlate by a half.
    private static func lastFrequency(_ profile: [Double], _ frequencies: [Double], underfocus: Double) -> Double {
        let model = withoutCourse(model(frequencies, underfocus: underfocus))
        let width = 20
        var last = frequencies[0]
        for start in stride(from: 0, to: frequencies.count - width, by: 5) {
            guard correlation(profile[start ..< start + width], model[start ..< start + width]) > 0.5 else { continue }
            last = frequencies[start + width - 1]
        }
        return last
    }
}
