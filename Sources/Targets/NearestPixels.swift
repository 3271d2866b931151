import Raster

/// For every pixel of a mask the nearest pixel that is set: the exact Euclidean feature transform, in time linear in the
/// number of pixels (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012).
struct NearestPixels {
    let width: Int
    /// The index of the nearest set pixel, -1 everywhere if none is set.
    let indices: [Int32]

    init(_ mask: Raster<Bool>) {
        let (width, height) = (mask.width, mask.height)
        self.width = width
        guard mask.pixels.contains(true) else {
            indices = [Int32](repeating: -1, count: mask.pixels.count)
            return
        }
        let rows = Self.nearestInColumns(mask)
        var found = [Int32](repeating: -1, count: mask.pixels.count)
        // The lower envelope of one parabola per column that has a set pixel.
        var columns = [Int](repeating: 0, count: width)
        var bounds = [Double](repeating: 0, count: width + 1)
        for y in 0 ..< height {
            let start = y * width
            var last = -1
            func height(_ x: Int) -> Double {
                let d = Double(Int(rows[start + x]) - y)
                return d * d + Double(x * x)
            }
            for x in 0 ..< width where rows[start + x] >= 0 {
                var bound = -Double.infinity
                while last >= 0 {
                    let before = columns[last]
                    bound = (height(x) - height(before)) / Double(2 * (x - before))
                    if bound > bounds[last] { break }
                    last -= 1
                }
                last += 1
                columns[last] = x
                bounds[last] = last == 0 ? -.infinity : bound
            }
            var part = 0
            for x in 0 ..< width {
                while part < last, bounds[part + 1] < Double(x) { part += 1 }
                found[start + x] = rows[start + columns[part]] * Int32(width) + Int32(columns[part])
            }
        }
        indices = found
    }

    /// The row of the nearest set pixel in the same column, -1 where the column has none.
    private static func nearestInColumns(_ mask: Raster<Bool>) -> [Int32] {
        var rows = [Int32](repeating: -1, count: mask.pixels.count)
        for y in 0 ..< mask.height {
            for x in 0 ..< mask.width {
                let i = y * mask.width + x
                rows[i] = mask.pixels[i] ? Int32(y) : y > 0 ? rows[i - mask.width] : -1
            }
        }
        for y in stride(from: mask.height - 2, through: 0, by: -1) {
            for x in 0 ..< mask.width {
                let i = y * mask.width + x
                let below = rows[i + mask.width]
                guard below >= 0 else { continue }
                if rows[i] < 0 || below - Int32(y) < Int32(y) - rows[i] { rows[i] = below }
            }
        }
        return rows
    }

    /// The squared distance to the nearest set pixel, from centre to centre; nil if none is set.
    func squaredDistance(at pixel: Int) -> Int? {
        let nearest = Int(indices[pixel])
        guard nearest >= 0 else { return nil }
        let (dx, dy) = (nearest % width - pixel % width, nearest / width - pixel / width)
        return dx * dx + dy * dy
    }
}
