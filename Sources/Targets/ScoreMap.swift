import Foundation
import Geometry
import Raster

/// The score of every position of the camera's field on a map.
///
/// score = sum over the field of w (T - penalty Q), with T = 1 on wanted pixels, Q = 1 on avoided ones, and w a Gaussian
/// of sigma = floor(max(rows, columns) / 2) about the centre with sum 1. A field that leaves the map or touches a pixel
/// that was not acquired is forbidden. The Gaussian is a product of one in x and one in y: what is kept are the sums
/// along rows, which follow from the few changes of label in a row, and a field's score is the sum of one column of them.
struct ScoreMap: Sendable {
    /// The field in pixels.
    let columns: Int
    let rows: Int
    /// Number of field positions; the field at (x, y) covers columns `x ..< x + columns`, rows `y ..< y + rows`.
    let width: Int
    let height: Int
    /// By row of the map and column of the field: the weighted sum along the row, -infinity over a gap.
    private let rowSums: [Float]
    private let columnWeights: [Double]
    private let rowWeights: [Double]
    private let rowWeightsInSinglePrecision: [Float]

    /// - Parameter worth: what a pixel with this label adds.
    init(labels: Raster<UInt8>, worth: [Float], acquired: Raster<Bool>?, columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        width = max(0, labels.width - columns + 1)
        height = max(0, labels.height - rows + 1)
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        columnWeights = Self.gaussian(count: columns, sigma: sigma)
        rowWeights = Self.gaussian(count: rows, sigma: sigma)
        rowWeightsInSinglePrecision = rowWeights.map(Float.init)
        guard width > 0, height > 0 else {
            rowSums = []
            return
        }
        rowSums = Self.sumsAlongRows(labels, worth: worth, acquired: acquired, weights: columnWeights)
    }

    private static func gaussian(count: Int, sigma: Double) -> [Double] {
        let centre = Double(count - 1) / 2
        let raw = (0 ..< count).map { exp(-pow(Double($0) - centre, 2) / (2 * sigma * sigma)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    private static func sumsAlongRows(
        _ labels: Raster<UInt8>, worth: [Float], acquired: Raster<Bool>?, weights: [Double]
    ) -> [Float] {
        let columns = weights.count
        let width = labels.width - columns + 1
        // share[d]: the part of the field that lies beyond a change d pixels after its first one.
        var left = 1.0
        let share = [Float(1)] + weights.map { weight in
            left -= weight
            return Float(max(0, left))
        }
        var sums = [Float](repeating: 0, count: width * labels.height)
        sums.withUnsafeMutableBufferPointer { sums in
            labels.pixels.withUnsafeBufferPointer { pixels in
                for y in 0 ..< labels.height {
                    let line = y * labels.width
                    let out = y * width
                    var level = worth[Int(pixels[line])]
                    for x in 0 ..< width { sums[out + x] = level }
                    var before = pixels[line]
                    for change in 1 ..< labels.width where pixels[line + change] != before {
                        before = pixels[line + change]
                        let step = worth[Int(before)] - level
                        level += step
                        guard step != 0 else { continue }
                        for x in max(0, change - columns) ..< max(0, min(width, change)) {
                            sums[out + x] += step * share[change - x]
                        }
                        if change < width { for x in change ..< width { sums[out + x] += step } }
                    }
                    if let acquired { forbidGaps(of: acquired, row: y, columns: columns, sums: &sums, from: out, count: width) }
                }
            }
        }
        return sums
    }

    private static func forbidGaps(
        of acquired: Raster<Bool>, row y: Int, columns: Int, sums: inout UnsafeMutableBufferPointer<Float>, from out: Int,
        count: Int
    ) {
        var lastGap = -1
        for x in 0 ..< acquired.width {
            if !acquired[x, y] { lastGap = x }
            let start = x - columns + 1
            if start >= 0, lastGap >= start { sums[out + start] = -.infinity }
        }
    }

    /// The score of the field at (x, y), -infinity where it is forbidden.
    func value(x: Int, y: Int) -> Float {
        var sum: Float = 0
        var place = y * width + x
        for weight in rowWeightsInSinglePrecision {
            sum += weight * rowSums[place]
            place += width
        }
        return sum
    }

    /// The scores of the fields at every `pitch`-th column of one row, as ``value(x:y:)`` has them.
    func values(row y: Int, pitch: Int) -> [Float] {
        var sums = [Float](repeating: 0, count: (width + pitch - 1) / pitch)
        for (k, weight) in rowWeightsInSinglePrecision.enumerated() {
            let line = (y + k) * width
            for i in sums.indices { sums[i] += weight * rowSums[line + i * pitch] }
        }
        return sums
    }

    /// The field whose centre is nearest to a position, nil where it leaves the map.
    func place(at position: Point<Frame.MapPixels>) -> (x: Int, y: Int)? {
        let x = (position.x - Double(columns) / 2).rounded()
        let y = (position.y - Double(rows) / 2).rounded()
        guard x >= 0, y >= 0, x < Double(width), y < Double(height) else { return nil }
        return (x: Int(x), y: Int(y))
    }

    /// Whether the field about a position, to the nearest pixel, lies on acquired pixels.
    func isAcquired(around position: Point<Frame.MapPixels>) -> Bool {
        place(at: position).map { value(x: $0.x, y: $0.y) > -.infinity } ?? false
    }

    /// The centre of a field.
    func centre(x: Int, y: Int) -> Point<Frame.MapPixels> {
        Point(x: Double(x) + Double(columns) / 2, y: Double(y) + Double(rows) / 2)
    }

    /// The score summed in double precision, for what is written to files.
    func exactScore(at position: Point<Frame.MapPixels>, labels: Raster<UInt8>, worth: [Double]) -> Double? {
        guard let field = place(at: position), value(x: field.x, y: field.y) != -.infinity else { return nil }
        var sum = 0.0
        for row in 0 ..< rows {
            var line = 0.0
            for column in 0 ..< columns {
                line += columnWeights[column] * worth[Int(labels[field.x + column, field.y + row])]
            }
            sum += rowWeights[row] * line
        }
        return min(1, sum)
    }
}
