import Foundation
import Workflow

/// The settings file that the operator names.
struct SettingsFile {
    let path: String

    /// - Throws: one sentence that names the file, and the line where there is one.
    func read() throws -> (settings: SessionSettings, text: String) {
        let text = try text()
        return (try SessionSettings(yaml: text, file: path).withAbsolutePaths(from: path), text)
    }

    private func text() throws -> String {
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
}

/// Where the inference worker is.
enum WorkerPath {
    /// The one that was named, or else the one beside this program.
    static func found(_ named: String?) throws -> String {
        if let named { return named }
        let own = (Bundle.main.executablePath ?? CommandLine.arguments[0]) as NSString
        let path = own.deletingLastPathComponent + "/tomopilot-infer"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw WorkflowError.refused("The inference worker is not at \(path); name it with --infer.")
        }
        return path
    }
}
