import Foundation
import Geometry
import Raster

/// The score of every position of the camera's field on a map.
///
/// score = sum over the field of w (T - penalty Q), with T = 1 on wanted pixels, Q = 1 on avoided ones, and w a Gaussian
/// of sigma = floor(max(rows, columns) / 2) about the centre with sum 1. A field that leaves the map or touches a pixel
/// that was not acquired is forbidden. The Gaussian is a product of one in x and one in y: a stretch of one label in a row
/// counts with the difference of two sums of it.
struct ScoreMap: Sendable {
    /// The field in pixels.
    let columns: Int
    let rows: Int
    /// Number of field positions; the field at (x, y) covers columns `x ..< x + columns`, rows `y ..< y + rows`.
    let width: Int
    let height: Int
    private let runs: LabelRuns
    /// By label.
    private let worth: [Double]
    private let gaps: PixelRuns?
    /// Sums of the weights of the columns before each, and of all.
    private let columnSums: [Double]
    private let rowWeights: [Double]

    /// - Parameters:
    ///   - worth: what a pixel with a label adds.
    ///   - gaps: pixels that were not acquired; nil where all were.
    init(_ runs: LabelRuns, worth: [Double], gaps: PixelRuns?, columns: Int, rows: Int) {
        self.runs = runs
        self.worth = worth
        self.gaps = gaps
        self.columns = columns
        self.rows = rows
        width = max(0, runs.width - columns + 1)
        height = runs.width > 0 ? max(0, runs.height - rows + 1) : 0
        guard width > 0, height > 0 else {
            (columnSums, rowWeights) = ([], [])
            return
        }
        let sigma = max(0.5, Double(max(rows, columns) / 2))
        columnSums = Self.gaussian(count: columns, sigma: sigma).reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        rowWeights = Self.gaussian(count: rows, sigma: sigma)
    }

    static func gaussian(count: Int, sigma: Double) -> [Double] {
        let centre = Double(count - 1) / 2
        let raw = (0 ..< count).map { exp(-pow(Double($0) - centre, 2) / (2 * sigma * sigma)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    /// The score of the field at (x, y), at most 1; -infinity where it is forbidden.
    func value(x: Int, y: Int) -> Double {
        guard isAcquired(x: x, y: y) else { return -.infinity }
        var sum = 0.0
        for row in 0 ..< rows {
            var line = 0.0
            runs.forEach(row: y + row, from: x, to: x + columns) { label, start, end in
                line += worth[label] * (columnSums[end - x] - columnSums[start - x])
            }
            sum += rowWeights[row] * line
        }
        return min(1, sum)
    }

    private func isAcquired(x: Int, y: Int) -> Bool {
        guard let gaps else { return true }
        return !(y ..< y + rows).contains { gaps.touch(row: $0, from: x, to: x + columns) }
    }

    /// The scores of the fields at every `pitch`-th column of every `pitch`-th row, in single precision.
    func raster(pitch: Int) -> Raster<Float> {
        let (across, down) = ((width + pitch - 1) / pitch, (height + pitch - 1) / pitch)
        guard across > 0, down > 0 else { return Raster(width: 0, height: 0, filledWith: 0) }
        let alongRows = sumsAlongRows(pitch: pitch, count: across)
        var scores = [Float](repeating: 0, count: across * down)
        scores.withUnsafeMutableBufferPointer { scores in
            alongRows.withUnsafeBufferPointer { sums in
                for row in 0 ..< down {
                    for (k, weight) in rowWeights.enumerated() {
                        let (weight, line, out) = (Float(weight), (row * pitch + k) * across, row * across)
                        for i in 0 ..< across { scores[out + i] += weight * sums[line + i] }
                    }
                }
            }
        }
        return Raster(width: across, height: down, pixels: scores)
    }

    /// By row of the map: the weighted sums along it for the fields of ``raster(pitch:)``, -infinity over a gap.
    private func sumsAlongRows(pitch: Int, count: Int) -> [Float] {
        // share[d]: the part of the field that lies beyond a change d pixels after its first one.
        let share = columnSums.map { Float(max(0, columnSums[columns] - $0)) }
        func firstField(from column: Int) -> Int { max(0, (column + pitch - 1) / pitch) }
        var sums = [Float](repeating: 0, count: runs.height * count)
        sums.withUnsafeMutableBufferPointer { sums in
            for y in 0 ..< runs.height {
                let line = y * count
                var level: Float = 0
                runs.forEach(row: y) { label, start, end in
                    let here = Float(worth[label])
                    for field in min(count, firstField(from: start)) ..< min(count, firstField(from: end)) { sums[line + field] += here }
                    // Fields that begin before it see the change.
                    let step = here - level
                    level = here
                    guard start > 0, step != 0 else { return }
                    let before = min(count, firstField(from: start))
                    for field in min(before, firstField(from: start - columns + 1)) ..< before {
                        sums[line + field] += step * share[start - field * pitch]
                    }
                }
                for gap in gaps?.runs(row: y) ?? [] {
                    let end = min(count, firstField(from: Int(gap.upperBound)))
                    for field in min(end, firstField(from: Int(gap.lowerBound) - columns + 1)) ..< end { sums[line + field] = -.infinity }
                }
            }
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
        place(at: position).map { isAcquired(x: $0.x, y: $0.y) } ?? false
    }

    /// The score of the field about a position, to the nearest pixel; nil where it is forbidden.
    func value(at position: Point<Frame.MapPixels>) -> Double? {
        place(at: position).map { value(x: $0.x, y: $0.y) }.flatMap { $0 > -.infinity ? $0 : nil }
    }

    /// The centre of a field.
    func centre(x: Int, y: Int) -> Point<Frame.MapPixels> {
        Point(x: Double(x) + Double(columns) / 2, y: Double(y) + Double(rows) / 2)
    }
}
