internal import Foundation
internal import Logging

/// A file that gets one line of JSON for each thing that happens.
///
/// A log that cannot be written changes nothing about the night; that is said once.
struct LineLog: Sendable {
    private let path: String?
    private var hasFailed = false

    init(path: String?) { self.path = path }

    mutating func append(_ record: some Encodable) {
        guard let path else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        do {
            let line = try encoder.encode(record)
            if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            defer { try? file.close() }
            _ = try? file.seekToEnd()
            try file.write(contentsOf: line + Data("\n".utf8))
        } catch {
            if !hasFailed { Self.warn("The log \(path) cannot be written; lines are missing from now on.", error) }
            hasFailed = true
        }
    }

    static func warn(_ text: String, _ error: any Error) {
        Logger(label: "serialem-sim").warning("\(text)", metadata: ["reason": "\(error.localizedDescription)"])
    }
}
