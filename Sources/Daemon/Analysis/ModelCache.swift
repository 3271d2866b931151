import AnalysisJobs
import Foundation
import InferenceWire
import ModelStore
import Workflow

/// Models on a worker's machine: those of its own store, and those that sessions sent, by what is in them.
struct ModelCache: Sendable {
    let folder: String

    /// A folder that holds this very model; where there is none its files are fetched.
    ///
    /// - Parameter fetch: saves a file of the model.
    func folder(of model: ModelReference, fetch: (_ file: String, _ path: String) async throws -> Void) async throws -> ModelFolder {
        let isPlain = model.files.allSatisfy { !$0.isEmpty && !$0.contains("/") && !$0.hasPrefix(".") }
        let isSum = [model.sha256, model.descriptionSha256].allSatisfy { $0.count == 64 && $0.allSatisfy(\.isHexDigit) }
        guard isPlain, isSum, model.files.count <= 100 else { throw AnalysisJobError("The job names an impossible model.") }
        if let own = try? ModelStore.standard.path(of: model.name), let found = model.isMet(by: own) { return found }
        let path = "\(folder)/\(model.sha256.prefix(16))-\(model.descriptionSha256.prefix(16))"
        if let found = model.isMet(by: path) { return found }
        let workbench = "\(folder)/.fetching-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: workbench, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: workbench) }
        for file in model.files { try await fetch(file, "\(workbench)/\(file)") }
        guard model.isMet(by: workbench) != nil else {
            throw AnalysisJobError("The model \(model.name) that came is not the one that the job names (SHA-256 differs).")
        }
        // What lies there is damaged, or another worker was faster; both may hold the same name only for a moment.
        if model.isMet(by: path) == nil {
            try? FileManager.default.removeItem(atPath: path)
            try? FileManager.default.moveItem(atPath: workbench, toPath: path)
        }
        guard let found = model.isMet(by: path) else { throw AnalysisJobError("The model \(model.name) cannot be kept in \(folder).") }
        return found
    }
}
