import Foundation
package import ModelStore
package import Workflow

/// The folders that a request may name: sessions below one, models below another.
package struct AllowedFolders: Sendable {
    package var sessions: String { Self.followed(givenSessions) }
    package var models: String? { givenModels.map(Self.followed) }
    private let givenSessions: String
    private let givenModels: String?
    /// What is in it was checked when it was added, by who may start this service.
    private let store: ModelStore
    /// What the service's own file says of workers; nil where it has none.
    private let analysis: AnalysisSettings?

    /// - Parameter mayBeMissing: whether a folder may be there later, as where a session that was begun waits for its disk.
    /// - Throws: ``WorkflowError`` where one of them is no folder.
    package init(sessions: String, models: String?, store: ModelStore, analysis: AnalysisSettings? = nil, mayBeMissing: Bool = false) throws {
        self.store = store
        self.analysis = analysis
        givenSessions = try Self.existing(sessions, option: "--sessions", mayBeMissing: mayBeMissing)
        givenModels = try models.map { try Self.existing($0, option: "--models", mayBeMissing: mayBeMissing) }
    }

    /// - Throws: ``WorkflowError`` where the sessions' folder is not there: one that a session makes would lie below the place where a disk is to be mounted.
    func requireSessions() throws { _ = try Self.existing(givenSessions, option: "--sessions", mayBeMissing: false) }

    /// Reads settings strictly, with relative paths seen from a base, and refuses folders that lie elsewhere.
    ///
    /// - Throws: ``SettingsError``, or ``ServiceError`` where a folder lies elsewhere.
    package func settings(_ text: String, name: String, base: String) throws -> SessionSettings {
        let settings = try SessionSettings(yaml: text, file: name).withAbsolutePaths(from: base + "/settings", models: store)
        guard isBelow(sessions, settings.sessionFolder) else {
            throw ServiceError(
                .badRequest,
                "'session_dir' is '\(settings.sessionFolder)', which does not lie in \(sessions), the folder of this service's sessions.")
        }
        for (key, path) in [("WG_model", settings.detectorFolder), ("MM_model", settings.segmenterFolder)] where !path.isEmpty {
            // A network is a program: one from anywhere would be run with the service's rights.
            guard isBelow(sessions, path) || models.map({ isBelow($0, path) }) == true || isBelow(Self.followed(store.folder), path) else {
                let places = [models, sessions].compactMap(\.self).joined(separator: " or ")
                throw ServiceError(.badRequest, "'\(key)' is '\(path)', which does not lie in \(places); models are taken from there only.")
            }
        }
        return try withWorkers(settings)
    }

    /// What is run on a cluster, as whom and with which token, is said by who may start this service.
    private func withWorkers(_ settings: SessionSettings) throws -> SessionSettings {
        guard let wish = settings.analysis else { return settings }
        guard wish.isOnlyWish else {
            throw ServiceError(
                .badRequest, "Only 'analysis' may be said in a session of this service; the keys 'analysis_...' and 'slurm_...' belong in the file of 'tomopilot serve --analysis'.")
        }
        guard let analysis else {
            throw ServiceError(.badRequest, "'analysis' is \(wish.place.rawValue), and this service knows no workers; start it with --analysis FILE.")
        }
        return settings.analysed(by: analysis.wished(wish.place))
    }

    /// Whether a path lies below a folder once links are followed as far as the path exists.
    private func isBelow(_ folder: String, _ path: String) -> Bool { Self.followed(path).hasPrefix(folder + "/") }

    private static func followed(_ path: String) -> String {
        var existing = URL(fileURLWithPath: path).standardizedFileURL.path
        var rest: [String] = []
        while existing != "/" {
            if let real = real(existing) { return ([real == "/" ? "" : real] + rest).joined(separator: "/") }
            let url = URL(fileURLWithPath: existing)
            rest.insert(url.lastPathComponent, at: 0)
            existing = url.deletingLastPathComponent().path
        }
        return "/" + rest.joined(separator: "/")
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func existing(_ path: String, option: String, mayBeMissing: Bool) throws -> String {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isThere, isFolder.boolValue, let real = real(path) { return real }
        // Once it is there, links in it are followed; until then nothing lies below it.
        if mayBeMissing, !isThere { return URL(fileURLWithPath: path).standardizedFileURL.path }
        throw WorkflowError.refused("\(option) names '\(path)', which is no folder; make it, mount its disk, or name another.")
    }
}
