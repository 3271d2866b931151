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
    /// Turn about the second axis of the holder.
    private(set) var secondTilt = Degrees(0)
    /// Where it stands, less what it reads.
    private var error = Vector<Frame.Stage>.zero
    private var lastDirection = (x: 1.0, y: 1.0)
    /// Whether its error depends on how it came.
    private var knowsWayThere = true
    private var drift = Drift()
    private var journey: Journey?

    /// Where the stage stands.
    var truePosition: Point<Frame.Stage> { position + error + drift.present }

    static func admits(x: Double, y: Double) -> Bool { x.magnitude <= limit.value && y.magnitude <= limit.value }

    /// Moves in the plane and returns how long that takes. A speed is a factor of the usual one.
    mutating func move(
        to target: Point<Frame.Stage>, extraError: Micrometers = Micrometers(0), speed: Double = 1, random: inout RandomSource
    ) -> Seconds {
        let way = target - position
        guard way.length > 0 else { return Seconds(0) }
        let sigma = (knowsWayThere ? min(Stage.error.value, 0.02 + 0.1 * way.length) : Stage.error.value) + extraError.value
        error = Vector(dx: sigma * random.normal(), dy: sigma * random.normal())
        if knowsWayThere, way.dx * lastDirection.x < 0 { error.dx -= Stage.backlash.value * (way.dx < 0 ? -1 : 1) }
        if knowsWayThere, way.dy * lastDirection.y < 0 { error.dy -= Stage.backlash.value * (way.dy < 0 ? -1 : 1) }
        if way.dx != 0 { lastDirection.x = way.dx }
        if way.dy != 0 { lastDirection.y = way.dy }
        position = Point(x: target.x + 0.004 * random.normal(), y: target.y + 0.004 * random.normal())
        return speed == 1 ? Seconds(min(5, 2 + way.length / 200)) : Seconds(2 + way.length / (200 * max(1e-3, speed)))
    }

    /// From now on the error and the drift of a move depend on where it goes and not on where it came from.
    mutating func forgetWayThere() { knowsWayThere = false }

    mutating func move(toHeight target: Micrometers, random: inout RandomSource) -> Seconds {
        guard target != height else { return Seconds(0) }
        height = target + Micrometers(0.01 * random.normal())
        return Seconds(1.5)
    }

    mutating func tilt(to target: Degrees, speed: Double = 1, random: inout RandomSource) -> Seconds {
        guard target != tilt else { return Seconds(0) }
        let way = (target - tilt).magnitude
        tilt = target + Degrees(0.005 * random.normal())
        error.dx += 0.02 * random.normal()
        error.dy += 0.02 * random.normal()
        return Seconds(1.5 + way.value / (15 * max(1e-3, speed)))
    }

    mutating func turn(to target: Degrees) -> Seconds {
        guard target != secondTilt else { return Seconds(0) }
        let way = (target - secondTilt).magnitude
        secondTilt = target
        return Seconds(1.5 + way.value / 5)
    }
}

extension Stage {
    /// How far a stage creeps on after it has arrived: most of it within a minute.
    private struct Drift: Sendable {
        static let timeConstant = 20.0
        var start = 0.0
        var first = Vector<Frame.Stage>.zero
        var present = Vector<Frame.Stage>.zero
    }
    /// A move or tilt that goes on while other things happen.
    private struct Journey: Sendable {
        let start: Double
        let end: Double
        let from: (position: Point<Frame.Stage>, tilt: Degrees, error: Vector<Frame.Stage>)
        let to: (position: Point<Frame.Stage>, tilt: Degrees, error: Vector<Frame.Stage>)
    }

    /// The stage has arrived, and stands this far from where it will come to rest.
    mutating func beginDrift(_ way: Vector<Frame.Stage>, at time: Double) {
        let size = (knowsWayThere ? drift.present : .zero) + way
        drift = Drift(start: time, first: size, present: size)
    }
    /// Takes up slack: what is left of the drift is less by this factor.
    mutating func relax(at time: Double, leaving part: Double) {
        settle(at: time)
        drift = Drift(start: time, first: part * drift.present, present: part * drift.present)
    }
    /// How far it has crept by now.
    mutating func settle(at time: Double) {
        drift.present = exp(-max(0, time - drift.start) / Drift.timeConstant) * drift.first
    }

    /// Sets out for where another stage stands; the seconds that it takes are those of that stage's move.
    mutating func setOut(for end: Stage, at time: Double, taking seconds: Seconds) {
        journey = Journey(
            start: time, end: time + seconds.value, from: (position, tilt, error), to: (end.position, end.tilt, end.error))
        lastDirection = end.lastDirection
    }
    /// When a journey ends; nil where the stage rests.
    var arrival: Double? { journey?.end }
    /// Ends a journey where the stage is by now.
    mutating func halt() { journey = nil }
    /// Where the stage has come to by now.
    mutating func advance(to time: Double) {
        settle(at: time)
        guard let way = journey else { return }
        let part = way.end > way.start ? max(0, min(1, (time - way.start) / (way.end - way.start))) : 1
        position = way.from.position + part * (way.to.position - way.from.position)
        tilt = way.from.tilt + Degrees(part * (way.to.tilt - way.from.tilt).value)
        error = way.from.error + part * (way.to.error - way.from.error)
        if part >= 1 { journey = nil }
    }
}
