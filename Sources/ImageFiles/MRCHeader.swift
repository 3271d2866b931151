public import Units

/// The header of an MRC file: MRC2014 with the fields that SerialEM and IMOD add.
public struct MRCHeader: Sendable, Hashable {
    public var width: Int
    public var height: Int
    /// The number of images.
    public var sections: Int
    public var pixelType: MRCPixelType
    /// From the size of the cell; zero where the file does not tell.
    public var pixelSize: PixelSize
    /// The smallest grey level. Unknown where it is not below ``maximum``.
    public var minimum: Float
    /// The largest grey level.
    public var maximum: Float
    /// The mean grey level. Unknown where it is below both others.
    public var mean: Float
    /// The standard deviation of the grey levels, negative where unknown.
    public var deviation: Float
    /// At most ten titles of at most 80 ASCII characters.
    public var labels: [String]
    /// Bytes between the header and the first image.
    public var extendedHeaderBytes: Int
    /// The four characters that name the kind of extended header: "SERI", "FEI2", or empty.
    public var extendedHeaderType: String
    /// Bytes of the extended header for each section, if it is SerialEM's.
    public var bytesPerSection: Int
    /// What SerialEM's extended header tells of each section; nil where there is none.
    public var extendedFields: SerialEMSectionFields?
    /// All other fields, as read.
    private var rest: MRCHeaderBytes

    /// A header of a new, empty file.
    public init(width: Int, height: Int, pixelType: MRCPixelType, pixelSize: PixelSize, labels: [String] = []) {
        self.width = width
        self.height = height
        sections = 0
        self.pixelType = pixelType
        self.pixelSize = pixelSize
        minimum = 0
        maximum = -1
        mean = -2
        deviation = -1
        self.labels = labels
        extendedHeaderBytes = 0
        extendedHeaderType = ""
        bytesPerSection = 0
        rest = MRCHeaderBytes()
    }

    /// Whether the numbers of the file are in the other order than this machine's.
    var isBigEndian: Bool { rest.isBigEndian }
    var bytesPerImage: Int { width * height * pixelType.byteCount }
    /// Where a section starts in the file.
    func offset(ofSection section: Int) -> Int { MRCHeaderBytes.count + extendedHeaderBytes + section * bytesPerImage }
}

extension MRCHeader {
    /// Reads 1024 bytes. Files older than MRC2014, without the word MAP, are accepted.
    init(bytes: [UInt8], path: String) throws(ImageFileError) {
        guard bytes.count == MRCHeaderBytes.count else {
            throw .truncated(path, expected: MRCHeaderBytes.count, found: bytes.count)
        }
        let raw = MRCHeaderBytes(bytes: bytes, isBigEndian: Self.isBigEndian(bytes))
        rest = raw
        width = Int(raw.int32(MRCOffset.width))
        height = Int(raw.int32(MRCOffset.height))
        sections = Int(raw.int32(MRCOffset.sections))
        extendedHeaderBytes = Int(raw.int32(MRCOffset.extendedHeader))
        let mode = raw.int32(MRCOffset.mode)
        guard (1 ... 1_000_000).contains(width), (1 ... 1_000_000).contains(height), sections >= 0,
            extendedHeaderBytes >= 0, (0 ... 101).contains(mode)
        else {
            throw .wrongFormat(
                path, "MRC", "its header declares \(width) x \(height) x \(sections) pixels of mode \(mode)")
        }
        guard width * height <= largestPixelCount else {
            throw .unsupported(path, "it declares \(width) x \(height) pixels")
        }
        let hasIMODFlags = raw.int32(MRCOffset.imodStamp) == MRCOffset.imodStampValue
        switch mode {
        // Without IMOD's stamp a byte is signed, as MRC2014 has it; with it, bit 0 of the flags decides.
        case 0: pixelType = hasIMODFlags && raw.int32(MRCOffset.imodFlags) & 1 == 0 ? .uint8 : .int8
        case 1: pixelType = .int16
        case 2: pixelType = .float32
        case 6: pixelType = .uint16
        case 12: pixelType = .float16
        default: throw .unsupported(path, "pixels of mode \(mode) are not read, only 0, 1, 2, 6 and 12")
        }
        let sampling = raw.int32(MRCOffset.samplingX)
        let cell = Double(raw.float(MRCOffset.cellX))
        pixelSize = PixelSize(sampling > 0 && cell.isFinite && cell > 0 ? cell / Double(sampling) / 10 : 0)
        minimum = raw.float(MRCOffset.minimum)
        maximum = raw.float(MRCOffset.maximum)
        mean = raw.float(MRCOffset.mean)
        deviation = raw.float(MRCOffset.deviation)
        let labelCount = Int(raw.int32(MRCOffset.labelCount))
        labels = (0 ..< max(0, min(labelCount, MRCOffset.labelCapacity))).map {
            raw.text(MRCOffset.labels + $0 * MRCOffset.labelLength, count: MRCOffset.labelLength)
        }
        extendedHeaderType = raw.text(MRCOffset.extendedType, count: 4)
        bytesPerSection = Int(raw.int16(MRCOffset.bytesPerSection))
        let flags = raw.int16(MRCOffset.sectionFields)
        let fields = SerialEMSectionFields(rawValue: flags)
        // Before 2015 SerialEM gave no type; IMOD then trusts the two numbers if they agree, and so do we.
        let isSerialEM = extendedHeaderType == "SERI" || extendedHeaderType.isEmpty
        let agrees = bytesPerSection > 0 && flags > 0 && flags < 64 && fields.byteCount == bytesPerSection
        extendedFields = extendedHeaderBytes > 0 && isSerialEM && agrees ? fields : nil
    }

