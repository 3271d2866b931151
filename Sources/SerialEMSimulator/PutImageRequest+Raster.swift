internal import Raster
internal import SerialEMProtocol

/// An image as a client put it, where sixteen unsigned bits do not hold its pixels.
struct SentPixels: Sendable {
    let type: PixelType
    let bytes: [UInt8]
    let values: [Float]
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
        let pixels = values.map { $0.isFinite ? UInt16(max(0, min(65535, $0.rounded()))) : 0 }
        return (
            Raster(width: width, height: height, pixels: pixels),
            SentPixels(type: pixelType, bytes: Array(bytes[..<byteCount]), values: values)
        )
    }
}
