/// Appends the little-endian fields of a packet.
struct PacketWriter {
    private(set) var bytes: [UInt8] = []

    mutating func long(_ value: Int32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

    mutating func double(_ value: Double) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func text(_ value: String) throws(ProtocolError) {
        if value.utf8.contains(0) { throw ProtocolError(.badField, "A text for SerialEM contains a zero byte.") }
        bytes.append(contentsOf: value.utf8)
        bytes.append(0)
    }

    /// Pads a long array with zeros as SerialEM does, always by two to five bytes.
    mutating func padLongArray() {
        bytes.append(contentsOf: repeatElement(0, count: 4 * ((bytes.count + 5) / 4) - bytes.count))
    }

    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// A packet of fixed fields: its length, then the fields.
    static func packet(_ fields: [Int32]) -> [UInt8] {
        var writer = PacketWriter()
        writer.long(Int32(4 + 4 * fields.count))
        for field in fields { writer.long(field) }
        return writer.bytes
    }
}

/// Reads the little-endian fields of a packet; every read is checked against the end.
struct PacketFields {
    let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], from position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func long() throws(ProtocolError) -> Int32 {
        Int32(bitPattern: UInt32(truncatingIfNeeded: try word(byteCount: 4)))
    }

    mutating func double() throws(ProtocolError) -> Double { Double(bitPattern: try word(byteCount: 8)) }

    mutating func text() throws(ProtocolError) -> String {
        guard let end = bytes[position...].firstIndex(of: 0) else {
            throw ProtocolError(.inconsistentLength, "A text in the packet has no end.")
        }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    mutating func skip(_ count: Int) throws(ProtocolError) {
        guard count <= bytes.count - position else { throw tooShort }
        position += count
    }

    private mutating func word(byteCount: Int) throws(ProtocolError) -> UInt64 {
        guard byteCount <= bytes.count - position else { throw tooShort }
        defer { position += byteCount }
        return bytes[position..<position + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private var tooShort: ProtocolError {
        ProtocolError(.tooShort, "The packet of \(bytes.count) bytes ends before its fields do.")
    }
}

/// Checks the length field of a packet against the bytes at hand, and their number against the fixed part.
func checkLength(_ packet: [UInt8], atLeast fixed: Int, exactly: Bool) throws(ProtocolError) {
    guard packet.count >= max(8, exactly ? 8 : fixed) else {
        throw ProtocolError(.tooShort, "A packet of \(packet.count) bytes is too short; \(fixed) were expected.")
    }
    var fields = PacketFields(packet, from: 0)
    let length = try fields.long()
    guard length == packet.count else {
        throw ProtocolError(.inconsistentLength, "A packet of \(packet.count) bytes says that it has \(length).")
    }
    guard packet.count >= fixed else {
        throw ProtocolError(.tooShort, "A packet of \(packet.count) bytes is too short; \(fixed) were expected.")
    }
    if exactly, packet.count != fixed {
        throw ProtocolError(.inconsistentLength, "A packet of \(packet.count) bytes should have \(fixed).")
    }
}
