import Foundation
import Workflow

/// A file that holds a token, which is as good as a password.
enum TokenFile {
    static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
            throw WorkflowError.refused("The token file '\(path)' cannot be read.")
        }
        let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
        guard mode & 0o077 == 0 else {
            throw WorkflowError.refused("The token file '\(path)' can be read by others; run 'chmod 600 \(path)'.")
        }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard token.count >= 16, token.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw WorkflowError.refused(
                "The token file '\(path)' must hold one word of at least 16 letters and digits; 'openssl rand -hex 32' makes one.")
        }
        return token
    }
}
