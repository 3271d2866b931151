/// Sums of weighted logits for the rows that windows still to come may change.
///
/// All classes of a whole map are gigabytes (9 classes x 6000 x 8000 pixels: 1.7 GB); one window height of rows is
/// enough, because windows come from top to bottom. Row y of the padded image is kept at `y % height`.
struct LogitBand {
    let classes: Int
    let width: Int
    let height: Int
    private var sums: [Float]

    init(classes: Int, width: Int, height: Int) {
        self.classes = classes
        self.width = width
        self.height = height
        sums = Array(repeating: 0, count: classes * width * height)
    }

    /// Adds one window's logits, `[class][row][column]`, weighted with their importance.
    mutating func add(_ logits: [Float], top: Int, left: Int, rows: WindowAxis, columns: WindowAxis) {
        let windowRows = rows.importance.count
        let windowColumns = columns.importance.count
        logits.withUnsafeBufferPointer { source in
            sums.withUnsafeMutableBufferPointer { target in
                for y in 0 ..< windowRows {
                    let slot = (top + y) % height
                    for k in 0 ..< classes {
                        let from = (k * windowRows + y) * windowColumns
                        let to = (slot * classes + k) * width + left
                        for x in 0 ..< windowColumns {
                            target[to + x] +=
                                windowImportance(row: rows.importance[y], column: columns.importance[x]) * source[from + x]
                        }
                    }
                }
            }
        }
    }

    /// The logits of a finished row, `[class][column]` without the padding; the row's place is empty afterwards.
    ///
    /// - Parameter isWeighted: whether they are left as sums. Those are the logits times one positive number for all classes of a pixel, which
    ///   does not change which class is largest.
    mutating func take(row: Int, rows: WindowAxis, columns: WindowAxis, isWeighted: Bool) -> LogitRow {
        let start = (row % height) * classes * width
        let inside = columns.paddingBefore ..< columns.paddingBefore + columns.image
        var values: [Float] = []
        values.reserveCapacity(classes * inside.count)
        for k in 0 ..< classes { values += sums[start + k * width + inside.lowerBound ..< start + k * width + inside.upperBound] }
        for i in start ..< start + classes * width { sums[i] = 0 }
        if !isWeighted {
            let factors = inside.map { 1 / windowImportance(row: rows.total[row], column: columns.total[$0]) }
            for k in 0 ..< classes { for x in factors.indices { values[k * factors.count + x] *= factors[x] } }
        }
        return LogitRow(classes: classes, width: inside.count, values: values)
    }
}
