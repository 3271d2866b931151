public import InferenceWire
public import Raster
import Units

/// Labels the pixels of a lamella map with a sliding window, after the rules of nnU-Net version 2 (2D).
///
/// Three things differ on purpose: sums are kept in single precision; only one window height of them is held; and what
/// was not acquired becomes "black" instead of background, so that no target is ever placed there.
public struct LamellaSegmenter: Sendable {
    public let description: ModelDescription
    private let networkPaths: [String]
    private let predictor: any Predicting
    private let patchRows: Int
    private let patchColumns: Int

    /// - Parameter networkPaths: absolute paths of the TorchScript files, one for each fold.
    public init(
        description: ModelDescription, networkPaths: [String], predictor: any Predicting
    ) throws(SegmentationError) {
        guard description.kind == .segmenter else { throw .unsuitableModel("it is a \(description.kind.rawValue)") }
        guard description.problems.isEmpty, let rows = description.patchRows, let columns = description.patchColumns else {
            throw .unsuitableModel(description.problems.joined(separator: "; "))
        }
        self.description = description
        self.networkPaths = networkPaths
        self.predictor = predictor
        patchRows = rows
        patchColumns = columns
    }

    /// A segmenter from a model folder that was opened and checked.
    public init(folder: ModelFolder, predictor: any Predicting) throws(SegmentationError) {
        try self.init(description: folder.description, networkPaths: folder.networkPaths, predictor: predictor)
    }

    /// Labels a map that is already at the model's pixel size.
    /// - Parameters:
    ///   - acquired: false where a montage has no image; such pixels become "black". nil: all were acquired.
    ///   - progress: told the finished part, 0 ... 1, after each window.
    public func segment(
        _ map: Raster<UInt8>, acquired: Raster<Bool>? = nil, progress: @Sendable (Double) async -> Void = { _ in }
    ) async throws -> SegmentationResult {
        guard map.width > 0, map.height > 0 else { throw SegmentationError.emptyMap }
        if let acquired, acquired.width != map.width || acquired.height != map.height {
            throw SegmentationError.maskSizeDiffers
        }
        let black = UInt8(description.classes.firstIndex(of: "black") ?? 0)
        var labels = Raster<UInt8>(width: map.width, height: map.height, filledWith: black)
        if let filled = FilledPart(of: map) {
            let image = normalised(map.cropped(x: filled.x, y: filled.y, width: filled.width, height: filled.height, fill: 0))
            try await predict(image) { row, values in
                let start = (filled.y + row) * map.width + filled.x
                labels.pixels.replaceSubrange(start ..< start + filled.width, with: values)
            } progress: { await progress($0) }
        }
        if let acquired {
            for i in labels.pixels.indices where !acquired.pixels[i] { labels.pixels[i] = black }
        }
        return SegmentationResult(labels: labels, classes: description.classes, pixelSize: description.pixelSize)
    }

    /// Runs all windows from top to bottom and hands over each row of labels once no window can change it.
    private func predict(
        _ image: Raster<Float>, row finish: (Int, ArraySlice<UInt8>) -> Void, progress: (Double) async -> Void
    ) async throws {
        let rows = WindowAxis(image: image.height, window: patchRows, step: description.step)
        let columns = WindowAxis(image: image.width, window: patchColumns, step: description.step)
        var band = LogitBand(classes: description.classes.count, width: columns.length, height: patchRows)
        let windows = Double(rows.positions.count * columns.positions.count)
        var done = 0.0
        for (number, top) in rows.positions.enumerated() {
            for left in columns.positions {
                try Task.checkCancellation()
                let patch = image.cropped(
                    x: left - columns.paddingBefore, y: top - rows.paddingBefore, width: patchColumns, height: patchRows,
                    fill: 0)
                band.add(try await logits(of: patch), top: top, left: left, rows: rows, columns: columns)
                done += 1
                await progress(done / windows)
            }
            let next = number + 1 < rows.positions.count ? rows.positions[number + 1] : rows.length
            for y in top ..< next {
                let values = band.takeLabels(row: y)
                let row = y - rows.paddingBefore
                guard row >= 0, row < image.height else { continue }
                finish(row, values[columns.paddingBefore ..< columns.paddingBefore + image.width])
            }
        }
    }

    /// Logits for one window, averaged over the folds, and over the mirror images if the model asks for them.
    private func logits(of patch: Raster<Float>) async throws -> [Float] {
        let images = MirrorImage.allCases.filter { $0.axes.isSubset(of: description.mirroringAxes) }
        let expected = [1, description.classes.count, patchRows, patchColumns]
        var sum: [Float] = []
        for image in images {
            let mirrored = image(patch.pixels, rows: patchRows, columns: patchColumns)
            var values: [Float] = []
            for _ in 0 ..< description.channels { values += mirrored }
            let input = try Tensor(shape: [1, description.channels, patchRows, patchColumns], values: values)
            for path in networkPaths {
                let output = try await predictor.predict(model: path, input: input)
                guard output.shape == expected else {
                    throw SegmentationError.unexpectedOutput(shape: output.shape, expected: expected)
                }
                guard output.values.allSatisfy(\.isFinite) else { throw SegmentationError.notFinite }
                let back = image(output.values, rows: patchRows, columns: patchColumns)
                if sum.isEmpty {
                    sum = back
                } else {
                    for i in sum.indices { sum[i] += back[i] }
                }
            }
        }
        let count = images.count * networkPaths.count
        if count > 1 {
            for i in sum.indices { sum[i] /= Float(count) }
        }
        return sum
    }

    /// Grey values as the network wants them.
    private func normalised(_ image: Raster<UInt8>) -> Raster<Float> {
        switch description.normalisation {
        case .unit: return image.map { Float($0) / 255 }
        case .zScore:
            // Whole numbers up to 255: the sums are exact up to maps of a hundred thousand megapixels.
            var sum = 0
            var squares = 0
            for pixel in image.pixels {
                sum += Int(pixel)
                squares += Int(pixel) * Int(pixel)
            }
            let count = Double(image.pixels.count)
            let mean = Double(sum) / count
            let deviation = max(0, Double(squares) / count - mean * mean).squareRoot()
            let scale = 1 / max(deviation, 1e-8)
            return image.map { Float((Double($0) - mean) * scale) }
        }
    }
}
