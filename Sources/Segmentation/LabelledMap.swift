import InferenceWire
import Raster

/// The labels of a map as its rows are finished from top to bottom; what was not acquired is "black", and so is what
/// no window saw: the margin of an image that is 0. nnU-Net says background there, and so does the profile that is made for comparisons.
struct LabelledMap {
    private var labels: Raster<UInt8>
    private let outputs: Int
    private let regions: [Int]?
    private let black: UInt8
    /// The output that is certain where nothing was acquired, and in the margin; regions may have none.
    private let blackOutput: Int?
    private let marginOutput: Int?
    private let acquired: Raster<Bool>?
    private let probabilities: LamellaSegmenter.ProbabilityRow?
    private var part = FilledPart(width: 0, height: 0)
    /// The row of the map that comes next.
    private var next = 0

    init(width: Int, height: Int, model: ModelDescription, isReference: Bool, acquired: Raster<Bool>?, probabilities: LamellaSegmenter.ProbabilityRow?) {
        let place = model.classes.firstIndex(of: "black") ?? 0
        black = UInt8(clamping: place)
        regions = model.regions
        blackOutput = model.regions.map { $0.firstIndex(of: place) } ?? place
        // The background is in no region.
        marginOutput = isReference ? (regions == nil ? 0 : nil) : blackOutput
        labels = Raster(width: width, height: height, filledWith: isReference ? 0 : black)
        outputs = model.outputs
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
        labels.pixels.replaceSubrange(next * labels.width + part.x ..< next * labels.width + part.x + part.width, with: regions.map(row.labels(ofRegions:)) ?? row.labels())
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
        let inside = regions == nil ? row?.probabilities() : row?.separateProbabilities()
        var all = [Float](repeating: 0, count: outputs * labels.width)
        for x in 0 ..< labels.width {
            let column = x - part.x
            let isAcquired = acquired?.pixels[start + x] ?? true
            if let inside, isAcquired, (0 ..< part.width).contains(column) {
                for k in 0 ..< outputs { all[k * labels.width + x] = inside[k * part.width + column] }
            } else if let certain = isAcquired ? marginOutput : blackOutput {
                all[certain * labels.width + x] = 1
            }
        }
        try probabilities(all)
    }
}
