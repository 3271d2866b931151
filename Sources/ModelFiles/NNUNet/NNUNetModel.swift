import Foundation
public import InferenceWire

/// A trained model of nnU-Net v2: a folder with `plans.json`, `dataset.json` and `fold_*/checkpoint_*.pth`, 2D.
public struct NNUNetModel: Sendable {
    /// One of several networks that were trained on different parts of the data.
    public struct Fold: Sendable, Hashable {
        /// `fold_0`.
        public let name: String
        public let path: String
    }
    public let folder: String
    public let folds: [Fold]
    /// By label value; the first one is the background.
    public let classes: [String]
    /// Where its labels are regions that may overlap: the class of each output of the network.
    public let regions: [Int]?
    public var channels: Int { normalisations.count }
    /// One for each channel of the input.
    public let normalisations: [Normalisation]
    /// Of the network's input, in pixels of the images: rows, columns.
    public var spacing: [Double] { plans.spacing }
    /// nm per pixel, where `dataset.json` says so, as SPACEtomo's do.
    public let pixelSize: Double?
    public let licence: String?
    /// 0 for rows, 1 for columns.
    public let mirroringAxes: [Int]
    public var patchRows: Int { plans.patchRows }
    public var patchColumns: Int { plans.patchColumns }
    private let plans: NNUNetPlans

    /// Reads everything but the weights.
    ///
    /// - Parameters:
    ///   - wanted: numbers of the folds that are taken; nil: all.
    ///   - prefersBest: whether the weights that scored best in the training are taken where the first fold has them, as SPACEtomo does, rather than the last ones.
    /// - Throws: ``ModelFileError``.
    public init(folder: String, folds wanted: [Int]? = nil, prefersBest: Bool = false) throws(ModelFileError) {
        self.folder = folder
        folds = try Self.folds(of: folder, wanted, prefersBest)
        let dataset = try Self.inFile(folder + "/dataset.json") { text throws(Damage) in try NNUNetDataset(text) }
        let first = folds[0].path
        let fold = try Self.inFile(at: first) { () throws(Damage) in try NNUNetFold(TorchCheckpoint(FileBytes(path: first))) }
        let name = fold.configuration ?? "2d"
        plans = try Self.inFile(folder + "/plans.json") { text throws(Damage) in try NNUNetPlans(text, configuration: name) }
        classes = dataset.classes
        regions = dataset.regions
        normalisations = try Self.inFile(at: folder + "/plans.json") { [plans] () throws(Damage) in try plans.normalisations(channels: dataset.channels) }
        pixelSize = dataset.pixelSize
        licence = dataset.licence
        mirroringAxes = plans.axes(fold.mirroringAxes)
    }

    /// The network of a fold.
    ///
    /// - Parameter sink: gets the weights.
    /// - Throws: ``ModelFileError`` with what is wrong with the fold, or what the sink throws.
    public func read<Sink: WeightSink>(_ fold: Fold, into sink: Sink) throws -> (program: NetworkProgram, sink: Sink) {
        do {
            let read = try NNUNetFold(TorchCheckpoint(FileBytes(path: fold.path)))
            guard plans.axes(read.mirroringAxes) == mirroringAxes else { throw Damage("it allows other mirror images than the first fold.") }
            var writer = UNetWriter(plans: plans, checkpoint: read.checkpoint, tensors: read.tensors, writer: ProgramWriter(sink: sink))
            try writer.write(channels: channels, classes: regions?.count ?? classes.count)
            return (writer.writer.program, writer.writer.sink)
        } catch let damage as Damage {
            throw ModelFileError(fold.path, damage)
        }
    }

