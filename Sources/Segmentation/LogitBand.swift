/// Sums of weighted logits for the rows that windows still to come may change.
///
/// All classes of a whole map are gigabytes (9 classes x 6000 x 8000 pixels: 1.7 GB); one window height of rows is
/// enough, because windows come from top to bottom. Row y of the padded image is kept at `y % height`.
///
/// The sums are never divided by the sum of the importances: that is one positive number for all classes of a pixel
/// and does not change which class is largest.
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

    /// The class with the largest sum for each pixel of a finished row (the lowest index of equal ones); the row's place
    /// is empty afterwards.
    mutating func takeLabels(row: Int) -> [UInt8] {
        let start = (row % height) * classes * width
        var labels = [UInt8](repeating: 0, count: width)
        var best = Array(sums[start ..< start + width])
        for k in 1 ..< max(1, classes) {
            for x in 0 ..< width where sums[start + k * width + x] > best[x] {
                best[x] = sums[start + k * width + x]
                labels[x] = UInt8(k)
            }
        }
        for i in start ..< start + classes * width { sums[i] = 0 }
        return labels
    }
}
