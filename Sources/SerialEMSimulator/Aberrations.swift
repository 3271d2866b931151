internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What the lenses make of a beam that is not aligned: nobody at SerialEM can read it.
struct Aberrations: Sendable {
    /// The stigmator setting, from -1 to 1, and the beam tilt, in mrad, at which there is none.
    var stigmatorWithout = (x: 0.012, y: -0.008)
    var tiltWithoutComa = (x: 0.35, y: -0.2)
    var stigmator = (x: 0.0, y: 0.0)
    /// Micrometres of astigmatism for the whole range of a stigmator.
    static let strength = 8.0

    /// Difference of the two defoci, and the direction of the larger underfocus, counter-clockwise from the camera's x.
    var astigmatism: (size: Micrometers, angle: Degrees) {
        let x = (stigmator.x - stigmatorWithout.x) * Self.strength
        let y = (stigmator.y - stigmatorWithout.y) * Self.strength
        return (Micrometers((x * x + y * y).squareRoot()), Degrees(atan2(y, x) * 90 / .pi))
    }
}
