internal import Geometry
internal import Raster
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A goniometer that reads well but does not stand exactly where it reads.
struct Stage: Sendable {
    static let limit = Micrometers(990)
    static let heightLimit = Micrometers(300)
    static let tiltLimit = Degrees(70)
    /// How far the stage stands from its readout after a long move (one standard deviation).
    static let error = Micrometers(0.15)
    /// How much less it moves when the direction was reversed.
    static let backlash = Micrometers(0.12)

    /// What the stage reads.
    private(set) var position = Point<Frame.Stage>.origin
    private(set) var height = Micrometers(0)
    private(set) var tilt = Degrees(0)
    /// Where it stands, less what it reads.
    private var error = Vector<Frame.Stage>.zero
    private var lastDirection = (x: 1.0, y: 1.0)

    /// Where the stage stands.
    var truePosition: Point<Frame.Stage> { position + error }

    static func admits(x: Double, y: Double) -> Bool { x.magnitude <= limit.value && y.magnitude <= limit.value }

    /// Moves in the plane and returns how long that takes.
    mutating func move(to target: Point<Frame.Stage>, extraError: Micrometers = Micrometers(0), random: inout RandomSource) -> Seconds {
        let way = target - position
        guard way.length > 0 else { return Seconds(0) }
        let sigma = min(Stage.error.value, 0.02 + 0.1 * way.length) + extraError.value
        error = Vector(dx: sigma * random.normal(), dy: sigma * random.normal())
        if way.dx * lastDirection.x < 0 { error.dx -= Stage.backlash.value * (way.dx < 0 ? -1 : 1) }
        if way.dy * lastDirection.y < 0 { error.dy -= Stage.backlash.value * (way.dy < 0 ? -1 : 1) }
        if way.dx != 0 { lastDirection.x = way.dx }
        if way.dy != 0 { lastDirection.y = way.dy }
        position = Point(x: target.x + 0.004 * random.normal(), y: target.y + 0.004 * random.normal())
        return Seconds(min(5, 2 + way.length / 200))
    }

    mutating func move(toHeight target: Micrometers, random: inout RandomSource) -> Seconds {
        guard target != height else { return Seconds(0) }
        height = target + Micrometers(0.01 * random.normal())
        return Seconds(1.5)
    }

    mutating func tilt(to target: Degrees, random: inout RandomSource) -> Seconds {
        guard target != tilt else { return Seconds(0) }
        let way = (target - tilt).magnitude
        tilt = target + Degrees(0.005 * random.normal())
        error.dx += 0.02 * random.normal()
        error.dy += 0.02 * random.normal()
        return Seconds(1.5 + way.value / 15)
    }
}
