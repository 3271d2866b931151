public import Units

/// Writes an MRC stack section by section; the file is a valid one after each of them.
public final class MRCWriter {
    /// The header as it stands in the file.
    public private(set) var header: MRCHeader
    private var file: FileDescriptor?
    private let path: String
    private var statistics: MRCStatistics

    /// The number of sections in the file.
    public var sections: Int { header.sections }

    /// Starts a new file, in place of one that exists.
    ///
    /// `fields` are what the extended header tells of each section; its length is fixed by `capacity`, the number of
    /// sections that the file may get. Without fields there is no limit.
    public init(
        path: String, width: Int, height: Int, pixelType: MRCPixelType, pixelSize: PixelSize,
        fields: SerialEMSectionFields = [], capacity: Int = 0, labels: [String] = []
    ) throws(ImageFileError) {
        guard pixelType != .int8, pixelType != .float16 else {
            throw .unsupported(path, "pixels of type \(pixelType) are only read")
        }
        guard (1 ... 1_000_000).contains(width), (1 ... 1_000_000).contains(height), capacity >= 0,
            fields.isEmpty || capacity > 0
        else {
            throw .sizeMismatch(path, "an MRC file of \(width) x \(height) pixels, \(capacity) sections is not possible")
        }
        self.path = path
        statistics = MRCStatistics()
        header = MRCHeader(width: width, height: height, pixelType: pixelType, pixelSize: pixelSize, labels: labels)
        if !fields.isEmpty {
            header.extendedHeaderType = "SERI"
            header.extendedFields = fields
            header.bytesPerSection = fields.byteCount
            header.extendedHeaderBytes = fields.byteCount * capacity
        }
        let created = try FileDescriptor.creating(path, exclusive: false)
        file = created
        try created.write(header.encoded, at: 0)
        try created.write([UInt8](repeating: 0, count: header.extendedHeaderBytes), at: MRCHeaderBytes.count)
    }

    /// Continues a file that exists.
    public init(appendingTo path: String) throws(ImageFileError) {
        self.path = path
        header = try MRCFile.header(path)
        guard header.pixelType != .int8, header.pixelType != .float16 else {
            throw .unsupported(path, "pixels of type \(header.pixelType) are only read")
        }
        statistics = MRCStatistics(header)
        let opened = try FileDescriptor.updating(path)
        file = opened
        let size = try opened.size()
        let expected = header.offset(ofSection: header.sections)
        guard size >= expected else { throw .truncated(path, expected: expected, found: size) }
    }

    /// Adds a section. The image must have the size and the pixel type of the file.
    public func append(
        _ image: MRCImage, metadata: SerialEMSectionMetadata = SerialEMSectionMetadata()
    ) throws(ImageFileError) {
        guard let file else { throw .sizeMismatch(path, "the file is closed") }
        guard image.width == header.width, image.height == header.height, image.pixelType == header.pixelType else {
            throw .sizeMismatch(
                path,
                """
                an image of \(image.width) x \(image.height) pixels of type \(image.pixelType) does not fit a file of \
                \(header.width) x \(header.height) pixels of type \(header.pixelType)
                """)
        }
        let section = MRCSectionBytes(image, isBigEndian: header.isBigEndian)
        var next = header
        var sum = statistics
        if let fields = header.extendedFields {
            let offset = header.sections * header.bytesPerSection
            guard offset + header.bytesPerSection <= header.extendedHeaderBytes else {
                throw .sizeMismatch(path, "its extended header has room for \(header.sections) sections only")
            }
            try file.write(
                metadata.encoded(fields: fields, isBigEndian: header.isBigEndian), at: MRCHeaderBytes.count + offset)
        }
        // The pixels first: a reader that looks at the header meanwhile never counts a section that is not there.
        try file.write(section.bytes, at: header.offset(ofSection: header.sections))
        sum.add(section.statistics)
        next.sections += 1
        sum.record(in: &next)
        try file.write(next.encoded, at: 0)
        header = next
        statistics = sum
    }

    /// Flushes the file to the disk and lets it go; nothing can be added afterwards.
    public func close() throws(ImageFileError) {
        try file?.synchronize()
        file = nil
    }
}
