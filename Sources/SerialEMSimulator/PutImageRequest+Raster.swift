internal import ImageFiles
internal import Raster
internal import SerialEMProtocol

/// Pixels that sixteen unsigned bits do not hold, as a client put them or a file has them.
struct SentPixels: Sendable {
    let type: PixelType
    /// Little-endian, as they travel.
    let bytes: [UInt8]
    let values: [Float]

    init(type: PixelType, bytes: [UInt8], values: [Float]) {
        self.type = type
        self.bytes = bytes
        self.values = values
    }

    /// Numbers in a type, whole and within its limits where it is a whole one; nil for the type of the virtual camera.
    init?(_ values: [Float], as type: PixelType) {
        func whole(_ low: Float, _ high: Float) -> [Float] {
            values.map { $0.isFinite ? max(low, min(high, $0.rounded())) : 0 }
        }
        switch type {
        case .unsignedByte:
            let numbers = whole(0, 255)
            self.init(type: type, bytes: numbers.map { UInt8($0) }, values: numbers)
        case .signedShort:
            let numbers = whole(-32768, 32767)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(2 * numbers.count)
            for number in numbers {
                let bits = UInt16(bitPattern: Int16(number))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            }
            self.init(type: type, bytes: bytes, values: numbers)
        case .float:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(4 * values.count)
            for value in values {
                let bits = value.bitPattern
                for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
            }
            self.init(type: type, bytes: bytes, values: values)
        case .unsignedShort, .rgb: return nil
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

extension PutImageRequest {
    /// The image that follows the request, as the sixteen-bit image of the virtual camera and, in another type, as it came;
    /// nil for colour images.
    func image(_ bytes: [UInt8]) -> (image: Raster<UInt16>, sent: SentPixels?)? {
        let count = width * height
        guard bytes.count >= byteCount, count > 0 else { return nil }
        func word(_ i: Int) -> UInt16 { UInt16(bytes[2 * i]) | UInt16(bytes[2 * i + 1]) << 8 }
        let values: [Float]
        switch pixelType {
        case .unsignedByte: values = bytes[..<count].map { Float($0) }
        case .unsignedShort: return (Raster(width: width, height: height, pixels: (0 ..< count).map { word($0) }), nil)
        case .signedShort: values = (0 ..< count).map { Float(Int16(bitPattern: word($0))) }
        case .float: values = (0 ..< count).map { Float(bitPattern: UInt32(word(2 * $0)) | UInt32(word(2 * $0 + 1)) << 16) }
        case .rgb: return nil
        }
        return (
            Raster(width: width, height: height, pixels: values.map(sixteenBits)),
            SentPixels(type: pixelType, bytes: Array(bytes[..<byteCount]), values: values)
        )
    }
}

/// A number rounded and cut to what sixteen unsigned bits hold; 0 for none.
func sixteenBits(_ value: Float) -> UInt16 { value.isFinite ? UInt16(max(0, min(65535, value.rounded()))) : 0 }

extension ImageBuffer {
    /// The pixels as real numbers, whatever type they have.
    var floats: Raster<Float> {
        guard let sent, sent.values.count == image.width * image.height else { return image.map(Float.init) }
        return Raster(width: image.width, height: image.height, pixels: sent.values)
    }
    var pixelType: PixelType { sent?.type ?? .unsignedShort }

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
