import Foundation

/// The most memory that a process has held at once since it started.
package enum PeakMemory {
    /// In bytes, of this process or another; nil where the system does not tell (it does on Linux) or there is no such process.
    package static func ofProcess(_ identifier: Int32? = nil) -> Int? {
        let path = "/proc/\(identifier.map(String.init) ?? "self")/status"
        guard let status = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// One sentence for the log; nil where nothing is known.
    package static func sentence(own: Int?, worker: Int?) -> String? {
        let parts = [own.map { "\(megabytes($0)) here" }, worker.map { "\(megabytes($0)) in the inference worker" }]
        let known = parts.compactMap(\.self)
        return known.isEmpty ? nil : "memory at its peak: \(known.joined(separator: ", "))"
    }

    private static func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
}
