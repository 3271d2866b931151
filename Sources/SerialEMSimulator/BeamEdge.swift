internal import Raster

/// The circle that the edge of the beam makes in an image, in pixels from its top left corner.
struct BeamEdge: Sendable, Hashable {
    private(set) var x = 0.0
    private(set) var y = 0.0
    private(set) var radius = 0.0
    /// In how many quarters about the centre the edge is seen, and how far it is from the circle on average.
    private(set) var quadrants = 0
    private(set) var error = 0.0

    /// Nil where the image shows no edge that is nearly a part of a circle.
    init?(_ image: Raster<UInt16>) {
        let step = max(1, max(image.width, image.height) / 128)
        let (w, h) = (image.width / step, image.height / step)
        guard w >= 16, h >= 16 else { return nil }
        var means = [Double](repeating: 0, count: w * h)
        for y in 0 ..< h {
            for x in 0 ..< w {
                var sum = 0.0
                for v in 0 ..< step { for u in 0 ..< step { sum += Double(image[x * step + u, y * step + v]) } }
                means[y * w + x] = sum / Double(step * step)
            }
        }
        let bright = means.sorted()[means.count * 9 / 10]
        guard bright > 4 else { return nil }
        // Scattered light beyond the edge is far below anything that a specimen transmits.
        let lit = means.map { $0 > 0.15 * bright }
        var edge: [(x: Double, y: Double)] = []
        for y in 1 ..< h - 1 {
            for x in 1 ..< w - 1 where lit[y * w + x] {
                let dark = [1, -1, w, -w].count { !lit[y * w + x + $0] }
                if dark > 0 { edge.append((Double(x) + 0.5, Double(y) + 0.5)) }
            }
        }
        guard edge.count >= 12, fit(edge) else { return nil }
        quadrants = Set(edge.map { ($0.x > x ? 1 : 0) + ($0.y > y ? 2 : 0) }).count
        error = edge.reduce(0) { $0 + ((($1.x - x) * ($1.x - x) + ($1.y - y) * ($1.y - y)).squareRoot() - radius).magnitude } / Double(edge.count)
        guard error < 0.1 * radius else { return nil }
        x *= Double(step)
        y *= Double(step)
        radius *= Double(step)
        error *= Double(step)
    }

    /// Least squares of `x^2 + y^2 = a x + b y + c` (Kasa 1976).
    private mutating func fit(_ points: [(x: Double, y: Double)]) -> Bool {
        let n = Double(points.count)
        let mx = points.reduce(0) { $0 + $1.x } / n
        let my = points.reduce(0) { $0 + $1.y } / n
        var (uu, uv, vv, ur, vr, rr) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for p in points {
            let (u, v) = (p.x - mx, p.y - my)
            let r = u * u + v * v
            uu += u * u; uv += u * v; vv += v * v
            ur += u * r; vr += v * r; rr += r
        }
        let d = uu * vv - uv * uv
        guard d > 1e-9 else { return false }
        let (a, b) = ((ur * vv - vr * uv) / d / 2, (vr * uu - ur * uv) / d / 2)
        x = mx + a
        y = my + b
        radius = (rr / n + a * a + b * b).squareRoot()
        return radius.isFinite
    }
}
