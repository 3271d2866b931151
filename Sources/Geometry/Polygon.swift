/// A closed outline; the last vertex is joined to the first and not repeated.
public struct Polygon<F>: Sendable, Hashable, Codable {
    public var vertices: [Point<F>]
    public init(_ vertices: [Point<F>]) { self.vertices = vertices }

    /// Whether a point lies inside (even-odd rule).
    public func contains(_ p: Point<F>) -> Bool {
        guard vertices.count > 2 else { return false }
        var inside = false
        var a = vertices[vertices.count - 1]
        for b in vertices {
            if (b.y > p.y) != (a.y > p.y), p.x < (a.x - b.x) * (p.y - b.y) / (a.y - b.y) + b.x { inside.toggle() }
            a = b
        }
        return inside
    }

    /// The mean of the vertices, each counted once.
    public var vertexMean: Point<F>? {
        guard !vertices.isEmpty else { return nil }
        let n = Double(vertices.count)
        return Point(x: vertices.reduce(0) { $0 + $1.x } / n, y: vertices.reduce(0) { $0 + $1.y } / n)
    }
}

/// An axis-parallel rectangle in a frame, half-open towards its upper corner.
public struct Rectangle<F>: Sendable, Hashable, Codable {
    public var minX: Double
    public var minY: Double
    public var maxX: Double
    public var maxY: Double
    public init(minX: Double, minY: Double, maxX: Double, maxY: Double) {
        self.minX = Swift.min(minX, maxX); self.minY = Swift.min(minY, maxY)
        self.maxX = Swift.max(minX, maxX); self.maxY = Swift.max(minY, maxY)
    }
    public var width: Double { maxX - minX }
    public var height: Double { maxY - minY }
    public var area: Double { width * height }
    public var center: Point<F> { Point(x: (minX + maxX) / 2, y: (minY + maxY) / 2) }
    /// The same rectangle enlarged about its centre.
    public func scaled(by factor: Double) -> Self {
        let c = center
        return Self(
            minX: c.x - factor * width / 2, minY: c.y - factor * height / 2,
            maxX: c.x + factor * width / 2, maxY: c.y + factor * height / 2)
    }
    /// Area that two rectangles share.
    public func overlap(with other: Self) -> Double {
        let w = Swift.min(maxX, other.maxX) - Swift.max(minX, other.minX)
        let h = Swift.min(maxY, other.maxY) - Swift.max(minY, other.minY)
        return w > 0 && h > 0 ? w * h : 0
    }
    /// Intersection over union, 0 for two empty rectangles.
    public func intersectionOverUnion(with other: Self) -> Double {
        let shared = overlap(with: other)
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }
}
