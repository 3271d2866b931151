import Foundation

/// How long one run of a model's network takes on this machine, as it was measured; kept beside the models.
public struct Calibration: Sendable {
    private let file: String

    init(folder: String) { file = folder + "/calibration.json" }

    /// Seconds of one run, nil where it was not measured. A damaged file is none: it is measured again.
    public func seconds(model sha256: String, threads: Int) -> Double? {
        guard let seconds = all()[Self.key(sha256, threads)], seconds.isFinite, seconds > 0 else { return nil }
        return seconds
    }

    /// Keeps what was measured. Where it cannot be kept it is measured again the next time.
    public func record(_ seconds: Double, model sha256: String, threads: Int) {
        guard seconds.isFinite, seconds > 0 else { return }
        var entries = all()
        entries[Self.key(sha256, threads)] = seconds
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try? FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? encoder.encode(entries).write(to: URL(fileURLWithPath: file), options: .atomic)
    }

    private static func key(_ sha256: String, _ threads: Int) -> String { "\(sha256) \(threads)" }

    private func all() -> [String: Double] {
        FileManager.default.contents(atPath: file).flatMap { try? JSONDecoder().decode([String: Double].self, from: $0) } ?? [:]
    }
}

extension ModelStore {
    /// What the models of this machine take.
    public var calibration: Calibration { Calibration(folder: folder) }
}
