import Foundation
import InferenceWire

/// Probabilities on their way: 32-bit numbers, little-endian as all machines here are, `[row][class][column]`, with nothing around them.
final class ProbabilityFile {
    private let handle: FileHandle
    private var hash = SHA256()

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]), let handle = FileHandle(forWritingAtPath: path) else {
            throw AnalysisJobError("\(path) cannot be written.")
        }
        self.handle = handle
    }

    func append(_ row: [Float]) throws {
        let bytes = row.withUnsafeBytes { [UInt8]($0) }
        hash.update(bytes)
        try handle.write(contentsOf: bytes)
    }

    /// The digest of it all.
    func finish() throws -> String {
        try handle.close()
        return hash.hexadecimal()
    }

    /// Reads rows of so many numbers.
    static func read(_ path: String, row count: Int, to row: ([Float]) throws -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw AnalysisJobError("\(path) cannot be read.") }
        defer { try? handle.close() }
        while let data = try handle.read(upToCount: 4 * count), !data.isEmpty {
            guard data.count == 4 * count else { throw AnalysisJobError("\(path) ends in the middle of a row.") }
            try row([Float](unsafeUninitializedCapacity: count) { buffer, used in
                used = data.copyBytes(to: buffer) / 4
            })
        }
    }
}
