import Raster

/// Smooth random numbers over the plane, repeating every 512 steps: a table read with interpolation.
struct NoiseTable: Sendable {
    static let shared = NoiseTable()
    private let values: [Float]

    private init() {
        var random = RandomSource(seed: 0x6E6F_6973_65)
        values = (0 ..< 512 * 512).map { _ in Float(random.uniform(-1 ... 1)) }
    }

    /// Between -1 and 1; one step of the lattice is one unit of x or y.
    @inline(__always) func callAsFunction(_ x: Double, _ y: Double) -> Double {
        // The shift makes both numbers positive, so that cutting off the fraction rounds down.
        let px = x + 1_048_576
        let py = y + 1_048_576
        let ix = Int(px)
        let iy = Int(py)
        let fx = Float(px - Double(ix))
        let fy = Float(py - Double(iy))
        let sx = fx * fx * (3 - 2 * fx)
        let sy = fy * fy * (3 - 2 * fy)
        let row0 = (iy & 511) << 9
        let row1 = ((iy + 1) & 511) << 9
        let c0 = ix & 511
        let c1 = (ix + 1) & 511
        let top = values[row0 | c0] + sx * (values[row0 | c1] - values[row0 | c0])
        let bottom = values[row1 | c0] + sx * (values[row1 | c1] - values[row1 | c0])
        return Double(top + sy * (bottom - top))
    }
}

/// Texture as a sum of noises of several grain sizes, without the grains that a pixel cannot show.
struct Grain {
    private let noise = NoiseTable.shared
    private var frequencies: [Double] = []
    private var amplitudes: [Double] = []

    /// - Parameters:
    ///   - octaves: grain sizes in micrometres and their amplitudes.
    ///   - pixel: side of a pixel in micrometres.
    init(_ octaves: [(size: Double, amplitude: Double)], pixel: Double) {
        for octave in octaves {
            let visible = Swift.min(1, Swift.max(0, octave.size / pixel - 0.7))
            // Grains far larger than a pixel are drawn by larger structures; leaving them out saves time.
            guard visible > 0, octave.size / pixel < 400 else { continue }
            frequencies.append(1 / octave.size)
            amplitudes.append(octave.amplitude * visible)
        }
    }

    @inline(__always) func callAsFunction(_ u: Double, _ v: Double) -> Double {
        var sum = 0.0
        for k in 0 ..< frequencies.count {
            sum += amplitudes[k] * noise(u * frequencies[k] + Double(k) * 37.3, v * frequencies[k] + Double(k) * 11.7)
        }
        return sum
    }
}
