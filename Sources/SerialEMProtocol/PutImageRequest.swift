/// The request to take an image into a buffer, function 5 of the protocol. The server answers with a ``BareReply``, then
/// the client sends the bytes, the top row first, without handshakes and without a final answer.
public struct PutImageRequest: Sendable, Hashable {
    /// The length from which the bytes count as several chunks.
    public static let maximumChunk = 336_200_000

    /// How pixels are stored.
    public var pixelType: PixelType
    /// Pixels in a row; rows are not padded.
    public var width: Int
    /// Rows.
    public var height: Int
    /// The index of the buffer that takes the image.
    public var bufferIndex: Int
    /// The index of the buffer whose binning, stage position, magnification and pixel size the image gets.
    public var baseBufferIndex: Int
    /// The binning relative to the base.
    public var addedBinning: Int
    /// What kind of image it is; -1 for a processed one.
    public var captureFlag: Int

    /// Makes a request.
    public init(
        pixelType: PixelType, width: Int, height: Int, bufferIndex: Int, baseBufferIndex: Int, addedBinning: Int = 1,
        captureFlag: Int = -1
    ) {
        self.pixelType = pixelType
        self.width = width
        self.height = height
        self.bufferIndex = bufferIndex
        self.baseBufferIndex = baseBufferIndex
        self.addedBinning = addedBinning
        self.captureFlag = captureFlag
    }

    /// Bytes of the whole image.
    public var byteCount: Int { width * height * pixelType.bytesPerPixel }

    /// The number of chunks in which the server reads the bytes.
    public var chunkCount: Int { (byteCount + Self.maximumChunk - 1) / Self.maximumChunk }

    /// The whole packet without the image.
    public func encoded() -> [UInt8] {
        PacketWriter.packet(
            [SocketFunction.putImageInBuffer, pixelType.rawValue]
                + [width, height, byteCount, bufferIndex, baseBufferIndex, addedBinning, captureFlag, chunkCount].map {
                    Int32(truncatingIfNeeded: $0)
                })
    }

    /// Reads a whole packet without the image, and refuses sizes that contradict each other.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> PutImageRequest {
        try checkLength(packet, atLeast: 44, exactly: true)
        var fields = PacketFields(packet, from: 8)
        let mode = try fields.long()
        guard let pixelType = PixelType(rawValue: mode) else {
            throw ProtocolError(.badField, "An image has the unknown pixel type \(mode).")
        }
        let width = Int(try fields.long())
        let height = Int(try fields.long())
        let byteCount = Int(try fields.long())
        let request = PutImageRequest(
            pixelType: pixelType, width: width, height: height, bufferIndex: Int(try fields.long()),
            baseBufferIndex: Int(try fields.long()), addedBinning: Int(try fields.long()),
            captureFlag: Int(try fields.long()))
        guard width > 0, height > 0, width <= Int(Int32.max) / 4 / height, request.byteCount == byteCount else {
            throw ProtocolError(
                .inconsistentLength, "An image of \(width) x \(height) pixels cannot have \(byteCount) bytes.")
        }
        return request
    }
}
