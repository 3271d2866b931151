import Raster
public import Units

/// An MRC file open for reading, section by section; the stack is never loaded whole.
///
/// The file may still grow: a section that is not complete yet is reported as truncated.
public final class MRCFile {
    public let header: MRCHeader
    private let file: FileDescriptor

    /// Opens a file and reads its header.
    public init(path: String) throws(ImageFileError) {
        file = try FileDescriptor.reading(path)
        let size = try file.size()
        guard size >= MRCHeaderBytes.count else {
            throw .truncated(path, expected: MRCHeaderBytes.count, found: size)
        }
        header = try MRCHeader(bytes: try file.read(UInt8.self, count: MRCHeaderBytes.count, at: 0), path: path)
    }

    /// The header alone.
    public static func header(_ path: String) throws(ImageFileError) -> MRCHeader { try MRCFile(path: path).header }

    /// One section, counted from 0, top row first.
    public static func read(_ path: String, section: Int = 0) throws(ImageFileError) -> MRCImage {
        try MRCFile(path: path).read(section: section)
    }

    /// Writes a file of one section; it appears whole.
    public static func write(
        _ image: MRCImage, to path: String, pixelSize: PixelSize, labels: [String] = []
    ) throws(ImageFileError) {
        var header = MRCHeader(
            width: image.width, height: image.height, pixelType: image.pixelType, pixelSize: pixelSize, labels: labels)
        guard image.width > 0, image.height > 0 else { throw .sizeMismatch(path, "the image has no pixels") }
        let section = MRCSectionBytes(image)
        header.sections = 1
        section.statistics.record(in: &header)
        try WholeFile.write(to: path) { file throws(ImageFileError) in
            try file.append(header.encoded)
            try file.append(section.bytes)
        }
    }

    /// Refuses a file that ends before the last section that its header counts.
    public func requireAllSections() throws(ImageFileError) {
        let expected = header.offset(ofSection: header.sections)
        let size = try file.size()
        guard size >= expected else { throw .truncated(file.path, expected: expected, found: size) }
    }

    /// One section, counted from 0, top row first.
    public func read(section: Int) throws(ImageFileError) -> MRCImage {
        try read(section: section, rows: 0 ..< header.height)
    }

    /// Some rows of a section, counted from the top.
    public func read(section: Int, rows wanted: Range<Int>) throws(ImageFileError) -> MRCImage {
        let begin = try offset(ofWhole: section)
        guard wanted.lowerBound >= 0, wanted.upperBound <= header.height else {
            throw .sizeMismatch(file.path, "rows \(wanted) of images of \(header.height) rows")
        }
        // The file holds the bottom row first.
        let bytesPerRow = header.width * header.pixelType.byteCount
        let offset = begin + (header.height - wanted.upperBound) * bytesPerRow
        let count = wanted.count
        switch header.pixelType {
        case .uint8: return .uint8(try rows(count, at: offset))
        case .int8:
            let image: Raster<Int8> = try rows(count, at: offset)
            return .int16(image.map { Int16($0) })
        case .int16: return .int16(try rows(count, at: offset).map { Int16(bitPattern: $0) })
        case .uint16: return .uint16(try rows(count, at: offset))
        case .float16:
            let image: Raster<UInt16> = try rows(count, at: offset)
            return .float32(image.map { Float(Float16(bitPattern: $0)) })
        case .float32:
            let image: Raster<UInt32> = try rows(count, at: offset)
            return .float32(image.map { Float(bitPattern: $0) })
        }
    }

    /// What SerialEM's extended header tells of a section; empty where there is none.
    public func metadata(section: Int) throws(ImageFileError) -> SerialEMSectionMetadata {
        try requireSection(section)
        guard let fields = header.extendedFields,
            (section + 1) * header.bytesPerSection <= header.extendedHeaderBytes
        else { return SerialEMSectionMetadata() }
        let bytes = try file.read(
            UInt8.self, count: header.bytesPerSection, at: MRCHeaderBytes.count + section * header.bytesPerSection)
        return SerialEMSectionMetadata(bytes: bytes, fields: fields, isBigEndian: header.isBigEndian)
    }

    /// Where the pixels of a section begin that is there to its end.
    func offset(ofWhole section: Int) throws(ImageFileError) -> Int {
        try requireSection(section)
        let begin = header.offset(ofSection: section)
        let size = try file.size()
        guard size >= begin + header.bytesPerImage else { throw .truncated(file.path, expected: begin + header.bytesPerImage, found: size) }
        return begin
    }

    /// Bytes as they lie in the file.
    func bytes(count: Int, at offset: Int) throws(ImageFileError) -> [UInt8] { try file.read(UInt8.self, count: count, at: offset) }

    private func requireSection(_ section: Int) throws(ImageFileError) {
        guard (0 ..< header.sections).contains(section) else {
            throw .noSuchSection(file.path, section: section, sections: header.sections)
        }
    }

    private func rows<Sample: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int, at offset: Int
    ) throws(ImageFileError) -> Raster<Sample> {
        var samples = try file.read(Sample.self, count: header.width * count, at: offset)
        flipRows(&samples, width: header.width, height: count)
        if header.isBigEndian { for i in samples.indices { samples[i] = Sample(bigEndian: samples[i]) } }
        return Raster(width: header.width, height: count, pixels: samples)
    }
}

/// Turns the order of the rows round, in place.
func flipRows<Sample>(_ samples: inout [Sample], width: Int, height: Int) {
    samples.withUnsafeMutableBufferPointer { buffer in
        for y in 0 ..< height / 2 {
            let low = y * width
            let high = (height - 1 - y) * width
            for x in 0 ..< width { buffer.swapAt(low + x, high + x) }
        }
    }
}
