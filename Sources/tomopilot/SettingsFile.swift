import Foundation
import ModelStore
import Workflow

/// The settings file that the operator names.
enum SettingsFile {
    static func text(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw WorkflowError.refused("There is no settings file '\(path)'; 'tomopilot init' writes one.")
        }
        guard !isFolder.boolValue else {
            throw WorkflowError.refused("'\(path)' is a folder; name the settings file in it.")
        }
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        guard (size ?? 0) <= 1 << 20 else {
            throw WorkflowError.refused("'\(path)' has more than 1 MiB; a settings file is a text of some lines.")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw WorkflowError.refused("The settings file '\(path)' cannot be read; check its permissions.")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw WorkflowError.refused(
                "The settings file '\(path)' is not text in UTF-8; 'tomopilot init' writes one to start from.")
        }
        return text
    }

    /// Reads a file that only says who analyses maps.
    static func analysis(_ path: String) throws -> AnalysisSettings {
        guard let settings = try AnalysisSettings.read(yaml: try text(path), file: path) else {
            throw WorkflowError.refused("The file '\(path)' says 'analysis: local', or nothing; it must be workers or slurm.")
        }
        return settings.withAbsolutePaths(from: path)
    }

    /// - Throws: one sentence that names the file, and the line where there is one.
    static func read(_ path: String) throws -> (settings: SessionSettings, text: String) {
        let text = try text(path)
        return (try SessionSettings(yaml: text, file: path).withAbsolutePaths(from: path, models: .standard), text)
    }
}
