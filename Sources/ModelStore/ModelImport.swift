import Foundation
public import InferenceWire
import ModelFiles
public import Units

/// Makes a network out of its source and weights; the program that links libtorch does it.
public protocol NetworkCompiling: Sendable {
    /// Reads `network.txt`, `weights.json` and `weights.bin` of a folder and writes `network.torchscript` there.
    func compile(folder: String) async throws
}

/// Runs a model's networks once, before it is kept.
public protocol ModelTrying: Sendable {
    /// - Throws: a sentence where one does not run, or gives something else than its description says.
    func run(_ model: ModelFolder) async throws
}

/// What a person says of a model that its file may not tell.
public struct ModelFacts: Sendable {
    public var name: String?
    public var pixelSize: PixelSize?
    public var sideLength: Int?
    public var licence: String?
    /// What single classes are drawn in, by name.
    public var colours: [String: ClassColour]
    /// What SPACEtomo has been told of the model.
    public var configuration: SPACEtomoConfiguration?
    public init(
        name: String? = nil, pixelSize: PixelSize? = nil, sideLength: Int? = nil, licence: String? = nil, colours: [String: ClassColour] = [:],
        configuration: SPACEtomoConfiguration? = nil
    ) {
        self.name = name
        self.pixelSize = pixelSize
        self.sideLength = sideLength
        self.licence = licence
        self.colours = colours
        self.configuration = configuration
    }
}

extension ModelStore {
    /// Adds a model: a checkpoint of Ultralytics, a folder or zip file of nnU-Net v2, or a model folder of ours.
    ///
    /// Nothing that is in the files is executed. Nothing is left where something is wrong.
    /// - Parameter trial: nil: the model is kept without its networks having run.
    public func add(_ path: String, facts: ModelFacts, compiler: any NetworkCompiling, trial: (any ModelTrying)? = nil, date: String) async throws -> ModelFolder {
        let source = URL(fileURLWithPath: path).standardizedFileURL.path
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: source, isDirectory: &isFolder) else { throw ModelStoreError.notTaken("\(path): there is no such file or folder.") }
        let name = facts.name ?? Self.name(from: source)
        guard Self.isName(name) else {
            throw ModelStoreError.notTaken("'\(name)' cannot be a model's name: letters, digits, '-', '_' and '.' can; give one with --name.")
        }
        guard !manager.fileExists(atPath: folder + "/" + name) else {
            let isModel = (try? self.path(of: name)) != nil
            throw ModelStoreError.notTaken(
                isModel ? "The store has a model '\(name)'; remove it first, or give another name with --name."
                    : "\(folder)/\(name) is there and no model of the store; move it away, or give another name with --name.")
        }
        sweep()
        do {
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw ModelStoreError.system("The store \(folder) cannot be made: \(Self.reason(error)).")
        }
        // Until the model is there, nobody takes what is half made for left.
        let lock = StoreLock.shared(folder)
        defer { withExtendedLifetime(lock) {} }
        let workshop = folder + "/.adding-" + UUID().uuidString
        do {
            try manager.createDirectory(atPath: workshop + "/model", withIntermediateDirectories: true)
        } catch {
            throw ModelStoreError.system("The store \(folder) cannot be written: \(Self.reason(error)).")
        }
        defer { try? manager.removeItem(atPath: workshop) }
        do {
            let made = ModelWorkshop(folder: workshop, name: name, facts: facts, compiler: compiler, date: date)
            if isFolder.boolValue {
                try await made.make(fromFolder: source)
            } else if source.lowercased().hasSuffix(".zip") {
                try made.unpack(source)
                try await made.make(fromFolder: workshop + "/unpacked", named: (source as NSString).lastPathComponent)
            } else if source.lowercased().hasSuffix(".py") {
                throw ModelStoreError.notTaken("\(path) is a program; where it is SPACEtomo's configuration, name the model and give this with --config.")
            } else {
                try await made.makeDetector(from: source)
            }
            let model = try ModelFolder.open(workshop + "/model")
            do {
                try await trial?.run(model)
            } catch let error where !(error is CancellationError) {
                // Whoever reads it knows the file that was to be added.
                let said = "\(error)".replacingOccurrences(of: workshop + "/model/model.torchscript", with: source).replacingOccurrences(of: workshop + "/model", with: source)
                throw ModelStoreError.notTaken("\(path) is not added, because it was run once on a small image and failed; --unchecked would add it all the same. \(said)")
            }
        } catch {
            throw Self.inTheirWords(error, source: source, workshop: workshop, store: folder)
        }
        do {
            try manager.moveItem(atPath: workshop + "/model", toPath: folder + "/" + name)
        } catch {
            throw ModelStoreError.system("\(folder)/\(name) cannot be made: \(Self.reason(error)).")
        }
        return try ModelFolder.describe(folder + "/" + name)
    }

    /// An error as whoever adds the model can use it: of the folder in which it is made, which is gone then, nobody has heard.
    private static func inTheirWords(_ error: any Error, source: String, workshop: String, store: String) -> any Error {
        guard !(error is CancellationError) else { return error }
        if error is CocoaError || error is POSIXError || type(of: error) is NSError.Type {
            return ModelStoreError.system("The model cannot be written to the store \(store): \(reason(error)).")
        }
        let said = "\(error)"
        guard said.contains(workshop) else { return error }
        // Of a zip file these are files in it.
        return ModelStoreError.notTaken(said.replacingOccurrences(of: workshop + "/unpacked", with: source).replacingOccurrences(of: workshop + "/", with: ""))
    }

    /// Why the system would not do something, without the path.
    private static func reason(_ error: any Error) -> String {
        if let cause = (error as? CocoaError)?.underlying as? POSIXError { return String(cString: strerror(cause.code.rawValue)) }
        let said = error.localizedDescription
        return said.hasSuffix(".") ? String(said.dropLast()) : said
    }

    private static func name(from path: String) -> String {
        let last = (path as NSString).lastPathComponent
        for ending in [".pt", ".pth", ".zip", ".torchscript"] where last.lowercased().hasSuffix(ending) { return String(last.dropLast(ending.count)) }
        return last
    }
}
