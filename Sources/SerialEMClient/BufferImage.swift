public import SerialEMProtocol

/// An image of one of SerialEM's buffers, as stored there.
public struct BufferImage: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Bytes from one row to the next.
    public let rowBytes: Int
    /// How pixels are stored.
    public let pixelType: PixelType
    /// The rows, the top one first.
    public let bytes: [UInt8]

    /// Makes an image of rows without padding; `nil` when the number of bytes does not fit.
    public init?(width: Int, height: Int, pixelType: PixelType, bytes: [UInt8]) {
        guard (1...bytes.count + 1).contains(width), (1...bytes.count + 1).contains(height), bytes.count == width * height * pixelType.bytesPerPixel else { return nil }
        self.init(
            width: width, height: height, rowBytes: width * pixelType.bytesPerPixel, pixelType: pixelType, bytes: bytes)
    }

    init(width: Int, height: Int, rowBytes: Int, pixelType: PixelType, bytes: [UInt8]) {
        self.width = width
        self.height = height
        self.rowBytes = rowBytes
        self.pixelType = pixelType
        self.bytes = bytes
    }

    /// The pixels as numbers, row after row from the top; of a colour pixel the mean of its three parts.
    public func samples() -> [Float] {
        var samples: [Float] = []
        samples.reserveCapacity(width * height)
        bytes.withUnsafeBytes { raw in
            for row in 0..<height {
                let start = row * rowBytes
                switch pixelType {
                case .unsignedByte:
                    for column in 0..<width { samples.append(Float(raw[start + column])) }
                case .signedShort:
                    for column in 0..<width {
                        let bits = raw.loadUnaligned(fromByteOffset: start + 2 * column, as: Int16.self)
                        samples.append(Float(Int16(littleEndian: bits)))
                    }
                case .unsignedShort:
                    for column in 0..<width {
                        let bits = raw.loadUnaligned(fromByteOffset: start + 2 * column, as: UInt16.self)
                        samples.append(Float(UInt16(littleEndian: bits)))
                    }
                case .float:
                    for column in 0..<width {
                        let bits = raw.loadUnaligned(fromByteOffset: start + 4 * column, as: UInt32.self)
                        samples.append(Float(bitPattern: UInt32(littleEndian: bits)))
                    }
                case .rgb:
                    for column in 0..<width {
                        let pixel = start + 3 * column
                        let sum = Int(raw[pixel]) + Int(raw[pixel + 1]) + Int(raw[pixel + 2])
                        samples.append(Float(sum) / 3)
                    }
                }
            }
        }
        return samples
    }
}
