/// A script command for SerialEM with its arguments, function 1 of the protocol.
///
/// ```
/// long  length of the packet, these four bytes included
/// long  1
/// long  function code of the command
/// long  N, the number of arguments
/// long  A, the length of what follows in longs
/// N+1 longs of zero | N+1 doubles | N+1 texts, each ended by a zero byte | 2...5 bytes of padding
/// ```
/// Item 0 of each part stands for the command itself and is empty. Without arguments A is 1 and four zero bytes follow.
public struct CommandRequest: Sendable, Hashable {
    /// SerialEM keeps arguments in an array of 20 without checking: item 0 and these.
    public static let maximumArguments = 19

    /// The function code of the command.
    public var code: Int32
    /// The arguments in order.
    public var arguments: [Argument]

    /// Makes a request.
    public init(code: Int32, arguments: [Argument] = []) {
        self.code = code
        self.arguments = arguments
    }

    /// The whole packet.
    public func encoded() throws(ProtocolError) -> [UInt8] {
        guard arguments.count <= Self.maximumArguments else {
            throw ProtocolError(.badField, "A command takes at most \(Self.maximumArguments) arguments.")
        }
        var body = PacketWriter()
        if arguments.isEmpty {
            body.long(0)
        } else {
            for _ in 0...arguments.count { body.long(0) }
            body.double(0)
            for argument in arguments {
                guard argument.number.isFinite else {
                    throw ProtocolError(.badField, "\(argument.number) is not a number that SerialEM can take.")
                }
                body.double(argument.number)
            }
            try body.text("")
            for argument in arguments { try body.text(argument.text) }
            body.padLongArray()
        }
        var packet = PacketWriter()
        packet.long(Int32(20 + body.bytes.count))
        packet.long(SocketFunction.regularCommand)
        packet.long(code)
        packet.long(Int32(arguments.count))
        packet.long(Int32(body.bytes.count / 4))
        packet.append(body.bytes)
        return packet.bytes
    }

    /// Reads a whole packet. The integers and the padding are ignored, because SerialEM's own client leaves them undefined.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> CommandRequest {
        try checkLength(packet, atLeast: 20, exactly: false)
        var fields = PacketFields(packet, from: 4)
        guard try fields.long() == SocketFunction.regularCommand else {
            throw ProtocolError(.unknownFunction, "The packet is not a command.")
        }
        let code = try fields.long()
        let count = Int(try fields.long())
        let arrayLength = Int(try fields.long())
        guard arrayLength >= 0, packet.count == 20 + 4 * arrayLength else {
            throw ProtocolError(
                .inconsistentLength, "A command of \(packet.count) bytes says that \(arrayLength) longs follow its header.")
        }
        guard (0...maximumArguments).contains(count) else {
            throw ProtocolError(.badField, "A command says that it has \(count) arguments.")
        }
        if count == 0 { return CommandRequest(code: code) }
        try fields.skip(4 * (count + 1) + 8)
        var numbers: [Double] = []
        for _ in 0..<count { numbers.append(try fields.double()) }
        _ = try fields.text()
        var arguments: [Argument] = []
        for number in numbers { arguments.append(Argument(number: number, text: try fields.text())) }
        return CommandRequest(code: code, arguments: arguments)
    }
}
