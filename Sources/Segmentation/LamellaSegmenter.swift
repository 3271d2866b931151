public import InferenceWire
public import Raster
public import Units

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
    private let mirrorImages: [MirrorImage]
    private let step: Double
    public let profile: SegmentationProfile

    /// - Parameters:
    ///   - networkPaths: absolute paths of the TorchScript files, one for each fold.
    ///   - profile: how much is calculated.
    public init(
        description: ModelDescription, networkPaths: [String], predictor: any Predicting, profile: SegmentationProfile = .accurate
    ) throws(SegmentationError) {
        guard description.kind == .segmenter else { throw .unsuitableModel("it is a \(description.kind.rawValue)") }
        guard description.problems.isEmpty, let rows = description.patchRows, let columns = description.patchColumns else {
            throw .unsuitableModel(description.problems.joined(separator: "; "))
        }
        self.description = description
        self.networkPaths = Array(networkPaths[profile.folds(of: description)])
        self.predictor = predictor
        self.profile = profile
        patchRows = rows
        patchColumns = columns
        let axes = profile.mirroringAxes(of: description)
        mirrorImages = MirrorImage.allCases.filter { $0.axes.isSubset(of: axes) }
        step = profile.step(of: description)
    }

    /// A segmenter from a model folder that was opened and checked.
    public init(folder: ModelFolder, predictor: any Predicting, profile: SegmentationProfile = .accurate) throws(SegmentationError) {
        try self.init(description: folder.description, networkPaths: folder.networkPaths, predictor: predictor, profile: profile)
    }

    /// Gets the probabilities of a row of a map, `[class][column]`, or `[region][column]` in the order of the network's outputs; rows come from top to bottom.
    public typealias ProbabilityRow = ([Float]) throws -> Void

    /// Labels a map.
    /// - Parameters:
    ///   - pixelSize: of the map; nil: it is at the model's. Another one is resampled as nnU-Net does it, and labels are given at the map's own.
    ///   - acquired: false where a montage has no image; such pixels become "black". nil: all were acquired.
    ///   - progress: told the finished part, 0 ... 1, after some windows.
    ///   - probabilities: gets the probabilities of all classes, row by row.
    public func segment(
        _ map: Raster<UInt8>, pixelSize: PixelSize? = nil, acquired: Raster<Bool>? = nil,
        progress: @Sendable (Double) async -> Void = { _ in }, probabilities: ProbabilityRow? = nil
    ) async throws -> SegmentationResult {
        try await segment([map], pixelSize, acquired, probabilities, progress)
    }

    /// The same for an image of any grey values, with one raster for each channel of the network, or one for all.
    public func segment(
        channels: [Raster<Float>], pixelSize: PixelSize? = nil, acquired: Raster<Bool>? = nil,
        progress: @Sendable (Double) async -> Void = { _ in }, probabilities: ProbabilityRow? = nil
    ) async throws -> SegmentationResult {
        try await segment(channels, pixelSize, acquired, probabilities, progress)
    }

    /// Pixels of the network's input that an image becomes.
    ///
    /// nnU-Net's rule: half a pixel is rounded to the even number.
    public func inputSize(width: Int, height: Int, pixelSize: PixelSize?) -> (width: Int, height: Int) {
        let ratio = pixelSize.map { $0 / description.pixelSize } ?? 1
        func length(_ pixels: Int, _ spacing: Double) -> Int {
            let length = (Double(pixels) * ratio / spacing).rounded(.toNearestOrEven)
            return length.isFinite ? max(1, Int(min(length, 1e9))) : 1
        }
        return (length(width, description.spacing[1]), length(height, description.spacing[0]))
    }

    /// How often the networks run for an image, which they see without its empty margin.
    public func passes<Pixel: NumericPixel>(for channels: [Raster<Pixel>], pixelSize: PixelSize?) -> Int {
        guard let part = part(of: channels) else { return 0 }
        let size = inputSize(width: part.width, height: part.height, pixelSize: pixelSize)
        return profile.passes(of: description, width: size.width, height: size.height)
    }

    /// What the networks see of an image; nil: nothing, where nothing is on it. nnU-Net shows them all of such an image.
    private func part<Pixel: NumericPixel>(of channels: [Raster<Pixel>]) -> FilledPart? {
        if let part = FilledPart(of: channels) { return part }
        return profile == .reference ? channels.first.map { FilledPart(width: $0.width, height: $0.height) } : nil
    }

    /// Runs the network once on nothing, with as many images as it gets at a time; the first time it is loaded, too.
    public func runOnce() async throws {
        guard let path = networkPaths.first else { return }
        let nothing = Tensor(shape: [1, description.channels, patchRows, patchColumns], filledWith: 0)
        _ = try await predictor.predict(model: path, images: Array(repeating: nothing, count: imagesAtOnce))
    }

    /// Pixels that the longer side of a resampled map may have.
    private static let largestSide = 60_000
    private static let mostPixels = 1_000_000_000

    private func segment<Pixel: NumericPixel>(
        _ channels: [Raster<Pixel>], _ pixelSize: PixelSize?, _ acquired: Raster<Bool>?, _ probabilities: ProbabilityRow?,
        _ progress: (Double) async -> Void
    ) async throws -> SegmentationResult {
        guard let map = channels.first, map.width > 0, map.height > 0 else { throw SegmentationError.emptyMap }
        guard channels.count == 1 || channels.count == description.channels else {
            throw SegmentationError.wrongChannels(channels.count, expected: description.channels)
        }
        guard channels.allSatisfy({ $0.width == map.width && $0.height == map.height }) else { throw SegmentationError.channelSizesDiffer }
        if let pixelSize, !(pixelSize.value.isFinite && pixelSize.value > 0) { throw SegmentationError.pixelSizeUnknown }
        if let acquired, acquired.width != map.width || acquired.height != map.height {
            throw SegmentationError.maskSizeDiffers
        }
        var output = LabelledMap(width: map.width, height: map.height, model: description, isReference: profile == .reference, acquired: acquired, probabilities: probabilities)
        if let part = part(of: channels) {
            let image = PreparedImage(channels, part: part, normalisations: description.normalisations)
            let size = inputSize(width: image.width, height: image.height, pixelSize: pixelSize)
            guard max(size.width, size.height) <= Self.largestSide, size.width * size.height <= Self.mostPixels else { throw SegmentationError.mapTooLarge(width: size.width, height: size.height) }
            output.begin(image.part)
            if size == (image.width, image.height) {
                try await predict(image, isWeighted: probabilities == nil && description.regions == nil) { _, row in try output.append(row) } progress: { await progress($0) }
            } else {
                let resampled = image.resampled(width: size.width, height: size.height)
                var rows = LogitRowResampler(rows: LinearTaps(from: size.height, to: image.height), columns: LinearTaps(from: size.width, to: image.width))
                try await predict(resampled, isWeighted: false) { place, row in
                    for made in rows.take(row, at: place) { try output.append(profile == .reference ? made.row.roundedToHalf() : made.row) }
                } progress: { await progress($0) }
            }
        }
        return SegmentationResult(labels: try output.finished(), classes: description.classes, pixelSize: pixelSize ?? description.pixelSize)
    }

    /// Windows of one row of windows that are looked at together.
    private struct Batch: Sendable {
        let row: Int
        let lefts: ArraySlice<Int>
        let endsRow: Bool
    }

    /// Runs all windows from top to bottom and hands over each row of logits once no window can change it. While some are summed up the
    /// network looks at the next.
    private func predict<Pixel: NumericPixel>(
        _ image: PreparedImage<Pixel>, isWeighted: Bool, row finish: (Int, LogitRow) throws -> Void, progress: (Double) async -> Void
    ) async throws {
        let rows = WindowAxis(image: image.height, window: patchRows, step: step)
        let columns = WindowAxis(image: image.width, window: patchColumns, step: step)
        let isReference = profile == .reference
        var band = LogitBand(classes: isReference ? 0 : description.outputs, width: columns.length, height: patchRows)
        var folds = isReference ? networkPaths.map { _ in ReferenceBand(classes: description.outputs, rows: rows, columns: columns) } : []
        let count = columns.positions.count
        let batches = rows.positions.indices.flatMap { row in
            stride(from: 0, to: count, by: imagesAtOnce).map { first in
                Batch(row: row, lefts: columns.positions[first ..< min(first + imagesAtOnce, count)], endsRow: first + imagesAtOnce >= count)
            }
        }
        try await withThrowingTaskGroup(of: (Int, [[[Float]]]).self) { group in
            var begun = 0
            func begin() {
                guard begun < batches.count else { return }
                let (number, batch) = (begun, batches[begun])
                begun += 1
                group.addTask {
                    let patches = batch.lefts.map { left in
                        image.piece(
                            x: left - columns.paddingBefore, y: rows.positions[batch.row] - rows.paddingBefore, width: patchColumns, height: patchRows)
                    }
                    guard isReference else { return (number, [try await logits(of: patches, by: networkPaths)]) }
                    var made: [[[Float]]] = []
                    for path in networkPaths { made.append(try await logits(of: patches, by: [path])) }
                    return (number, made)
                }
            }
            begin()
            // The reference keeps the logits of all folds apart, which take too much memory twice.
            if !isReference { begin() }
            var ready: [Int: [[[Float]]]] = [:]
            for (number, batch) in batches.enumerated() {
                try Task.checkCancellation()
                while ready[number] == nil, let (next, made) = try await group.next() { ready[next] = made }
                guard let made = ready.removeValue(forKey: number) else { break }
                // Only when this is summed up: two are held at most.
                defer { begin() }
                let top = rows.positions[batch.row]
                for (place, left) in batch.lefts.enumerated() {
                    if isReference {
                        for fold in folds.indices { folds[fold].add(made[fold][place], top: top, left: left, columns: columns) }
                    } else {
                        band.add(made[0][place], top: top, left: left, rows: rows, columns: columns)
                    }
                }
                await progress(Double(number + 1) / Double(batches.count))
                guard batch.endsRow else { continue }
                let next = batch.row + 1 < rows.positions.count ? rows.positions[batch.row + 1] : rows.length
                for y in top ..< next {
                    let values =
                        isReference
                        ? ReferenceBand.mean(&folds, row: y, columns: columns) : band.take(row: y, rows: rows, columns: columns, isWeighted: isWeighted)
                    let row = y - rows.paddingBefore
                    guard row >= 0, row < image.height else { continue }
                    try finish(row, values)
                }
            }
        }
    }

    /// Logits for some windows, averaged over the folds, and over the mirror images if the model asks for them.
    private func logits(of patches: [[Float]], by networkPaths: [String]) async throws -> [[Float]] {
        let shape = [1, description.channels, patchRows, patchColumns]
        let expected = [1, description.outputs, patchRows, patchColumns]
        var sums = [[Float]](repeating: [], count: patches.count)
        let inputs = mirrorImages.flatMap { image in patches.indices.map { (image: image, window: $0) } }
        for first in stride(from: 0, to: inputs.count, by: imagesAtOnce) {
            let together = inputs[first ..< min(first + imagesAtOnce, inputs.count)]
            let images = try together.map { try Tensor(shape: shape, values: $0.image(patches[$0.window], rows: patchRows, columns: patchColumns)) }
            for path in networkPaths {
                for (input, output) in zip(together, try await predictor.predict(model: path, images: images)) {
                    guard output.shape == expected else { throw SegmentationError.unexpectedOutput(shape: output.shape, expected: expected) }
                    guard output.values.allSatisfy(\.isFinite) else { throw SegmentationError.notFinite }
                    let back = input.image(output.values, rows: patchRows, columns: patchColumns)
                    if sums[input.window].isEmpty {
                        sums[input.window] = back
                    } else {
                        for i in back.indices { sums[input.window][i] += back[i] }
                    }
                }
            }
        }
        let count = Float(mirrorImages.count * networkPaths.count)
        if count > 1 {
            for window in sums.indices { for i in sums[window].indices { sums[window][i] /= count } }
        }
        return sums
    }
}
