import Raster

/// Resampling by cubic B-splines, as nnU-Net resamples images (`scipy.ndimage.zoom` of order 3 with `grid_mode`): corners of both images
/// coincide, the last pixel goes on beyond the edge, nothing is smoothed first, and values stay within those of the image.
enum SplineResampling {
    /// Pixels that are added at each edge; a spline's coefficients there hardly reach the image (0.27 to the twelfth).
    private static let margin = 12
    private static let pole = 3.0.squareRoot() - 2

    static func cubic(_ image: Raster<Float>, width: Int, height: Int) -> Raster<Float> {
        guard image.width > 0, image.height > 0, width > 0, height > 0 else { return Raster(width: width, height: height, filledWith: 0) }
        let columns = Taps(from: image.width, to: width)
        let rows = Taps(from: image.height, to: height)
        var least = Float.infinity
        var most = -Float.infinity
        for value in image.pixels {
            least = min(least, value)
            most = max(most, value)
        }
        var between = Raster<Float>(width: width, height: image.height, filledWith: 0)
        var line = [Double](repeating: 0, count: image.width + 2 * margin)
        for y in 0 ..< image.height {
            for x in line.indices { line[x] = Double(image.pixels[y * image.width + min(max(x - margin, 0), image.width - 1)]) }
            filter(&line)
            for x in 0 ..< width { between.pixels[y * width + x] = Float(columns.value(at: x, of: line)) }
        }
        var result = Raster<Float>(width: width, height: height, filledWith: 0)
        line = [Double](repeating: 0, count: image.height + 2 * margin)
        for x in 0 ..< width {
            for y in line.indices { line[y] = Double(between.pixels[min(max(y - margin, 0), image.height - 1) * width + x]) }
            filter(&line)
            for y in 0 ..< height { result.pixels[y * width + x] = min(max(Float(rows.value(at: y, of: line)), least), most) }
        }
        return result
    }

    /// Samples to the coefficients of the spline through them (Unser, Aldroubi and Eden 1991), mirrored at both ends.
    private static func filter(_ line: inout [Double]) {
        let last = line.count - 1
        for i in line.indices { line[i] *= 6 }
        var power = pole
        var sum = line[0]
        for i in 1 ..< min(line.count, 40) {
            sum += power * line[i]
            power *= pole
        }
        line[0] = sum
        for i in 1 ... last { line[i] += pole * line[i - 1] }
        line[last] = pole / (pole * pole - 1) * (line[last] + pole * line[last - 1])
        for i in (0 ..< last).reversed() { line[i] = pole * (line[i + 1] - line[i]) }
    }

    /// For each new pixel the first of four coefficients and their weights.
    private struct Taps {
        let first: [Int]
        let weights: [Double]

        init(from source: Int, to target: Int) {
            var first: [Int] = []
            var weights: [Double] = []
            for i in 0 ..< target {
                let place = (Double(i) + 0.5) * Double(source) / Double(target) - 0.5
                let base = place.rounded(.down)
                let t = place - base
                first.append(Int(base) - 1 + margin)
                weights.append((1 - t) * (1 - t) * (1 - t) / 6)
                weights.append((4 - 6 * t * t + 3 * t * t * t) / 6)
                weights.append((4 - 6 * (1 - t) * (1 - t) + 3 * (1 - t) * (1 - t) * (1 - t)) / 6)
                weights.append(t * t * t / 6)
            }
            self.first = first
            self.weights = weights
        }

        func value(at index: Int, of line: [Double]) -> Double {
            var sum = 0.0
            for k in 0 ..< 4 { sum += weights[4 * index + k] * line[first[index] + k] }
            return sum
        }
    }
}
