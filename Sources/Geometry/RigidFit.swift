public import Units

/// The rotation and shift that lay places of one frame onto the same places in another, by least squares.
public struct RigidFit<From, To>: Sendable, Hashable {
    public let rotation: Degrees
    /// The mean of the places in each frame: one goes onto the other.
    public let from: Point<From>
    public let to: Point<To>
    /// The mean distance that is left between places, in the unit of `To`.
    public let residual: Double

    public var map: AffineMap<From, To> { AffineMap(linear: .rotation(rotation), sending: from, to: to) }

    /// nil for fewer than two pairs.
    public init?(_ pairs: [(from: Point<From>, to: Point<To>)]) {
        guard pairs.count >= 2 else { return nil }
        let n = Double(pairs.count)
        let from = Point<From>(x: pairs.reduce(0) { $0 + $1.from.x } / n, y: pairs.reduce(0) { $0 + $1.from.y } / n)
        let to = Point<To>(x: pairs.reduce(0) { $0 + $1.to.x } / n, y: pairs.reduce(0) { $0 + $1.to.y } / n)
        var across = 0.0
        var along = 0.0
        for pair in pairs {
            let a = pair.from - from
            let b = pair.to - to
            across += a.dx * b.dy - a.dy * b.dx
            along += a.dx * b.dx + a.dy * b.dy
        }
        rotation = angle(across: across, along: along)
        self.from = from
        self.to = to
        let map = AffineMap<From, To>(linear: .rotation(rotation), sending: from, to: to)
        residual = pairs.reduce(0) { $0 + map($1.from).distance(to: $1.to) } / n
    }
}
