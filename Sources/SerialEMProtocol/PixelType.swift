/// How the pixels of an image are stored, by the mode numbers of the MRC format. Numbers are little endian.
public enum PixelType: Int32, Sendable, Hashable, CaseIterable {
    /// One unsigned byte.
    case unsignedByte = 0
    /// A signed number of 16 bits.
    case signedShort = 1
    /// A floating-point number of 32 bits.
    case float = 2
    /// An unsigned number of 16 bits.
    case unsignedShort = 6
    /// Red, green and blue, one byte each.
    case rgb = 16

    /// Bytes of one pixel.
    public var bytesPerPixel: Int {
        switch self {
        case .unsignedByte: 1
        case .signedShort, .unsignedShort: 2
        case .rgb: 3
        case .float: 4
        }
    }
}

/// The letters of SerialEM's image buffers.
public enum BufferLetter {
    /// The main buffers that SerialEM has since 4.2; it does not check the index itself.
    public static let mainBuffers = 22

    /// The index of a letter from A to V, in any case.
    public static func index(of letter: Character) -> Int? {
        guard let value = letter.uppercased().utf8.first, letter.isASCII, value >= UInt8(ascii: "A") else { return nil }
        let index = Int(value - UInt8(ascii: "A"))
        return index < mainBuffers ? index : nil
    }

    /// The letter of an index from 0.
    public static func letter(_ index: Int) -> Character? {
        (0..<mainBuffers).contains(index) ? Character(UnicodeScalar(UInt8(ascii: "A") + UInt8(index))) : nil
    }
}

/// How the bytes of an image are cut into chunks: all of one length, but for a shorter last one.
public struct ImageChunks: Sendable, Hashable {
    /// Bytes of the image.
    public let byteCount: Int
    /// Bytes of every chunk but perhaps the last.
    public let chunkLength: Int

    /// Plans a given number of chunks.
    public init(byteCount: Int, chunkCount: Int) {
        self.byteCount = max(0, byteCount)
        let count = max(1, chunkCount)
        chunkLength = self.byteCount / count + (self.byteCount % count == 0 ? 0 : 1)
    }

    /// The bytes of each chunk in order; none for an empty image. They are worked out one by one, for a header from the
    /// network can announce two thousand million chunks.
    public var ranges: LazyMapCollection<Range<Int>, Range<Int>> {
        let count = byteCount == 0 ? 0 : (byteCount - 1) / chunkLength + 1
        return (0..<count).lazy.map { [byteCount, chunkLength] in
            $0 * chunkLength..<min(($0 + 1) * chunkLength, byteCount)
        }
    }
}

/// What the receiver of an image sends before each chunk after the first.
public enum ChunkHandshake {
    /// The packet; it has no reply.
    public static let bytes: [UInt8] = PacketWriter.packet([SocketFunction.chunkHandshake])
}
