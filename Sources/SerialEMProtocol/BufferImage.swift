/// The request for the image of a buffer, function 4 of the protocol.
public struct BufferImageRequest: Sendable, Hashable {
    /// The index of the buffer, 0 for A.
    public var bufferIndex: Int
    /// Whether the buffer is one of the window with Fourier transforms.
    public var fromFFTWindow: Bool

    /// Makes a request.
    public init(bufferIndex: Int, fromFFTWindow: Bool = false) {
        self.bufferIndex = bufferIndex
        self.fromFFTWindow = fromFFTWindow
    }

    /// The whole packet.
    public func encoded() -> [UInt8] {
        PacketWriter.packet([
            SocketFunction.getBufferImage, Int32(truncatingIfNeeded: bufferIndex), fromFFTWindow ? 1 : 0,
        ])
    }

    /// Reads a whole packet.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> BufferImageRequest {
        try checkLength(packet, atLeast: 16, exactly: true)
        var fields = PacketFields(packet, from: 8)
        return BufferImageRequest(bufferIndex: Int(try fields.long()), fromFFTWindow: try fields.long() != 0)
    }
}

/// The reply to a ``BufferImageRequest``; the bytes of the image follow it, the top row first.
public struct BufferImageReply: Sendable, Hashable {
    /// Bytes of the packet.
    public static let packetLength = 32

    /// The length from which SerialEM cuts an image into chunks.
    public static let maximumChunk = 33_620_000

    /// How pixels are stored.
    public let pixelType: PixelType
    /// Bytes from one row to the next.
    public let rowBytes: Int
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Bytes of the whole image; zero when the buffer is empty.
    public let byteCount: Int
    /// Chunks in which they come.
    public let chunkCount: Int

    /// Describes an image without padding of rows.
    public init(pixelType: PixelType, width: Int, height: Int, maximumChunk: Int = BufferImageReply.maximumChunk) {
        self.pixelType = pixelType
        self.width = width
        self.height = height
        rowBytes = width * pixelType.bytesPerPixel
        byteCount = rowBytes * height
        chunkCount = (byteCount + maximumChunk - 1) / maximumChunk
    }

    private init(pixelType: PixelType, rowBytes: Int, width: Int, height: Int, byteCount: Int, chunkCount: Int) {
        self.pixelType = pixelType
        self.rowBytes = rowBytes
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.chunkCount = chunkCount
    }

    /// The reply for a buffer without image.
    public static let empty = BufferImageReply(
        pixelType: .unsignedByte, rowBytes: 0, width: 0, height: 0, byteCount: 0, chunkCount: 0)

    /// Whether the buffer has no image.
    public var isEmpty: Bool { byteCount == 0 }

    /// The chunks in which the bytes come.
    public var chunks: ImageChunks { ImageChunks(byteCount: byteCount, chunkCount: chunkCount) }

    /// The whole packet without the image.
    public func encoded() -> [UInt8] {
        PacketWriter.packet(
            [0, pixelType.rawValue]
                + [rowBytes, width, height, byteCount, chunkCount].map { Int32(truncatingIfNeeded: $0) })
    }

    /// Reads a whole packet without the image, and refuses sizes that contradict each other.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> BufferImageReply {
        var fields = try replyFields(packet, atLeast: packetLength, exactly: true)
        let mode = try fields.long()
        let rowBytes = Int(try fields.long())
        let width = Int(try fields.long())
        let height = Int(try fields.long())
        let byteCount = Int(try fields.long())
        let chunkCount = Int(try fields.long())
        // With no bytes the other fields are leftovers of earlier replies.
        if byteCount == 0 { return .empty }
        guard let pixelType = PixelType(rawValue: mode) else {
            throw ProtocolError(.badField, "An image has the unknown pixel type \(mode).")
        }
        guard width > 0, height > 0, rowBytes >= width * pixelType.bytesPerPixel, byteCount == rowBytes * height else {
            throw ProtocolError(
                .inconsistentLength,
                "An image of \(width) x \(height) pixels with \(rowBytes) bytes in a row cannot have \(byteCount) bytes.")
        }
        guard (1...byteCount).contains(chunkCount) else {
            throw ProtocolError(.badField, "An image of \(byteCount) bytes cannot come in \(chunkCount) chunks.")
        }
        return BufferImageReply(
            pixelType: pixelType, rowBytes: rowBytes, width: width, height: height, byteCount: byteCount,
            chunkCount: chunkCount)
    }
}
