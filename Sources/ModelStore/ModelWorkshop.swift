import Foundation
import InferenceWire
import ModelFiles
import Units

/// Makes one model in a folder of its own: `model` in it is what the store gets.
struct ModelWorkshop {
    let folder: String
    let name: String
    let facts: ModelFacts
    let compiler: any NetworkCompiling
    let date: String

    private var model: String { folder + "/model" }

    // MARK: detectors

    func makeDetector(from path: String) async throws {
        let workbench = try Workbench(folder + "/network")
        let (detector, weights) = try UltralyticsDetector.read(path, into: workbench.weights)
        try weights.close()
        let file = (path as NSString).lastPathComponent
        let said = facts.configuration
        try said?.require(detector: file)
        guard let pixelSize = facts.pixelSize ?? said?.detectorPixelSize.map({ PixelSize($0) }) ?? Self.pixelSize(named: file) else {
            throw ModelStoreError.notTaken("\(path) does not say the pixel size that it was trained at; give it with --pixel-size, in nm (SPACEtomo's detectors: 400).")
        }
        // Ultralytics trains on whole strides.
        let trained = detector.sideLength.map { ($0 + 31) / 32 * 32 }
        guard let side = facts.sideLength ?? said?.detectorSide ?? Self.sideLength(named: file) ?? trained else {
            throw ModelStoreError.notTaken("\(path) does not say how large its images are; give the side with --side, in pixels (SPACEtomo's detectors: 1024).")
        }
        // SPACEtomo keeps the names in its configuration, and shows those.
        let classes = said?.detectorClasses ?? detector.classes
        guard classes.count == detector.classes.count else {
            throw ModelStoreError.notTaken("\(path) has \(detector.classes.count) classes (\(detector.classes.joined(separator: ", "))), and WG_model_categories of the configuration names \(classes.count).")
        }
        let sum = try await compile(detector.program, on: workbench, to: "model.torchscript")
        try write(
            ModelDescription(
                name: name, kind: .detector, networks: [ModelDescription.Network(file: "model.torchscript", sha256: sum)], pixelSize: pixelSize,
                sideLength: side, networkSide: trained == side ? nil : trained, classes: classes, colours: try colours(of: classes, known: Dictionary(zip(classes, said?.detectorColours ?? []), uniquingKeysWith: { first, _ in first })), normalisation: .unit, acceptsAnySize: true,
                licence: facts.licence ?? detector.licence ?? "not stated",
                source: try source(path, program: "Ultralytics" + (detector.version.map { " \($0)" } ?? ""))))
    }

    /// SPACEtomo names files like `2024_07_26_lamella_detect_400nm_yolo8.pt`.
    static func pixelSize(named file: String) -> PixelSize? {
        file.firstMatch(of: /(\d+(?:[.,]\d+)?)nm/).flatMap { Double($0.1.replacing(",", with: ".")) }.map { PixelSize($0) }
    }
    /// SPACEtomo's set-up looks for `_1024sl_`; people also write `_sl1024_`.
    static func sideLength(named file: String) -> Int? {
        file.firstMatch(of: /(?:^|[_-])(?:sl(\d+)|(\d+)sl)(?![A-Za-z0-9])/).flatMap { Int($0.1 ?? $0.2 ?? "") }
    }

    /// - Parameter known: what the model's own files say.
    private func colours(of classes: [String], known: [String: ClassColour] = [:]) throws(ModelStoreError) -> [String: ClassColour] {
        let unknown = facts.colours.keys.filter { !classes.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw .notTaken("--colour names \(unknown.joined(separator: ", ")), and the model has the classes \(classes.joined(separator: ", ")).")
        }
        return known.filter { classes.contains($0.key) }.merging(facts.colours) { _, said in said }
    }

    // MARK: segmenters and folders

