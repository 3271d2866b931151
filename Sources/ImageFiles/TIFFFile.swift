import CImageCodecs
import Foundation
public import Raster

/// A grey TIFF image.
public enum TIFFImage: Sendable, Hashable {
    case grey8(Raster<UInt8>)
    case grey16(Raster<UInt16>)
}

/// Reads and writes grey TIFF images of 8 and 16 bits; of a file with several images, the first.
public enum TIFFFile {
    public static func read(_ path: String) throws(ImageFileError) -> TIFFImage {
        try RegularFile.check(path)
        var opened: OpaquePointer?
        var declared = codec_image_info()
        var reason = codec_reason()
        let status = codec_tiff_open(path, &opened, &declared, &reason)
        guard status == CODEC_OK, let opened else { throw reason.error(status, path: path, format: "TIFF") }
        defer { codec_tiff_close(opened) }
        let width = Int(declared.width)
        let height = Int(declared.height)
        guard width * height <= largestPixelCount else {
            throw .unsupported(path, "it declares \(width) x \(height) pixels")
        }
        if declared.bit_depth == 16 {
            return .grey16(Raster(width: width, height: height, pixels: try pixels(opened, width * height, path)))
        }
        return .grey8(Raster(width: width, height: height, pixels: try pixels(opened, width * height, path)))
    }

    /// Writes 8-bit grey levels; the file appears whole.
    public static func write(_ image: Raster<UInt8>, to path: String) throws(ImageFileError) {
        try write(image.pixels, width: image.width, height: image.height, to: path)
    }

    /// Writes 16-bit grey levels; the file appears whole.
    public static func write(_ image: Raster<UInt16>, to path: String) throws(ImageFileError) {
        try write(image.pixels, width: image.width, height: image.height, to: path)
    }

    private static func pixels<Sample: FixedWidthInteger>(
        _ handle: OpaquePointer, _ count: Int, _ path: String
    ) throws(ImageFileError) -> [Sample] {
        var samples = [Sample](repeating: 0, count: count)
        var reason = codec_reason()
        let status = samples.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { codec_tiff_read(handle, $0, buffer.count, &reason) } ?? 0
        }
        guard status == CODEC_OK else { throw reason.error(status, path: path, format: "TIFF") }
        return samples
    }

    private static func write<Sample: FixedWidthInteger>(
        _ samples: [Sample], width: Int, height: Int, to path: String
    ) throws(ImageFileError) {
        guard width > 0, height > 0, width <= UInt32.max, height <= UInt32.max else {
            throw .sizeMismatch(path, "a TIFF of \(width) x \(height) pixels is not possible")
        }
        let file = try TemporaryFile(for: path)
        var reason = codec_reason()
        let status = samples.withUnsafeBytes { buffer in
            buffer.baseAddress.map {
                codec_tiff_write(
                    file.temporaryPath, UInt32(width), UInt32(height), Int32(Sample.bitWidth), $0, buffer.count, &reason)
            } ?? 0
        }
        guard status == CODEC_OK else { throw reason.error(status, path: path, format: "TIFF") }
        // The codec wrote through its own descriptor of the same file; flushing ours flushes the file.
        try file.commit()
    }
}
