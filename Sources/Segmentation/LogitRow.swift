import Foundation

/// Logits of all classes for one row of an image, `[class][column]`.
struct LogitRow: Sendable {
    let classes: Int
    let width: Int
    private(set) var values: [Float]

    init(classes: Int, width: Int, values: [Float]) {
        self.classes = classes
        self.width = width
        self.values = values
    }

    /// The class with the largest logit for each pixel, the lowest index of equal ones.
    func labels() -> [UInt8] {
        var labels = [UInt8](repeating: 0, count: width)
        var best = Array(values.prefix(width))
        for k in 1 ..< max(1, classes) {
            for x in 0 ..< width where values[k * width + x] > best[x] {
                best[x] = values[k * width + x]
                labels[x] = UInt8(k)
            }
        }
        return labels
    }

    /// Of outputs that stand for regions: the class of the last region that a pixel is in, 0 where it is in none.
    ///
    /// - Parameter regions: the class of each output.
    func labels(ofRegions regions: [Int]) -> [UInt8] {
        var labels = [UInt8](repeating: 0, count: width)
        for (k, region) in regions.enumerated() {
            for x in 0 ..< width where Self.sigmoid(values[k * width + x]) > 0.5 { labels[x] = UInt8(clamping: region) }
        }
        return labels
    }

    /// The probability of each output by itself, `[output][column]`.
    func separateProbabilities() -> [Float] { values.map(Self.sigmoid) }

    private static func sigmoid(_ value: Float) -> Float { 1 / (1 + exp(-value)) }

    /// The probabilities of all classes, `[class][column]`: their sum is 1 at each pixel.
    func probabilities() -> [Float] {
        var result = values
        for x in 0 ..< width {
            var largest = -Float.infinity
            for k in 0 ..< classes { largest = max(largest, result[k * width + x]) }
            var sum: Float = 0
            for k in 0 ..< classes {
                let part = exp(result[k * width + x] - largest)
                result[k * width + x] = part
                sum += part
            }
            for k in 0 ..< classes { result[k * width + x] /= sum }
        }
        return result
    }

    /// The row at another width, linear between its pixels.
    func resampled(by columns: LinearTaps) -> LogitRow {
        var result: [Float] = []
        result.reserveCapacity(classes * columns.first.count)
        for k in 0 ..< classes {
            let start = k * width
            for i in columns.first.indices {
                let share = columns.share[i]
                result.append(values[start + columns.first[i]] * (1 - share) + values[start + columns.second[i]] * share)
            }
        }
        return LogitRow(classes: classes, width: columns.first.count, values: result)
    }

    /// As 16-bit floats have them.
    func roundedToHalf() -> LogitRow { LogitRow(classes: classes, width: width, values: values.map { Float(Float16($0)) }) }

    /// Between this row and another one.
    func mixed(with other: LogitRow, share: Float) -> LogitRow {
        guard share > 0 else { return self }
        var result = self
        for i in result.values.indices { result.values[i] = values[i] * (1 - share) + other.values[i] * share }
        return result
    }
}

/// For each new pixel of an axis the two old ones that it lies between; corners coincide, beyond the edge the last one counts.
struct LinearTaps: Sendable, Hashable {
    let first: [Int]
    let second: [Int]
    /// Of the second one.
    let share: [Float]

    init(from source: Int, to target: Int) {
        let places = (0 ..< target).map { min(max((Double($0) + 0.5) * Double(source) / Double(target) - 0.5, 0), Double(source - 1)) }
        first = places.map { Int($0) }
        second = places.map { min(Int($0) + 1, source - 1) }
        share = places.map { Float($0 - $0.rounded(.down)) }
    }
}

/// Turns rows of logits, as they are finished from top to bottom, into rows of another size; two rows are kept.
struct LogitRowResampler {
    private let rows: LinearTaps
    private let columns: LinearTaps
    private var above: LogitRow?
    private var next = 0

    init(rows: LinearTaps, columns: LinearTaps) {
        self.rows = rows
        self.columns = columns
    }

    /// The new rows that can be made once a further old one is there, with their places.
    mutating func take(_ row: LogitRow, at place: Int) -> [(place: Int, row: LogitRow)] {
        let fresh = row.resampled(by: columns)
        var made: [(place: Int, row: LogitRow)] = []
        while next < rows.first.count, rows.second[next] <= place {
            let first = rows.first[next] == place ? fresh : above ?? fresh
            made.append((next, first.mixed(with: fresh, share: rows.second[next] == place ? rows.share[next] : 0)))
            next += 1
        }
        above = fresh
        return made
    }
}
