internal import Raster
internal import SerialEMProtocol

extension PutImageRequest {
    /// The image that follows the request, as the sixteen-bit image of the virtual camera; nil for colour images.
    func image(_ bytes: [UInt8]) -> Raster<UInt16>? {
        let count = width * height
        guard bytes.count >= byteCount, count > 0 else { return nil }
        func word(_ i: Int) -> UInt16 { UInt16(bytes[2 * i]) | UInt16(bytes[2 * i + 1]) << 8 }
        func clamped(_ value: Float) -> UInt16 { value.isFinite ? UInt16(max(0, min(65535, value.rounded()))) : 0 }
        let pixels: [UInt16]
        switch pixelType {
        case .unsignedByte: pixels = bytes[..<count].map { UInt16($0) }
        case .unsignedShort: pixels = (0 ..< count).map { word($0) }
        case .signedShort: pixels = (0 ..< count).map { UInt16(max(0, Int16(bitPattern: word($0)))) }
        case .float:
            pixels = (0 ..< count).map {
                clamped(Float(bitPattern: UInt32(word(2 * $0)) | UInt32(word(2 * $0 + 1)) << 16))
            }
        case .rgb: return nil
        }
        return Raster(width: width, height: height, pixels: pixels)
    }
}
