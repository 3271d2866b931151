import CImageCodecs
public import Raster

/// What a PNG file declares, before any conversion.
public struct PNGInformation: Sendable, Hashable {
    public var width: Int
    public var height: Int
    /// Bits per sample: 1, 2, 4, 8 or 16.
    public var bitDepth: Int
    /// Samples per pixel; 3 for a palette.
    public var channels: Int
}

/// A colour image: red, green and blue of each pixel in turn, top row first.
public struct RGBImage: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// `3 * width * height` values.
    public var pixels: [UInt8]

    /// An image of given pixels; `pixels.count` must be `3 * width * height`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == 3 * width * height, "a colour image needs 3 * width * height values")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// Reads and writes PNG images.
public enum PNGFile {
    /// What the file declares about its image.
    public static func information(_ path: String) throws(ImageFileError) -> PNGInformation {
        try PNGReader(path).information
    }

    /// Grey levels of 8 bits. Of 16 bits the high byte is taken, of colours the luminance.
    public static func readGrey(_ path: String) throws(ImageFileError) -> Raster<UInt8> {
        let reader = try PNGReader(path)
        let pixels: [UInt8] = try reader.read(as: CODEC_AS_GREY8, samples: 1)
        return Raster(width: reader.information.width, height: reader.information.height, pixels: pixels)
    }

    /// Grey levels of up to 16 bits; levels of an 8-bit file stay within 0...255.
    public static func readGrey16(_ path: String) throws(ImageFileError) -> Raster<UInt16> {
        let reader = try PNGReader(path)
        let pixels: [UInt16] = try reader.read(as: CODEC_AS_GREY16, samples: 1)
        return Raster(width: reader.information.width, height: reader.information.height, pixels: pixels)
    }

    /// Colours of 8 bits per channel, without transparency.
    public static func readRGB(_ path: String) throws(ImageFileError) -> RGBImage {
        let reader = try PNGReader(path)
        let pixels: [UInt8] = try reader.read(as: CODEC_AS_RGB8, samples: 3)
        return RGBImage(width: reader.information.width, height: reader.information.height, pixels: pixels)
    }

    /// Writes grey levels of 8 bits; the file appears whole.
    public static func write(_ image: Raster<UInt8>, to path: String) throws(ImageFileError) {
        let writer = try PNGRowWriter(path: path, width: image.width, height: image.height, channels: .grey)
        try writer.append(rows: image)
        try writer.finish()
    }

    /// Writes grey levels of 16 bits; the file appears whole.
    public static func write(_ image: Raster<UInt16>, to path: String) throws(ImageFileError) {
        let writer = try PNGRowWriter(path: path, width: image.width, height: image.height, channels: .grey16)
        try writer.append(samples: image.pixels, rows: image.height)
        try writer.finish()
    }

    /// Writes colours; the file appears whole.
    public static func write(_ image: RGBImage, to path: String) throws(ImageFileError) {
        let writer = try PNGRowWriter(path: path, width: image.width, height: image.height, channels: .rgb)
        try writer.append(samples: image.pixels, rows: image.height)
        try writer.finish()
    }
}

/// One open PNG file.
private final class PNGReader {
    let information: PNGInformation
    private let path: String
    private let handle: OpaquePointer

    init(_ path: String) throws(ImageFileError) {
        try RegularFile.check(path)
        var opened: OpaquePointer?
        var declared = codec_image_info()
        var reason = codec_reason()
        let status = codec_png_open(path, &opened, &declared, &reason)
        guard status == CODEC_OK, let opened else { throw reason.error(status, path: path, format: "PNG") }
        handle = opened
        self.path = path
        information = PNGInformation(
            width: Int(declared.width), height: Int(declared.height), bitDepth: Int(declared.bit_depth),
            channels: Int(declared.channels))
    }

    deinit { codec_png_close(handle) }

    func read<Sample: FixedWidthInteger>(as form: Int, samples: Int) throws(ImageFileError) -> [Sample] {
        let count = information.width * information.height
        guard count <= largestPixelCount else {
            throw .unsupported(path, "it declares \(information.width) x \(information.height) pixels")
        }
        var pixels = [Sample](repeating: 0, count: count * samples)
        var reason = codec_reason()
        let status = pixels.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { codec_png_read(handle, Int32(form), $0, buffer.count, &reason) } ?? 0
        }
        guard status == CODEC_OK else { throw reason.error(status, path: path, format: "PNG") }
        return pixels
    }
}
