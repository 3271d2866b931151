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

    /// A model of the store, or something in it that cannot be used.
    public struct Entry: Sendable {
        public let name: String
        public let model: Result<ModelFolder, ModelStoreError>
        /// Whether sessions that name no model of its kind use it.
        public let isActive: Bool
        /// Whether somebody put it there by hand: it is left alone where all models are removed.
        public let isForeign: Bool
    }

    private var activeFile: String { folder + "/active.json" }

    /// All models by name, folders that are none, and models in use that are gone. Their checksums are not looked at, which takes long; ``verify(_:)`` does.
    public func entries() throws(ModelStoreError) -> [Entry] {
        let active = Set(try active().values)
        var found: [Entry] = []
        for name in try folders().union(active).sorted() {
            let model = Result { () throws(ModelStoreError) in try describe(name) }
            found.append(Entry(name: name, model: model, isActive: active.contains(name), isForeign: isForeign(name)))
        }
        return found
    }

    /// Names of what lies in the store, but for files, and for what is hidden or half made.
    private func folders() throws(ModelStoreError) -> Set<String> {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return [] }
        guard isFolder.boolValue, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw .system("The store \(folder) cannot be read; it must be a folder.")
        }
        return Set(
            names.filter { name in
                var isFolder: ObjCBool = false
                return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
            })
    }

    /// Whether a folder is other than additions make it: by its name, as a link, or for what is in it.
    private func isForeign(_ name: String) -> Bool {
        let path = folder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return false }
        guard Self.isName(name), (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil, let inside = try? FileManager.default.contentsOfDirectory(atPath: path) else { return true }
        let own: Set = ["model.json", "CARD.md", "plans.json", "dataset.json"]
        return !inside.contains("model.json") || !inside.allSatisfy { own.contains($0) || $0.hasSuffix(".torchscript") }
    }

    private func describe(_ name: String) throws(ModelStoreError) -> ModelFolder {
        let path = try path(of: name)
        do throws(ModelFolderError) { return try ModelFolder.describe(path) } catch { throw .unusable(error) }
    }

    /// The folder of a model of the store.
    public func path(of name: String) throws(ModelStoreError) -> String {
        let path = folder + "/" + name
        let isName = Self.isName(name)
        if isName, FileManager.default.fileExists(atPath: path + "/model.json") { return path }
        let there = try folders()
        if there.contains(name) {
            let renamed = "its name has other signs than letters, digits, '-', '_' and '.', or ends with .json; 'tomopilot models add' adds it under another"
            throw .foreign(path: path, reason: isName ? "it has no model.json; 'tomopilot models add' adds models, also such as lie in a folder" : renamed)
        }
        // A list that cannot be read names nothing that is in use.
        if (try? active())?.values.contains(name) == true { throw .gone(name: name) }
        throw .unknown(name: name, known: there.filter { Self.isName($0) && FileManager.default.fileExists(atPath: "\(folder)/\($0)/model.json") }.sorted())
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

    /// Names no model of its kind as the one to use; also one that somebody has taken away by hand.
    public func deactivate(_ name: String) throws(ModelStoreError) {
        if try !active().values.contains(name) { _ = try path(of: name) }
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
