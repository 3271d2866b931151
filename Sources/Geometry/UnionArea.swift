/// The area that outlines cover together, each place counted once.
///
/// Exact but for rounding: between two neighbouring heights at which an outline has a corner or two edges cross, the
/// covered width changes linearly with the height, so that its value half-way is its mean. Outlines may lie in any
/// direction, on one another, or cross; what is inside one follows the even-odd rule.
public func unionArea<F>(of outlines: [Polygon<F>]) -> Double {
    let shapes = outlines.map(edges).filter { !$0.isEmpty }
    let all = shapes.flatMap { $0 }
    var heights = all.flatMap { [$0.low.y, $0.high.y] }
    for (number, edge) in all.enumerated() {
        for other in all[(number + 1)...] {
            if let height = crossing(of: edge, other) { heights.append(height) }
        }
    }
    heights.sort()
    var area = 0.0
    for (low, high) in zip(heights, heights.dropFirst()) where high > low {
        area += (high - low) * coveredWidth(of: shapes, at: (low + high) / 2)
    }
    return area
}

/// An edge that is not level, from its lower to its higher end.
private struct Edge {
    let low: (x: Double, y: Double)
    let high: (x: Double, y: Double)

    func x(at y: Double) -> Double { low.x + (high.x - low.x) * ((y - low.y) / (high.y - low.y)) }
}

private func edges<F>(of outline: Polygon<F>) -> [Edge] {
    guard outline.vertices.count > 2, var a = outline.vertices.last else { return [] }
    var found: [Edge] = []
    for b in outline.vertices {
        if a.y < b.y { found.append(Edge(low: (a.x, a.y), high: (b.x, b.y))) }
        if b.y < a.y { found.append(Edge(low: (b.x, b.y), high: (a.x, a.y))) }
        a = b
    }
    return found
}

/// The height at which two edges cross between their ends.
private func crossing(of a: Edge, _ b: Edge) -> Double? {
    let low = max(a.low.y, b.low.y)
    let high = min(a.high.y, b.high.y)
    guard low < high else { return nil }
    let before = a.x(at: low) - b.x(at: low)
    let after = a.x(at: high) - b.x(at: high)
    guard (before < 0) != (after < 0), before != after else { return nil }
    return low + (high - low) * (before / (before - after))
}

/// The length of the union of the intervals in which outlines are cut at a height that no corner has.
private func coveredWidth(of shapes: [[Edge]], at height: Double) -> Double {
    var intervals: [(from: Double, to: Double)] = []
    for shape in shapes {
        let crossings = shape.filter { $0.low.y < height && height < $0.high.y }.map { $0.x(at: height) }.sorted()
        for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
            intervals.append((crossings[pair], crossings[pair + 1]))
        }
    }
    intervals.sort { $0.from < $1.from }
    var width = 0.0
    var reached = -Double.infinity
    for interval in intervals where interval.to > reached {
        width += interval.to - max(interval.from, reached)
        reached = interval.to
    }
    return width
}
