import Foundation
import Workflow

/// A secret in a file of its own, or in the environment.
package enum SecretFile {
    /// The file's text without blanks around it, or that of the variable; nil where neither is given.
    ///
    /// - Throws: ``WorkflowError`` where the file cannot be read or others can read it; never with its text.
    package static func read(_ path: String?, orVariable name: String, key: String) throws -> String? {
        if let path { return try text(path, called: "The file '\(path)', which '\(key)' names,") }
        let text = ProcessInfo.processInfo.environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }

    /// The service's token.
    ///
    /// - Throws: ``WorkflowError`` as above, and where it is too short to be one.
    package static func token(_ path: String) throws -> String {
        let token = try text(path, called: "The token file '\(path)'")
        guard token.count >= 16, token.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw WorkflowError.refused(
                "The token file '\(path)' must hold one word of at least 16 letters and digits; 'openssl rand -hex 32' makes one.")
        }
        return token
    }

    private static func text(_ path: String, called name: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096, let text = String(data: data, encoding: .utf8) else {
            throw WorkflowError.refused("\(name) cannot be read as a short text.")
        }
        let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
        guard mode & 0o077 == 0 else { throw WorkflowError.refused("\(name) can be read by others; run 'chmod 600 \(path)'.") }
        let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty, secret.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
            throw WorkflowError.refused("\(name) must hold one line.")
        }
        return secret
    }
}
