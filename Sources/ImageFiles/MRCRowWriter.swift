public import Units

/// Writes an MRC file of several sections row by row, all sections at once, for what is too large to be held: the probabilities of all classes of
/// a map. 32-bit floats.
///
/// The file takes its name in ``finish()``; a writer that is dropped before leaves nothing behind.
public final class MRCRowWriter {
    private let file: TemporaryFile
    private var header: MRCHeader
    private var statistics = MRCStatistics()
    private var rowsWritten = 0

    public init(path: String, width: Int, height: Int, sections: Int, pixelSize: PixelSize, labels: [String] = []) throws(ImageFileError) {
        guard width > 0, height > 0, sections > 0 else { throw .sizeMismatch(path, "an MRC file of \(width) x \(height) x \(sections) pixels is not possible") }
        header = MRCHeader(width: width, height: height, pixelType: .float32, pixelSize: pixelSize, labels: labels)
        header.sections = sections
        file = try TemporaryFile(for: path)
    }

    /// Adds the next row from the top, `[section][column]`.
    public func append(_ values: [Float]) throws(ImageFileError) {
        guard rowsWritten < header.height, values.count == header.sections * header.width else {
            throw .sizeMismatch(file.path, "row \(rowsWritten) has \(values.count) values of \(header.sections * header.width)")
        }
        statistics.add(MRCStatistics(values))
        // The file holds the bottom row first.
        let row = (header.height - 1 - rowsWritten) * header.width * 4
        let bytes = values.map(\.bitPattern.littleEndian)
        var failure: ImageFileError?
        bytes.withUnsafeBytes { all in
            do throws(ImageFileError) {
                for section in 0 ..< header.sections {
                    let start = section * header.width * 4
                    try file.write(UnsafeRawBufferPointer(rebasing: all[start ..< start + header.width * 4]), at: header.offset(ofSection: section) + row)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        rowsWritten += 1
    }

    /// Completes the file under its final name.
    public func finish() throws(ImageFileError) {
        guard rowsWritten == header.height else { throw .sizeMismatch(file.path, "only \(rowsWritten) of \(header.height) rows were given") }
        statistics.record(in: &header)
        var failure: ImageFileError?
        header.encoded.withUnsafeBytes { bytes in
            do throws(ImageFileError) { try file.write(bytes, at: 0) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.commit()
    }
}
