internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The contrast transfer function of a weak phase object (Erickson and Klug 1971), at 300 kV.
struct ContrastTransfer: Sendable, Hashable {
    /// Mean defocus; underfocus is negative.
    var defocus: Micrometers
    /// Difference of the largest and the smallest defocus.
    var astigmatism = Micrometers(0)
    /// Direction of the larger underfocus, counter-clockwise from the image's x.
    var angle = Degrees(0)
    var phaseShift = Degrees(0)

    /// Nanometres.
    static let wavelength = 1.9687e-3
    static let sphericalAberration = 2.7e6
    static let amplitudeContrast = 0.07

    /// At a spatial frequency in 1/nm.
    func callAsFunction(_ frequency: Double, direction radians: Double) -> Double {
        let local = -defocus.value * 1000 + 500 * astigmatism.value * cos(2 * (radians - angle.radians))
        return Self.value(frequency, underfocus: local, phase: phaseShift.radians)
    }
    /// `underfocus` in nanometres, `phase` in radians.
    static func value(_ frequency: Double, underfocus: Double, phase: Double) -> Double {
        let k2 = frequency * frequency
        let chi = Double.pi * wavelength * k2 * (underfocus - 0.5 * sphericalAberration * wavelength * wavelength * k2)
        return -sin(chi + phase + asin(amplitudeContrast))
    }
}
