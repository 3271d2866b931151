/// One value that a command reports.
public enum ReportedValue: Sendable, Hashable {
    /// A number; SerialEM sends indices and flags as numbers too.
    case number(Double)
    /// A text.
    case text(String)

    /// The number, if it is one.
    public var number: Double? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The text, if it is one.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }
}

/// The reply to a command.
///
/// ```
/// long  length | long  0 | long  index of the last value, -1 for none | long  status | long  A
/// n longs, 1 for a text | n doubles | the texts, each ended by a zero byte | 2...5 bytes of padding
/// ```
public struct CommandReply: Sendable, Hashable {
    /// SerialEM's own client refuses more.
    public static let maximumValues = 6

    /// What the command reports, in order.
    public var values: [ReportedValue]
    /// Whether it did its work.
    public var status: CommandStatus

    /// Makes a reply.
    public init(values: [ReportedValue] = [], status: CommandStatus = .success) {
        self.values = values
        self.status = status
    }

    /// The whole packet.
    public func encoded() throws(ProtocolError) -> [UInt8] {
        guard values.count <= Self.maximumValues else {
            throw ProtocolError(.badField, "A reply carries at most \(Self.maximumValues) values.")
        }
        var body = PacketWriter()
        if values.isEmpty {
            body.long(0)
        } else {
            for value in values { body.long(value.text == nil ? 0 : 1) }
            for value in values { body.double(value.number ?? 0) }
            for case .text(let text) in values { try body.text(text) }
            body.padLongArray()
        }
        var packet = PacketWriter()
        packet.long(Int32(20 + body.bytes.count))
        packet.long(ReturnStatus.handled.rawValue)
        packet.long(Int32(values.count - 1))
        packet.long(status.rawValue)
        packet.long(Int32(body.bytes.count / 4))
        packet.append(body.bytes)
        return packet.bytes
    }

    /// Reads a whole packet; a bare reply with a negative return value becomes the error ``ProtocolError/Code/refused(_:)``.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> CommandReply {
        var fields = try replyFields(packet, atLeast: 20, exactly: false)
        let last = Int(try fields.long())
        let status = CommandStatus(rawValue: try fields.long())
        let arrayLength = Int(try fields.long())
        guard arrayLength >= 0, packet.count == 20 + 4 * arrayLength else {
            throw ProtocolError(
                .inconsistentLength, "A reply of \(packet.count) bytes says that \(arrayLength) longs follow its header.")
        }
        guard (-1..<maximumValues).contains(last) else {
            throw ProtocolError(.badField, "A reply says that its last value has index \(last).")
        }
        let count = last + 1
        var isText: [Bool] = []
        for _ in 0..<count { isText.append(try fields.long() != 0) }
        var numbers: [Double] = []
        for _ in 0..<count { numbers.append(try fields.double()) }
        var values: [ReportedValue] = []
        for index in 0..<count { values.append(isText[index] ? .text(try fields.text()) : .number(numbers[index])) }
        return CommandReply(values: values, status: status)
    }
}

/// Checks the beginning of a reply: its length, and that it is not a refusal.
func replyFields(_ packet: [UInt8], atLeast fixed: Int, exactly: Bool) throws(ProtocolError) -> PacketFields {
    try checkLength(packet, atLeast: 8, exactly: false)
    var fields = PacketFields(packet, from: 4)
    let status = ReturnStatus(rawValue: try fields.long())
    if status != .handled {
        throw ProtocolError(.refused(status), "The request was refused with return value \(status.rawValue).")
    }
    try checkLength(packet, atLeast: fixed, exactly: exactly)
    return fields
}
