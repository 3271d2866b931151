import Foundation
import ImageFiles

/// What the journal keeps of the images of a stack that SerialEM wrote: how many there are, in the file and in its mdoc, and a
/// checksum of their pixels. Headers do not count; SerialEM may write them again.
public struct StackContents: Codable, Hashable, Sendable {
    /// Which images the checksum is of.
    public enum Extent: String, Codable, Sendable {
        /// All: maps.
        case all
        /// The first and the last one: tilt series, whose many images are only ever written one after the other.
        case ends
    }
    public let extent: Extent
    public let sections: Int
    /// Sections of the mdoc beside it; nil where there is none that can be read.
    public let described: Int?
    /// 16 hexadecimal digits.
    public let checksum: String

    /// nil where the stack cannot be read to its end.
    init?(_ path: String, keeping extent: Extent) {
        guard let file = try? MRCFile(path: path), file.header.sections > 0 else { return nil }
        let last = file.header.sections - 1
        let wanted = extent == .all ? Array(0 ... last) : last == 0 ? [0] : [0, last]
        guard let checksum = try? file.checksum(sections: wanted) else { return nil }
        self.extent = extent
        self.checksum = checksum
        sections = file.header.sections
        described = (try? Mdoc.read(path + ".mdoc"))?.pieces.count
    }
}
