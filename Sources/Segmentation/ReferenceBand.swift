/// The sums of one fold as nnU-Net keeps them, in 16-bit floats, for who has to compare: importances of a window's corner are so small there
/// that a tenth of a logit is lost.
struct ReferenceBand {
    private let classes: Int
    private let width: Int
    private let height: Int
    private var sums: [Float16]
    private var weights: [Float16]
    private let importance: [Float]

    init(classes: Int, rows: WindowAxis, columns: WindowAxis) {
        self.classes = classes
        width = columns.length
        height = rows.importance.count
        sums = Array(repeating: 0, count: classes * width * height)
        weights = Array(repeating: 0, count: width * height)
        importance = rows.importance.flatMap { row in columns.importance.map { Float(max(Float16(10 * Double(row) * Double($0)), .leastNonzeroMagnitude)) } }
    }

    mutating func add(_ logits: [Float], top: Int, left: Int, columns: WindowAxis) {
        let windowColumns = columns.importance.count
        for y in 0 ..< height {
            let slot = (top + y) % height
            for x in 0 ..< windowColumns {
                let place = slot * width + left + x
                weights[place] = Float16(Float(weights[place]) + importance[y * windowColumns + x])
            }
            for k in 0 ..< classes {
                let to = (slot * classes + k) * width + left
                let from = (k * height + y) * windowColumns
                for x in 0 ..< windowColumns { sums[to + x] = Float16(Float(sums[to + x]) + logits[from + x] * importance[y * windowColumns + x]) }
            }
        }
    }

    /// The logits of a finished row, `[class][column]`; the row's place is empty afterwards.
    mutating func take(row: Int) -> [Float16] {
        let slot = row % height
        var values = Array(sums[slot * classes * width ..< (slot + 1) * classes * width])
        for k in 0 ..< classes { for x in 0 ..< width { values[k * width + x] = Float16(Float(values[k * width + x]) / Float(weights[slot * width + x])) } }
        for i in slot * classes * width ..< (slot + 1) * classes * width { sums[i] = 0 }
        for i in slot * width ..< (slot + 1) * width { weights[i] = 0 }
        return values
    }

    /// The mean of all folds' logits of a row, without the padding.
    static func mean(_ folds: inout [ReferenceBand], row: Int, columns: WindowAxis) -> LogitRow {
        var sum: [Float16] = []
        for fold in folds.indices {
            let values = folds[fold].take(row: row)
            if sum.isEmpty {
                sum = values
            } else {
                for i in sum.indices { sum[i] = Float16(Float(sum[i]) + Float(values[i])) }
            }
        }
        if folds.count > 1 { for i in sum.indices { sum[i] = Float16(Float(sum[i]) / Float(folds.count)) } }
        let classes = folds.first?.classes ?? 0
        let inside = columns.paddingBefore ..< columns.paddingBefore + columns.image
        var values: [Float] = []
        for k in 0 ..< classes { values += sum[k * columns.length + inside.lowerBound ..< k * columns.length + inside.upperBound].map { Float($0) } }
        return LogitRow(classes: classes, width: columns.image, values: values)
    }
}