    /// The machine stamp tells the order of bytes; where it is missing, the order in which the mode makes sense.
    private static func isBigEndian(_ bytes: [UInt8]) -> Bool {
        switch (bytes[MRCOffset.machineStamp], bytes[MRCOffset.machineStamp + 1]) {
        case (0x44, 0x44), (0x44, 0x41): return false
        case (0x11, 0x11): return true
        default:
            let mode = MRCHeaderBytes(bytes: bytes).int32(MRCOffset.mode)
            return !(0 ... 1024).contains(mode)
        }
    }

    /// The 1024 bytes; fields that this type does not name stay as they were read.
    var encoded: [UInt8] {
        var out = rest
        for (offset, value) in [
            (MRCOffset.width, width), (MRCOffset.height, height), (MRCOffset.sections, sections),
            (MRCOffset.samplingX, width), (MRCOffset.samplingY, height), (MRCOffset.samplingZ, max(1, sections)),
            (MRCOffset.axes, 1), (MRCOffset.axes + 4, 2), (MRCOffset.axes + 8, 3), (MRCOffset.spaceGroup, 0),
            (MRCOffset.extendedHeader, extendedHeaderBytes), (MRCOffset.version, 20140),
            (MRCOffset.imodFlags, pixelType == .int8 ? 1 : 0), (MRCOffset.labelCount, storedLabels.count),
        ] {
            out.set(offset, Int32(clamping: value))
        }
        out.set(MRCOffset.mode, pixelType.mode)
        out.set(MRCOffset.imodStamp, MRCOffset.imodStampValue)
        let angstroms = Float(pixelSize.value * 10)
        out.set(MRCOffset.cellX, angstroms * Float(width))
        out.set(MRCOffset.cellY, angstroms * Float(height))
        out.set(MRCOffset.cellZ, angstroms * Float(max(1, sections)))
        for axis in 0 ..< 3 { out.set(MRCOffset.cellAngles + 4 * axis, Float(90)) }
        out.set(MRCOffset.minimum, minimum)
        out.set(MRCOffset.maximum, maximum)
        out.set(MRCOffset.mean, mean)
        out.set(MRCOffset.deviation, deviation)
        out.setText(MRCOffset.extendedType, count: 4, extendedHeaderType, padding: 0)
        if let extendedFields {
            out.set(MRCOffset.bytesPerSection, Int16(clamping: bytesPerSection))
            out.set(MRCOffset.sectionFields, extendedFields.rawValue)
        }
        out.setText(MRCOffset.mapMark, count: 4, "MAP ")
        out.set(MRCOffset.machineStamp, isBigEndian ? Int32(0x1111_0000) : Int32(0x4144))
        for i in 0 ..< MRCOffset.labelCapacity {
            let label = i < storedLabels.count ? storedLabels[i] : ""
            out.setText(MRCOffset.labels + i * MRCOffset.labelLength, count: MRCOffset.labelLength, label)
        }
        return out.bytes
    }

    /// Readers want no empty label between others.
    private var storedLabels: [String] {
        Array(labels.filter { !$0.allSatisfy(\.isWhitespace) }.prefix(MRCOffset.labelCapacity))
    }
}
