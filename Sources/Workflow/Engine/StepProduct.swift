public import Foundation
import InferenceWire

/// A file that a step left behind, as it was when the step was done.
public struct StepProduct: Codable, Hashable, Sendable {
    /// Where it is.
    public let path: String
    /// Bytes.
    public let size: Int
    /// SHA-256 as hexadecimal digits; nil for images that SerialEM wrote, whose headers it may write again.
    public let checksum: String?
    /// When it was changed last; while that is the same, its bytes are not read again.
    public let modified: Date?

    /// How a file stands to what a step left.
    enum Comparison { case same, gone, changed }

    /// The file as it is now; nil where there is none.
    init?(_ path: String, withChecksum: Bool = true) {
        guard let (size, modified) = Self.attributes(path) else { return nil }
        self.path = path
        self.size = size
        self.modified = modified
        checksum = withChecksum ? SHA256.hexadecimal(ofFile: path) : nil
    }

    func comparison() -> Comparison {
        guard let (size, modified) = Self.attributes(path) else { return .gone }
        guard let checksum else { return size >= self.size ? .same : .changed }
        if size == self.size, modified == self.modified { return .same }
        return SHA256.hexadecimal(ofFile: path) == checksum ? .same : .changed
    }

    /// Whether somebody has written another file in its place.
    var isChanged: Bool { comparison() == .changed }

    private static func attributes(_ path: String) -> (Int, Date?)? {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path), let size = found[.size] as? NSNumber else { return nil }
        return (size.intValue, found[.modificationDate] as? Date)
    }
}
