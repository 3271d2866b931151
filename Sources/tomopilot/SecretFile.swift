import Foundation
import Workflow

/// A secret in a file of its own, or in the environment.
enum SecretFile {
    /// The file's text without blanks around it, or that of the variable; nil where neither is given.
    ///
    /// - Throws: ``WorkflowError`` where the file cannot be read or others can read it; never with its text.
    static func read(_ path: String?, orVariable name: String, key: String) throws -> String? {
        guard let path else {
            let text = ProcessInfo.processInfo.environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
            return text?.isEmpty == false ? text : nil
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096, let text = String(data: data, encoding: .utf8) else {
            throw WorkflowError.refused("'\(key)' names '\(path)', which cannot be read as a short text.")
        }
        let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
        guard mode & 0o077 == 0 else {
            throw WorkflowError.refused("The file '\(path)', which '\(key)' names, can be read by others; run 'chmod 600 \(path)'.")
        }
        let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty, secret.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
            throw WorkflowError.refused("The file '\(path)', which '\(key)' names, must hold one line.")
        }
        return secret
    }
}
