/// The 1024 bytes at the head of an MRC file, in the order of bytes that the file has.
struct MRCHeaderBytes: Sendable, Hashable {
    static let count = 1024
    private(set) var bytes: [UInt8]
    /// Whether numbers stand in the other order than this machine's (little-endian).
    let isBigEndian: Bool

    init(bytes: [UInt8] = Array(repeating: 0, count: MRCHeaderBytes.count), isBigEndian: Bool = false) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    func int32(_ offset: Int) -> Int32 { integer(offset) }
    func int16(_ offset: Int) -> Int16 { integer(offset) }
    func float(_ offset: Int) -> Float { Float(bitPattern: integer(offset)) }

    mutating func set(_ offset: Int, _ value: Int32) { setInteger(offset, value) }
    mutating func set(_ offset: Int, _ value: Int16) { setInteger(offset, value) }
    mutating func set(_ offset: Int, _ value: Float) { setInteger(offset, value.bitPattern) }

    /// ASCII text of a fixed field without the padding at its end.
    func text(_ offset: Int, count: Int) -> String {
        var field = bytes[offset ..< offset + count]
        if let end = field.firstIndex(of: 0) { field = field[..<end] }
        while let last = field.last, last == 0x20 { field.removeLast() }
        return String(decoding: field, as: UTF8.self)
    }

    /// Text of a fixed field: ASCII only, cut or padded with `padding`.
    mutating func setText(_ offset: Int, count: Int, _ text: String, padding: UInt8 = 0x20) {
        let ascii = text.unicodeScalars.map { $0.isASCII && $0.value >= 32 ? UInt8($0.value) : 0x3F }
        for i in 0 ..< count { bytes[offset + i] = i < ascii.count ? ascii[i] : padding }
    }

    private func integer<Number: FixedWidthInteger>(_ offset: Int) -> Number {
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        return isBigEndian ? Number(bigEndian: value) : Number(littleEndian: value)
    }

    private mutating func setInteger<Number: FixedWidthInteger>(_ offset: Int, _ value: Number) {
        let stored = isBigEndian ? value.bigEndian : value.littleEndian
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: stored, toByteOffset: offset, as: Number.self) }
    }
}

/// Where the fields of the header stand (MRC2014; Cheng et al. 2015, and IMOD's mrc_format page for its own fields).
enum MRCOffset {
    static let width = 0
    static let height = 4
    static let sections = 8
    static let mode = 12
    static let samplingX = 28
    static let samplingY = 32
    static let samplingZ = 36
    static let cellX = 40
    static let cellY = 44
    static let cellZ = 48
    static let cellAngles = 52
    static let axes = 64
    static let minimum = 76
    static let maximum = 80
    static let mean = 84
    static let spaceGroup = 88
    static let extendedHeader = 92
    static let extendedType = 104
    static let version = 108
    static let bytesPerSection = 128
    static let sectionFields = 130
    static let imodStamp = 152
    static let imodFlags = 156
    static let mapMark = 208
    static let machineStamp = 212
    static let deviation = 216
    static let labelCount = 220
    static let labels = 224
    static let labelLength = 80
    static let labelCapacity = 10
    /// "IMOD" as a little-endian number: the flags beside it count.
    static let imodStampValue: Int32 = 1_146_047_817
}
