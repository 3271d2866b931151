import Raster

/// The labels of a map as its rows are finished from top to bottom; what is not on the map, or was not acquired, is "black".
struct LabelledMap {
    private var labels: Raster<UInt8>
    private let classes: Int
    private let black: UInt8
    private let acquired: Raster<Bool>?
    private let probabilities: LamellaSegmenter.ProbabilityRow?
    private var part = FilledPart(width: 0, height: 0)
    /// The row of the map that comes next.
    private var next = 0

    init(width: Int, height: Int, classes: [String], acquired: Raster<Bool>?, probabilities: LamellaSegmenter.ProbabilityRow?) {
        black = UInt8(classes.firstIndex(of: "black") ?? 0)
        labels = Raster(width: width, height: height, filledWith: black)
        self.classes = classes.count
        self.acquired = acquired
        self.probabilities = probabilities
    }

    /// Says where on the map the rows to come lie.
    mutating func begin(_ part: FilledPart) {
        self.part = part
        next = 0
    }

    mutating func append(_ row: LogitRow) throws {
        while next < part.y { try finish(nil) }
        labels.pixels.replaceSubrange(next * labels.width + part.x ..< next * labels.width + part.x + part.width, with: row.labels())
        try finish(row)
    }

    consuming func finished() throws -> Raster<UInt8> {
        while next < labels.height { try finish(nil) }
        return labels
    }

    private mutating func finish(_ row: LogitRow?) throws {
        defer { next += 1 }
        let start = next * labels.width
        if let acquired {
            for x in 0 ..< labels.width where !acquired.pixels[start + x] { labels.pixels[start + x] = black }
        }
        guard let probabilities else { return }
        let inside = row?.probabilities()
        var all = [Float](repeating: 0, count: classes * labels.width)
        for x in 0 ..< labels.width {
            let column = x - part.x
            if let inside, (0 ..< part.width).contains(column), acquired?.pixels[start + x] ?? true {
                for k in 0 ..< classes { all[k * labels.width + x] = inside[k * part.width + column] }
            } else {
                all[Int(black) * labels.width + x] = 1
            }
        }
        try probabilities(all)
    }
}