    /// - Parameter shown: what the folder is called in messages.
    func make(fromFolder path: String, named shown: String? = nil) async throws {
        let shown = shown ?? path
        let manager = FileManager.default
        if manager.fileExists(atPath: path + "/model.json") { return try copyFolder(path, shown: shown) }
        let found = Self.models(below: path)
        guard let only = found.first else {
            throw ModelStoreError.notTaken("\(shown) holds no model: neither model.json nor plans.json and dataset.json of nnU-Net v2 are there.")
        }
        guard found.count == 1, !only.hasSuffix(".pt") else {
            // Of a zip file the folders are those in it.
            let names = found.map { $0.dropFirst(path.count + 1) }
            let some = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
            let how = shown == path ? "'tomopilot models add \(only)'" : "unpack it, and 'tomopilot models add FOLDER/\(names[0])'"
            throw ModelStoreError.notTaken("\(shown) holds \(found.count == 1 ? "a model" : "\(found.count) models") (\(some)), and one is added at a time: \(how) adds \(found.count == 1 ? "it" : "the first").")
        }
        if manager.fileExists(atPath: only + "/model.json") { return try copyFolder(only, shown: shown) }
        try await makeSegmenter(from: only, shown: shown)
    }

    /// Models in a folder, not more than four levels down: folders, and checkpoints of detectors.
    private static func models(below path: String, depth: Int = 4) -> [String] {
        let manager = FileManager.default
        func has(_ file: String) -> Bool { manager.fileExists(atPath: path + "/" + file) }
        if has("model.json") || has("plans.json") && has("dataset.json") { return [path] }
        guard depth > 0 else { return [] }
        let names = ((try? manager.contentsOfDirectory(atPath: path)) ?? []).sorted().filter { !$0.hasPrefix(".") && $0 != "__MACOSX" }
        return names.flatMap { name -> [String] in
            var isFolder: ObjCBool = false
            guard manager.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) else { return [] }
            return isFolder.boolValue ? models(below: "\(path)/\(name)", depth: depth - 1) : name.hasSuffix(".pt") ? ["\(path)/\(name)"] : []
        }
    }

    private func makeSegmenter(from trained: String, shown: String) async throws {
        guard facts.sideLength == nil else {
            throw ModelStoreError.notTaken("--side is for detectors, and \(shown) is a segmenter, whose plans.json says how large its images are; leave --side out.")
        }
        let said = facts.configuration
        try said?.require(segmenter: (shown as NSString).lastPathComponent)
        let network = try NNUNetModel(folder: trained, folds: said?.segmenterFolds, prefersBest: said != nil)
        // What the model says of itself counts more than SPACEtomo's configuration, as there.
        guard let pixelSize = facts.pixelSize ?? (network.pixelSize ?? said?.segmenterPixelSize).map({ PixelSize($0) }) else {
            throw ModelStoreError.notTaken("\(shown) does not say the pixel size that it was trained at (pixel_size in dataset.json); give it with --pixel-size, in nm (SPACEtomo's yeast model: 2.283).")
        }
        var networks: [ModelDescription.Network] = []
        var sums: [String] = []
        for fold in network.folds {
            let workbench = try Workbench(folder + "/network")
            let (program, weights) = try network.read(fold, into: workbench.weights)
            try weights.close()
            let file = network.folds.count == 1 ? "model.torchscript" : "\(fold.name).torchscript"
            networks.append(ModelDescription.Network(file: file, sha256: try await compile(program, on: workbench, to: file)))
            sums.append(SHA256.hexadecimal(ofFile: fold.path) ?? "")
        }
        try write(
            ModelDescription(
                name: name, kind: .segmenter, networks: networks, pixelSize: pixelSize, patchRows: network.patchRows,
                patchColumns: network.patchColumns, classes: network.classes, colours: try colours(of: network.classes), regions: network.regions, normalisation: .zScore, normalisations: network.normalisations, spacing: network.spacing,
                mirroringAxes: network.mirroringAxes, licence: facts.licence ?? network.licence ?? "not stated",
                source: ModelSource(
                    file: shown, sha256: sums.count == 1 ? sums[0] : SHA256.hexadecimal(of: Array(sums.joined().utf8)), program: "nnU-Net v2", added: date)))
        for file in ["plans.json", "dataset.json"] { try FileManager.default.copyItem(atPath: "\(trained)/\(file)", toPath: "\(model)/\(file)") }
    }

    private func copyFolder(_ path: String, shown: String) throws {
        let opened = try ModelFolder.open(path)
        guard facts.sideLength == nil else {
            throw ModelStoreError.notTaken("--side is not taken with \(shown), whose model.json says all of its network's images; leave --side out.")
        }
        guard facts.configuration == nil else {
            throw ModelStoreError.notTaken("--config is not taken with \(shown), whose model.json says all that SPACEtomo's configuration would; leave --config out.")
        }
        var description = opened.description
        description.name = name
        if let pixelSize = facts.pixelSize { description.pixelSize = pixelSize }
        if let licence = facts.licence { description.licence = licence }
        description.colours = try colours(of: description.classes, known: description.colours)
        for (network, file) in zip(description.networks, opened.networkPaths) {
            try FileManager.default.copyItem(atPath: file, toPath: "\(model)/\(network.file)")
        }
        for file in ["CARD.md", "plans.json", "dataset.json"] where FileManager.default.fileExists(atPath: "\(path)/\(file)") {
            try FileManager.default.copyItem(atPath: "\(path)/\(file)", toPath: "\(model)/\(file)")
        }
        try write(description)
    }

    func unpack(_ path: String) throws { try PackedFolder(path).unpack(to: folder + "/unpacked") }

    // MARK: files

    /// Compiles a program and moves it into the model; returns its checksum.
    private func compile(_ program: NetworkProgram, on workbench: Workbench, to file: String) async throws -> String {
        try workbench.write(program)
        try await compiler.compile(folder: workbench.folder)
        let target = "\(model)/\(file)"
        try FileManager.default.moveItem(atPath: workbench.folder + "/network.torchscript", toPath: target)
        try FileManager.default.removeItem(atPath: workbench.folder)
        guard let sum = SHA256.hexadecimal(ofFile: target) else { throw ModelStoreError.system("The network that was made of it cannot be read.") }
        return sum
    }

    private func source(_ path: String, program: String) throws -> ModelSource {
        guard let sum = SHA256.hexadecimal(ofFile: path) else { throw ModelStoreError.system("\(path) cannot be read.") }
        return ModelSource(file: (path as NSString).lastPathComponent, sha256: sum, program: program, added: date)
    }

    private func write(_ description: ModelDescription) throws {
        let problems = description.problems
        guard problems.isEmpty else { throw ModelStoreError.notTaken("The model '\(name)' cannot be used: \(problems.joined(separator: "; ")).") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(description).write(to: URL(fileURLWithPath: "\(model)/model.json"))
    }
}

/// Where a network lies between its checkpoint and libtorch: source, list of weights, weights.
struct Workbench {
    let folder: String
    let weights: WeightFile

    init(_ folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        weights = try WeightFile(folder + "/weights.bin")
    }

    func write(_ program: NetworkProgram) throws {
        try Data(program.source.utf8).write(to: URL(fileURLWithPath: folder + "/network.txt"))
        try JSONEncoder().encode(program.weights).write(to: URL(fileURLWithPath: folder + "/weights.json"))
    }
}

/// A file of 32-bit floats.
struct WeightFile: WeightSink {
    private let handle: FileHandle

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
            throw ModelStoreError.system("The model's weights cannot be written to the store.")
        }
        self.handle = handle
    }
    mutating func append(_ values: [Float]) throws { try handle.write(contentsOf: values.withUnsafeBytes { Data($0) }) }
    func close() throws { try handle.close() }
}
