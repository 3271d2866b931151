import Foundation
import Geometry
import Raster

/// The score of every position of the camera's field on a map.
///
/// score = sum over the field of w (T - penalty Q), with T = 1 on wanted pixels, Q = 1 on avoided ones, and w a Gaussian
/// of sigma = floor(max(rows, columns) / 2) about the centre with sum 1. A field that leaves the map or touches a pixel
/// that was not acquired is forbidden. The Gaussian is a product of one in x and one in y, so the exact map costs
/// rows + columns multiplications per pixel.
struct ScoreMap: Sendable {
    /// The field in pixels.
    let columns: Int
    let rows: Int
    /// Number of field positions; the field at (x, y) covers columns `x ..< x + columns`, rows `y ..< y + rows`.
    let width: Int
    let height: Int
    /// -infinity where the field is forbidden.
    private(set) var values: [Float]
    private let columnWeights: [Double]
    private let rowWeights: [Double]

    /// - Parameter worth: what a pixel with this label adds.
    init(labels: Raster<UInt8>, worth: [Float], acquired: Raster<Bool>?, columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        width = max(0, labels.width - columns + 1)
        height = max(0, labels.height - rows + 1)
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        columnWeights = Self.gaussian(count: columns, sigma: sigma)
        rowWeights = Self.gaussian(count: rows, sigma: sigma)
        values = []
        guard width > 0, height > 0 else { return }
        values = Self.correlate(
            labels: labels, worth: worth, columnWeights: columnWeights.map(Float.init),
            rowWeights: rowWeights.map(Float.init), width: width, height: height)
        if let acquired { forbidGaps(acquired) }
    }

    private static func gaussian(count: Int, sigma: Double) -> [Double] {
        let centre = Double(count - 1) / 2
        let raw = (0 ..< count).map { exp(-pow(Double($0) - centre, 2) / (2 * sigma * sigma)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    private static func correlate(
        labels: Raster<UInt8>, worth: [Float], columnWeights: [Float], rowWeights: [Float], width: Int, height: Int
    ) -> [Float] {
        var out = [Float](repeating: 0, count: width * height)
        var line = [Float](repeating: 0, count: labels.width)
        var smooth = [Float](repeating: 0, count: width)
        out.withUnsafeMutableBufferPointer { out in
            for y in 0 ..< labels.height {
                var empty = true
                for x in 0 ..< labels.width {
                    line[x] = worth[Int(labels[x, y])]
                    if line[x] != 0 { empty = false }
                }
                if empty { continue }
                for x in 0 ..< width { smooth[x] = 0 }
                for (k, weight) in columnWeights.enumerated() {
                    for x in 0 ..< width { smooth[x] += weight * line[x + k] }
                }
                // Row y is row k of the fields that start at y - k.
                for k in max(0, y - height + 1) ... min(rowWeights.count - 1, y) {
                    let weight = rowWeights[k]
                    let start = (y - k) * width
                    for x in 0 ..< width { out[start + x] += weight * smooth[x] }
                }
            }
        }
        return out
    }

    private mutating func forbidGaps(_ acquired: Raster<Bool>) {
        var gaps = [Int](repeating: 0, count: acquired.width)
        for y in 0 ..< acquired.height {
            for x in 0 ..< acquired.width {
                if !acquired[x, y] { gaps[x] += 1 }
                if y >= rows, !acquired[x, y - rows] { gaps[x] -= 1 }
            }
            guard y >= rows - 1 else { continue }
            let start = (y - rows + 1) * width
            var inField = gaps[0 ..< columns].reduce(0, +)
            for x in 0 ..< width {
                if inField > 0 { values[start + x] = -.infinity }
                if x + columns < acquired.width { inField += gaps[x + columns] - gaps[x] }
            }
        }
    }

    /// The field whose centre is nearest to a position, nil where it is forbidden.
    func field(at position: Point<Frame.MapPixels>) -> (x: Int, y: Int)? {
        let x = (position.x - Double(columns) / 2).rounded()
        let y = (position.y - Double(rows) / 2).rounded()
        guard x >= 0, y >= 0, x < Double(width), y < Double(height) else { return nil }
        let field = (x: Int(x), y: Int(y))
        return values[field.y * width + field.x] == -.infinity ? nil : field
    }

    /// The centre of a field.
    func centre(x: Int, y: Int) -> Point<Frame.MapPixels> {
        Point(x: Double(x) + Double(columns) / 2, y: Double(y) + Double(rows) / 2)
    }

    /// The score at a position, nil where it is forbidden.
    func score(at position: Point<Frame.MapPixels>) -> Double? {
        field(at: position).map { Double(values[$0.y * width + $0.x]) }
    }

    /// The score summed in double precision, for what is written to files.
    func exactScore(at position: Point<Frame.MapPixels>, labels: Raster<UInt8>, worth: [Double]) -> Double? {
        guard let field = field(at: position) else { return nil }
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
