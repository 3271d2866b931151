import Foundation

/// A function on a torus that no set of points with mutual distance 1 or more can sum to much: positive definite, and
/// nowhere positive at distances of 1 and more.
///
/// The function of Cohn and Elkies (Annals of Mathematics 157, 2003, proposition 6.1) in the plane,
/// f(r) = J1(j r)^2 / ((1 - r^2) r^2) with j the first zero of J1. Its Fourier transform is the convolution of the disc of
/// radius j / 2 pi with 1 - J0(2 pi s) / J0(j) on that disc: not negative, and 0 beyond j / pi. On a torus the function is the sum
/// over all periods, which is a finite Fourier series, so that nothing is truncated or aliased.
struct PackingKernel {
    /// Periods of the torus in units of the least distance.
    let periods: (along: Double, across: Double)
    /// Largest frequency of the function in cycles per unit.
    static let bandLimit = 3.8317059702075125 / .pi

    init(periods: (along: Double, across: Double)) { self.periods = periods }

    /// The coefficients of the Fourier series on a grid of frequencies as ``FourierGrid`` has them; their sum, the function
    /// at 0, is 1.
    func coefficients(width: Int, height: Int) -> [Double] {
        var values = [Double](repeating: 0, count: width * height)
        for row in 0 ... height / 2 {
            for column in 0 ... width / 2 {
                let frequency = hypot(Double(column) / periods.along, Double(row) / periods.across)
                let value = Self.transform(at: frequency)
                guard value > 0 else { continue }
                for x in [column, (width - column) % width] {
                    for y in [row, (height - row) % height] { values[y * width + x] = value }
                }
            }
        }
        let sum = values.reduce(0, +)
        return values.map { $0 / sum }
    }

    /// The Fourier transform at a frequency, up to a factor: the integral over circles about 0, weighed with the part of
    /// each that lies in the disc about the frequency.
    private static func transform(at frequency: Double) -> Double {
        let radius = bandLimit / 2
        guard frequency < bandLimit else { return 0 }
        let rings = 400
        var sum = 0.0
        let first = max(0, frequency - radius)
        for ring in 0 ..< rings {
            let s = first + (radius - first) * (Double(ring) + 0.5) / Double(rings)
            let cosine = frequency * s > 0 ? (s * s + frequency * frequency - radius * radius) / (2 * s * frequency) : -1
            let part = cosine <= -1 ? 1 : cosine >= 1 ? 0 : acos(cosine) / .pi
            sum += part * s * (1 - j0(2 * .pi * s) / j0(.pi * bandLimit))
        }
        // Within the disc that holds the origin whole circles count.
        if first == 0 { return sum * radius / Double(rings) }
        return sum * (radius - first) / Double(rings)
    }
}
