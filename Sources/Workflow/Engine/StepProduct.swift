public import Foundation
import ImageFiles
import InferenceWire

/// A file that a step left behind, as it was when the step was done.
public struct StepProduct: Codable, Hashable, Sendable {
    /// Where it is.
    public let path: String
    /// Bytes.
    public let size: Int
    /// SHA-256 as hexadecimal digits; nil for images that SerialEM wrote, whose headers it may write again.
    public let checksum: String?
    /// What the images are that SerialEM wrote; nil for other files, until they are read after the step, and in journals of
    /// earlier builds.
    public private(set) var images: StackContents?
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

    /// A stack of SerialEM as it is now, with what is kept of its images; nil where it cannot be read.
    init?(stack path: String, keeping extent: StackContents.Extent) {
        guard let file = Self(path, withChecksum: false), let images = StackContents(path, keeping: extent) else { return nil }
        self = file
        self.images = images
    }

    /// Whether nobody can tell yet what its images were.
    var lacksImages: Bool { checksum == nil && images == nil && path.hasSuffix(".mrc") }

    func comparison() -> Comparison {
        guard let (size, modified) = Self.attributes(path) else { return .gone }
        if size == self.size, modified != nil, modified == self.modified { return .same }
        if let images { return StackContents(path, keeping: images.extent) == images ? .same : .changed }
        guard let checksum else { return size >= self.size ? .same : .changed }
        return SHA256.hexadecimal(ofFile: path) == checksum ? .same : .changed
    }

    /// Whether somebody has written another file in its place.
    var isChanged: Bool { comparison() == .changed }

    private static func attributes(_ path: String) -> (Int, Date?)? {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path), let size = found[.size] as? NSNumber else { return nil }
        return (size.intValue, found[.modificationDate] as? Date)
    }
}
