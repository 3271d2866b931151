internal import ImageFiles
internal import Raster
internal import SerialEMProtocol

/// Pixels that sixteen unsigned bits do not hold, as a client put them or a file has them.
struct SentPixels: Sendable {
    let type: PixelType
    /// Little-endian, as they travel.
    let bytes: [UInt8]

    /// Bytes as they came; nil for types that are not kept so.
    init?(type: PixelType, bytes: [UInt8]) {
        guard type != .unsignedShort, type != .rgb else { return nil }
        self.type = type
        self.bytes = bytes
    }

    /// Numbers in a type, whole and within its limits where it is a whole one; nil for the type of the virtual camera.
    init?(_ values: [Float], as type: PixelType) {
        func whole(_ low: Float, _ high: Float, _ value: Float) -> Float {
            value.isFinite ? max(low, min(high, value.rounded())) : 0
        }
        switch type {
        case .unsignedByte: self.init(type: type, bytes: values.map { UInt8(whole(0, 255, $0)) })
        case .signedShort:
            self.init(type: type, bytes: values.map { Int16(whole(-32768, 32767, $0)) }.withLittleEndianBytes { Array($0) })
        case .float: self.init(type: type, bytes: values.map(\.bitPattern).withLittleEndianBytes { Array($0) })
        case .unsignedShort, .rgb: return nil
        }
    }

    /// The pixels as real numbers.
    var values: [Float] {
        func reals<Number: FixedWidthInteger>(_ real: (Number) -> Float) -> [Float] {
            let size = MemoryLayout<Number>.size
            return bytes.withUnsafeBytes { raw in
                (0 ..< raw.count / size).map { real(Number(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * size, as: Number.self))) }
            }
        }
        return switch type {
        case .signedShort: reals { (value: Int16) in Float(value) }
        case .float: reals { (bits: UInt32) in Float(bitPattern: bits) }
        case .unsignedByte, .unsignedShort, .rgb: bytes.map { Float($0) }
        }
    }

    /// Of a section of a file; nil where it holds sixteen unsigned bits.
    init?(_ image: MRCImage) {
        switch image {
        case .uint8: self.init(image.asFloat.pixels, as: .unsignedByte)
        case .int16: self.init(image.asFloat.pixels, as: .signedShort)
        case .float32: self.init(image.asFloat.pixels, as: .float)
        case .uint16: return nil
        }
    }
}

extension Conversation {
    /// The image that follows a request, as the sixteen-bit image of the virtual camera and, in another type, as it came;
    /// nil for colour images, and when the client has gone.
    mutating func image(_ put: PutImageRequest) async throws -> (image: Raster<UInt16>, sent: SentPixels?)? {
        guard put.pixelType != .unsignedShort else {
            let pixels = try await numbers(put.width * put.height, of: UInt16.self)
            return pixels.map { (Raster(width: put.width, height: put.height, pixels: $0), nil) }
        }
        guard let bytes = try await numbers(put.byteCount, of: UInt8.self), let sent = SentPixels(type: put.pixelType, bytes: bytes) else { return nil }
        return (Raster(width: put.width, height: put.height, pixels: sent.values.map(sixteenBits)), sent)
    }
}

/// A number rounded and cut to what sixteen unsigned bits hold; 0 for none.
func sixteenBits(_ value: Float) -> UInt16 { value.isFinite ? UInt16(max(0, min(65535, value.rounded()))) : 0 }

extension ImageBuffer {
    /// The pixels as real numbers, whatever type they have.
    var floats: Raster<Float> {
        guard let values = sent?.values, values.count == image.width * image.height else { return image.map(Float.init) }
        return Raster(width: image.width, height: image.height, pixels: values)
    }
    var pixelType: PixelType { sent?.type ?? .unsignedShort }

    /// The bytes of the pixels as they travel.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        guard let sent else { return try image.pixels.withLittleEndianBytes(body) }
        return try sent.bytes.withUnsafeBytes(body)
    }

    /// New pixels of a type, the present one unless told.
    mutating func setPixels(_ new: Raster<Float>, as type: PixelType? = nil) {
        let type = type ?? pixelType
        image = new.map(sixteenBits)
        sent = SentPixels(new.pixels, as: type)
    }

    /// The image of a section of a file.
    init(_ section: MRCImage, conditions: ImageConditions, file: String? = nil, section number: Int = -1) {
        self.init(image: section.asUInt16, conditions: conditions, file: file, section: number)
        sent = SentPixels(section)
    }

    /// The image as a file of a pixel type holds it, of its own type unless told.
    func fileImage(_ type: MRCPixelType? = nil) -> MRCImage {
        let own: MRCPixelType =
            switch pixelType {
            case .unsignedByte: .uint8
            case .signedShort: .int16
            case .float: .float32
            case .unsignedShort, .rgb: .uint16
            }
        switch type ?? own {
        case .uint16: return .uint16(image)
        case .float32, .float16: return .float32(floats)
        case .uint8: return .uint8(floats.map { $0.isFinite ? UInt8(max(0, min(255, $0.rounded()))) : 0 })
        case .int16, .int8: return .int16(floats.map { $0.isFinite ? Int16(max(-32768, min(32767, $0.rounded()))) : 0 })
        }
    }
}
