public import Foundation
public import InferenceWire

/// The models of a facility: a folder with one model folder for each, and which of them are in use.
///
/// Nothing is half there: a model is made in a folder of another name and gets its own in the last step.
public struct ModelStore: Sendable {
    public let folder: String

    public init(folder: String) { self.folder = folder }

    /// The store of whoever runs the program: the environment's `TOMOPILOT_MODELS`, or else `~/.tomopilot/models`.
    public static var standard: ModelStore {
        let named = ProcessInfo.processInfo.environment["TOMOPILOT_MODELS"].flatMap { $0.isEmpty ? nil : $0 }
        return ModelStore(folder: named.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? NSHomeDirectory() + "/.tomopilot/models")
    }

    /// A model of the store, or a folder in it that cannot be used.
    public struct Entry: Sendable {
        public let name: String
        public let model: Result<ModelFolder, ModelFolderError>
        /// Whether sessions that name no model of its kind use it.
        public let isActive: Bool
    }

    private var activeFile: String { folder + "/active.json" }

    /// All models by name. Their checksums are not looked at, which takes long; ``verify(_:)`` does.
    public func entries() throws(ModelStoreError) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let active = try active()
        return names.sorted().filter { !$0.hasPrefix(".") && FileManager.default.fileExists(atPath: "\(folder)/\($0)/model.json") }.map { name in
            let model = Result { () throws(ModelFolderError) in try ModelFolder.describe(folder + "/" + name) }
            return Entry(name: name, model: model, isActive: active.values.contains(name))
        }
    }

    /// The folder of a model of the store.
    public func path(of name: String) throws(ModelStoreError) -> String {
        let path = folder + "/" + name
        guard Self.isName(name), FileManager.default.fileExists(atPath: path + "/model.json") else {
            let names = try entries().map(\.name)
            throw .unknown(name: name, known: names)
        }
        return path
    }

    /// The folder of a model that somebody names: a model folder, seen from a base, or a name in the store; of no name the one that is in use, nil
    /// where none is.
    public func folder(named name: String, kind: ModelKind, from base: URL) throws(ModelStoreError) -> String? {
        guard name.isEmpty else {
            let beside = URL(fileURLWithPath: name, relativeTo: base).standardizedFileURL.path
            // The checkpoint that a model was made from may lie there under the same name.
            return FileManager.default.fileExists(atPath: beside + "/model.json") ? beside : (try? path(of: name)) ?? beside
        }
        guard let active = try active(kind) else { return nil }
        return try path(of: active)
    }

    /// The model of a kind that sessions use which name none.
    public func active(_ kind: ModelKind) throws(ModelStoreError) -> String? { try active()[kind.rawValue] }

    /// Makes a model the one that sessions use; one of each kind can be.
    public func activate(_ name: String) throws(ModelStoreError) -> ModelFolder {
        let model = try verify(name)
        try change { $0[model.description.kind.rawValue] = name }
        return model
    }

    /// Names no model of its kind as the one to use.
    public func deactivate(_ name: String) throws(ModelStoreError) {
        _ = try path(of: name)
        try change { active in active = active.filter { $0.value != name } }
    }

    /// Removes a model.
    public func remove(_ name: String) throws(ModelStoreError) {
        let path = try path(of: name)
        try change { active in active = active.filter { $0.value != name } }
        let lock = StoreLock.shared(folder)
        defer { withExtendedLifetime(lock) {} }
        // Renamed first: what is interrupted leaves no half of a model under its name.
        let doomed = folder + "/.removing-" + UUID().uuidString
        do {
            try FileManager.default.moveItem(atPath: path, toPath: doomed)
            try FileManager.default.removeItem(atPath: doomed)
        } catch {
            throw .system("\(path) cannot be removed: \(error.localizedDescription)")
        }
    }

    /// Looks at everything of a model, its checksums too.
    public func verify(_ name: String) throws(ModelStoreError) -> ModelFolder {
        let path = try path(of: name)
        do throws(ModelFolderError) {
            return try ModelFolder.open(path)
        } catch { throw .unusable(error) }
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100 && !name.hasPrefix(".") && !name.hasSuffix(".json")
            && name.unicodeScalars.allSatisfy { $0 == "-" || $0 == "_" || $0 == "." || (0x30 ... 0x39).contains($0.value) || (0x41 ... 0x5A).contains($0.value) || (0x61 ... 0x7A).contains($0.value) }
    }

    private func active() throws(ModelStoreError) -> [String: String] {
        guard let text = FileManager.default.contents(atPath: activeFile) else { return [:] }
        guard let active = try? JSONDecoder().decode([String: String].self, from: text) else {
            throw .system("\(activeFile) is damaged; delete it, and activate the models again.")
        }
        return active
    }

    private func change(_ change: (inout [String: String]) -> Void) throws(ModelStoreError) {
        var active = try active()
        change(&active)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(active).write(to: URL(fileURLWithPath: activeFile), options: .atomic)
        } catch {
            throw .system("\(activeFile) cannot be written: \(error.localizedDescription)")
        }
    }
}
