public import Units

/// A position in a frame. The unit is the frame's: micrometres for stage and specimen, pixels for camera and maps.
public struct Point<F>: Sendable, Hashable, Codable, CustomStringConvertible {
    public var x: Double
    public var y: Double
    public init(x: Double, y: Double) { self.x = x; self.y = y }
    public static var origin: Self { Self(x: 0, y: 0) }
    public static func + (p: Self, v: Vector<F>) -> Self { Self(x: p.x + v.dx, y: p.y + v.dy) }
    public static func - (p: Self, v: Vector<F>) -> Self { Self(x: p.x - v.dx, y: p.y - v.dy) }
    public static func - (p: Self, q: Self) -> Vector<F> { Vector(dx: p.x - q.x, dy: p.y - q.y) }
    public func distance(to other: Self) -> Double { (self - other).length }
    public var description: String { "(\(x), \(y))" }
}

/// A displacement in a frame, in the frame's unit.
public struct Vector<F>: Sendable, Hashable, Codable {
    public var dx: Double
    public var dy: Double
    public init(dx: Double, dy: Double) { self.dx = dx; self.dy = dy }
    public static var zero: Self { Self(dx: 0, dy: 0) }
    public var length: Double { (dx * dx + dy * dy).squareRoot() }
    public static func + (a: Self, b: Self) -> Self { Self(dx: a.dx + b.dx, dy: a.dy + b.dy) }
    public static func - (a: Self, b: Self) -> Self { Self(dx: a.dx - b.dx, dy: a.dy - b.dy) }
    public static prefix func - (a: Self) -> Self { Self(dx: -a.dx, dy: -a.dy) }
    public static func * (k: Double, a: Self) -> Self { Self(dx: k * a.dx, dy: k * a.dy) }
    public static func / (a: Self, k: Double) -> Self { Self(dx: a.dx / k, dy: a.dy / k) }
}

/// A linear map between the displacements of two frames: x' = xpx x + xpy y, y' = ypx x + ypy y (SerialEM's order).
public struct LinearMap<From, To>: Sendable, Hashable, Codable {
    public var xpx: Double
    public var xpy: Double
    public var ypx: Double
    public var ypy: Double
    public init(xpx: Double, xpy: Double, ypx: Double, ypy: Double) {
        self.xpx = xpx; self.xpy = xpy; self.ypx = ypx; self.ypy = ypy
    }
    public var determinant: Double { xpx * ypy - xpy * ypx }
    /// The image of a displacement.
    public func callAsFunction(_ v: Vector<From>) -> Vector<To> {
        Vector(dx: xpx * v.dx + xpy * v.dy, dy: ypx * v.dx + ypy * v.dy)
    }
    /// The map back, or nil where there is none (a missing calibration reads as zeros).
    public var inverse: LinearMap<To, From>? {
        let d = determinant
        guard d.isFinite, d != 0 else { return nil }
        return LinearMap<To, From>(xpx: ypy / d, xpy: -xpy / d, ypx: -ypx / d, ypy: xpx / d)
    }
    /// First this map, then the other.
    public func then<Further>(_ other: LinearMap<To, Further>) -> LinearMap<From, Further> {
        LinearMap<From, Further>(
            xpx: other.xpx * xpx + other.xpy * ypx, xpy: other.xpx * xpy + other.xpy * ypy,
            ypx: other.ypx * xpx + other.ypy * ypx, ypy: other.ypx * xpy + other.ypy * ypy)
    }
    /// Rotation counter-clockwise in a right-handed frame, times a scale.
    public static func rotation(_ angle: Degrees, scale: Double = 1) -> Self {
        let c = cosine(angle) * scale
        let s = sine(angle) * scale
        return Self(xpx: c, xpy: -s, ypx: s, ypy: c)
    }
}

/// A linear map with an origin in each frame: position to position.
public struct AffineMap<From, To>: Sendable, Hashable, Codable {
    public var linear: LinearMap<From, To>
    public var offset: Vector<To>
    /// The map that sends `source` to `target`.
    public init(linear: LinearMap<From, To>, sending source: Point<From>, to target: Point<To>) {
        self.linear = linear
        let moved = linear(source - .origin)
        offset = Vector(dx: target.x - moved.dx, dy: target.y - moved.dy)
    }
    public func callAsFunction(_ p: Point<From>) -> Point<To> { Point<To>.origin + linear(p - .origin) + offset }
    /// First this map, then the other.
    public func then<Further>(_ other: AffineMap<To, Further>) -> AffineMap<From, Further> {
        AffineMap<From, Further>(linear: linear.then(other.linear), sending: .origin, to: other(self(.origin)))
    }
    public var inverse: AffineMap<To, From>? {
        guard let back = linear.inverse else { return nil }
        return AffineMap<To, From>(linear: back, sending: Point<To>.origin + offset, to: .origin)
    }
}