    private static func folds(of folder: String, _ wanted: [Int]?, _ prefersBest: Bool) throws(ModelFileError) -> [Fold] {
        var names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("fold_") }.sorted()
        if let wanted {
            let missing = wanted.filter { !names.contains("fold_\($0)") }
            guard missing.isEmpty else { throw ModelFileError(folder, Damage("it has no \(missing.map { "fold_\($0)" }.joined(separator: ", ")), which is asked for.")) }
            names = wanted.map { "fold_\($0)" }
        }
        let isBest = prefersBest && names.first.map { FileManager.default.fileExists(atPath: "\(folder)/\($0)/checkpoint_best.pth") } == true
        let files = (isBest ? ["checkpoint_best.pth"] : []) + ["checkpoint_final.pth", "checkpoint_best.pth", "checkpoint_latest.pth"]
        func checkpoint(_ name: String, _ files: [String]) -> Fold? {
            files.map { "\(folder)/\(name)/\($0)" }.first(where: FileManager.default.fileExists).map { Fold(name: name, path: $0) }
        }
        if wanted == nil {
            // As nnU-Net does: the fold of all data counts only where it is meant, and a fold that is still being trained does not.
            let finished = names.filter { $0 != "fold_all" }.compactMap { checkpoint($0, [files[0]]) }
            if !finished.isEmpty { return finished }
        }
        let found = names.compactMap { checkpoint($0, files) }
        if let wanted, found.count < wanted.count {
            let untrained = names.filter { name in !found.contains { $0.name == name } }.joined(separator: ", ")
            throw ModelFileError(folder, Damage("\(untrained) has no checkpoint, and is asked for."))
        }
        guard !found.isEmpty else { throw ModelFileError(folder, Damage("it has no trained fold (fold_0/checkpoint_final.pth).")) }
        return found
    }

    private static func inFile<T>(_ path: String, _ read: (Data) throws(Damage) -> T) throws(ModelFileError) -> T {
        try inFile(at: path) { () throws(Damage) in
            guard let text = FileManager.default.contents(atPath: path) else { throw Damage("it cannot be read.") }
            return try read(text)
        }
    }
    private static func inFile<T>(at path: String, _ read: () throws(Damage) -> T) throws(ModelFileError) -> T {
        do throws(Damage) {
            return try read()
        } catch {
            throw ModelFileError(path, error)
        }
    }
}

/// What `dataset.json` of nnU-Net v2 says.
struct NNUNetDataset: Sendable, Hashable {
    let classes: [String]
    /// Of a model with regions: the class of each output.
    let regions: [Int]?
    let channels: Int
    let pixelSize: Double?
    let licence: String?

    init(_ text: Data) throws(Damage) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: text)
        } catch {
            throw Damage("it is no dataset file of nnU-Net v2: \(DecodingError.words(error)).")
        }
        channels = file.channels.count
        pixelSize = file.pixelSize
        licence = file.licence
        guard (1 ... 16).contains(channels) else { throw Damage("it has \(channels) channels.") }
        if let pixelSize, !(pixelSize.isFinite && pixelSize > 0) { throw Damage("its pixel_size is no size.") }
        guard file.labels.allSatisfy({ $0.value.values.count == 1 }) else {
            (classes, regions) = try Self.regions(of: file, in: text)
            return
        }
        regions = nil
        var labels = file.labels.compactMapValues(\.values.first)
        // What was left out of the training has no output of the network.
        labels["ignore"] = nil
        let ordered = labels.sorted { $0.value < $1.value }
        guard !ordered.isEmpty, ordered.count <= 255, ordered.map(\.value) == Array(0 ..< ordered.count) else {
            throw Damage("its labels are not numbered from 0 without a gap.")
        }
        classes = ordered.map(\.key)
    }

    /// Of labels that are regions: an output for each in the order of the file, and the value that is written for each.
    private static func regions(of file: File, in text: Data) throws(Damage) -> (classes: [String], regions: [Int]) {
        let names = ObjectKeys.of("labels", in: text).filter { name in name != "ignore" && file.labels[name]?.values.contains { $0 != 0 } == true }
        guard let order = file.regionsOrder else { throw Damage("its labels are regions that may overlap, and it lacks 'regions_class_order'.") }
        guard names.count == order.count, Set(names).count == names.count, order.sorted() == Array(1 ..< order.count + 1), order.count < 255 else {
            throw Damage("its 'regions_class_order' does not give each of its \(names.count) regions a number from 1 without a gap.")
        }
        guard file.labels["background"]?.values == [0] else { throw Damage("its labels lack 'background', which has to be 0.") }
        var classes = ["background"] + names
        for (name, value) in zip(names, order) { classes[value] = name }
        return (classes, order)
    }

    /// A number, or the numbers of a region.
    private struct Label: Decodable {
        let values: [Int]
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            values = try (try? value.decode(Int.self)).map { [$0] } ?? value.decode([Int].self)
        }
    }
    private struct File: Decodable {
        let labels: [String: Label]
        let regionsOrder: [Int]?
        let channels: [String: String]
        let pixelSize: Double?
        let licence: String?
        enum CodingKeys: String, CodingKey {
            case labels
            case regionsOrder = "regions_class_order"
            case channels = "channel_names"
            case pixelSize = "pixel_size"
            case licence
        }
    }
}
