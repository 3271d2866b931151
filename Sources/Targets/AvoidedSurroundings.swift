import Geometry

/// Tells which positions lie on avoided pixels or close to one.
///
/// The border of a segmented region is uncertain, and what is to be avoided does not belong into the middle of the picture:
/// the circle in the camera's field, half its shorter side about the centre of a target, is free of it.
struct AvoidedSurroundings {
    private let radius: Int
    private let width: Int
    private let height: Int
    private let avoided: PixelRuns
    /// By rows from the centre: columns that the circle reaches to either side.
    private let reach: [Int]

    init(_ labels: LabelRuns, avoided: [Bool], columns: Int, rows: Int) {
        let radius = max(0, min(columns, rows) / 2)
        self.radius = radius
        (width, height) = (labels.width, labels.height)
        self.avoided = PixelRuns(labels, where: avoided)
        reach = (0 ... radius).map { row in
            var reach = Int(Double(radius * radius - row * row).squareRoot())
            while (reach + 1) * (reach + 1) + row * row <= radius * radius { reach += 1 }
            while reach * reach + row * row > radius * radius { reach -= 1 }
            return reach
        }
    }

    /// Whether the circle about a position holds an avoided pixel. Beyond the map nothing is known and nothing avoided.
    func touch(_ position: Point<Frame.MapPixels>) -> Bool {
        let column = min(width - 1, max(0, Int(position.x)))
        let row = min(height - 1, max(0, Int(position.y)))
        return (max(0, row - radius) ... min(height - 1, row + radius)).contains { y in
            let reach = reach[abs(y - row)]
            return avoided.touch(row: y, from: column - reach, to: column + reach + 1)
        }
    }

    /// Whether the circles about positions in one row hold an avoided pixel, as ``touch(_:)`` has it.
    ///
    /// - Parameters:
    ///   - row: the pixel of their centres.
    ///   - first: the column of the first centre; the others lie at every `pitch`-th one.
    func touch(row: Int, first: Int, pitch: Int, count: Int) -> [Bool] {
        // By place: how many more circles are touched than at the place before.
        var changes = [Int32](repeating: 0, count: count + 1)
        func place(from column: Int) -> Int { min(count, max(0, (column - first + pitch - 1) / pitch)) }
        for y in max(0, row - radius) ..< min(height, row + radius + 1) {
            let reach = reach[abs(y - row)]
            for run in avoided.runs(row: y) {
                let (begin, end) = (place(from: Int(run.lowerBound) - reach), place(from: Int(run.upperBound) + reach))
                changes[begin] += 1
                changes[end] -= 1
            }
        }
        var touched: Int32 = 0
        return (0 ..< count).map { place in
            touched += changes[place]
            return touched > 0
        }
    }
}
