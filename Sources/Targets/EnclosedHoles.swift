import Raster

/// Holes that a nucleus or ice leaves in a cell, as opposed to the gaps that several cells leave between them.
enum EnclosedHoles {
    /// How much of its convex hull a hole covers at least. What bulges into a gap are the cells about it: between three round ones it covers 0.37 of
    /// its hull, between eight 0.6.
    private static let leastSolidity = 0.75
    /// Fewer pixels have no shape.
    private static let shapeless = 9

    /// A mask without such holes.
    static func filled(_ mask: Raster<Bool>) -> Raster<Bool> {
        var filled = mask
        let (width, height) = (mask.width, mask.height)
        ConnectedObjects.forEach(mask.map { $0 ? 1 : 0 }, where: [true] + [Bool](repeating: false, count: 255)) { pixels in
            let isEnclosed = pixels.allSatisfy { pixel in
                let (x, y) = (pixel % width, pixel / width)
                return x > 0 && y > 0 && x < width - 1 && y < height - 1
            }
            guard isEnclosed, pixels.count <= shapeless || Double(pixels.count) >= leastSolidity * hullArea(pixels, width: width) else { return }
            for pixel in pixels { filled.pixels[pixel] = true }
        }
        return filled
    }

    /// The area of the smallest convex outline about pixels, in pixels.
    static func hullArea(_ pixels: [Int], width: Int) -> Double {
        var rows: [Int: (first: Int, last: Int)] = [:]
        for pixel in pixels {
            let (x, y) = (pixel % width, pixel / width)
            let row = rows[y] ?? (x, x)
            rows[y] = (min(row.first, x), max(row.last, x))
        }
        let corners = rows.sorted { $0.key < $1.key }.flatMap { y, row in [y, y + 1].map { (y: $0, first: row.first, last: row.last + 1) } }
        // One chain along either side, from top to bottom; of the two rows of corners that share a line the outer one counts.
        let left = chain(corners.map { ($0.first, $0.y) }, outwards: -1)
        let right = chain(corners.map { ($0.last, $0.y) }, outwards: 1)
        let outline = left + right.reversed()
        var twice = 0
        for (index, corner) in outline.enumerated() {
            let next = outline[(index + 1) % outline.count]
            twice += corner.x * next.y - next.x * corner.y
        }
        return Double(abs(twice)) / 2
    }

    private static func chain(_ points: [(x: Int, y: Int)], outwards: Int) -> [(x: Int, y: Int)] {
        var hull: [(x: Int, y: Int)] = []
        for point in points.sorted(by: { ($0.y, outwards * $0.x) < ($1.y, outwards * $1.x) }) {
            while let last = hull.last, last.y == point.y || hull.count > 1 && !bulges(hull[hull.count - 2], last, point, outwards) { hull.removeLast() }
            hull.append(point)
        }
        return hull
    }

    /// Whether the middle one of three points, from top to bottom, lies outside the line through the others.
    private static func bulges(_ a: (x: Int, y: Int), _ b: (x: Int, y: Int), _ c: (x: Int, y: Int), _ outwards: Int) -> Bool {
        outwards * ((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) > 0
    }
}
