import CImageCodecs
public import Raster

/// Writes a PNG row by row, so that a map larger than memory can be saved.
///
/// The file takes its name in ``finish()``; a writer that is dropped before leaves nothing behind.
public final class PNGRowWriter {
    /// The samples of a pixel.
    public enum Channels: Sendable, Hashable {
        /// One byte.
        case grey
        /// One number of 16 bits.
        case grey16
        /// Red, green, blue, one byte each.
        case rgb
    }

    public let width: Int
    public let height: Int
    private let channels: Channels
    private let file: TemporaryFile
    private let handle: OpaquePointer
    private var rowsWritten = 0

    public init(path: String, width: Int, height: Int, channels: Channels) throws(ImageFileError) {
        guard width > 0, height > 0, width <= 1_000_000, height <= 1_000_000 else {
            throw .sizeMismatch(path, "a PNG of \(width) x \(height) pixels is not possible")
        }
        self.width = width
        self.height = height
        self.channels = channels
        let temporary = try TemporaryFile(for: path)
        file = temporary
        var made: OpaquePointer?
        var reason = codec_reason()
        let status = codec_png_create(
            temporary.descriptor, UInt32(width), UInt32(height), channels == .rgb ? 3 : 1, channels == .grey16 ? 16 : 8,
            &made, &reason)
        guard status == CODEC_OK, let made else { throw reason.error(status, path: path, format: "PNG") }
        handle = made
    }

    deinit { codec_png_discard(handle) }

    /// Adds one row: `width` bytes of a grey image, `3 * width` of a colour one.
    public func append(row: [UInt8]) throws(ImageFileError) { try append(samples: row, rows: 1) }

    /// Adds the rows of a grey image of the same width.
    public func append(rows image: Raster<UInt8>) throws(ImageFileError) {
        try append(samples: image.pixels, rows: image.height)
    }

    func append<Sample: FixedWidthInteger>(samples: [Sample], rows: Int) throws(ImageFileError) {
        guard rowsWritten + rows <= height else {
            throw .sizeMismatch(file.path, "row \(rowsWritten + rows) of an image of \(height) rows")
        }
        var reason = codec_reason()
        let status = samples.withUnsafeBytes { buffer in
            buffer.baseAddress.map { codec_png_append(handle, $0, buffer.count, UInt32(rows), &reason) } ?? 0
        }
        guard status == CODEC_OK else { throw reason.error(status, path: file.path, format: "PNG") }
        rowsWritten += rows
    }

    /// Completes the file under its final name.
    public func finish() throws(ImageFileError) {
        guard rowsWritten == height else {
            throw .sizeMismatch(file.path, "only \(rowsWritten) of \(height) rows were given")
        }
        var reason = codec_reason()
        let status = codec_png_finish(handle, &reason)
        guard status == CODEC_OK else { throw reason.error(status, path: file.path, format: "PNG") }
        try file.commit()
    }
}
