public import SerialEMProtocol

/// A script command ready to be sent: what it is called, what it does to the microscope and how long it may take.
public struct SerialEMCommand: Sendable, Hashable {
    /// What repeating the command would do.
    public enum Kind: Sendable, Hashable {
        /// It only reads, so it can be repeated freely.
        case reading
        /// It sets something to a given state, so repeating it changes nothing.
        case repeatable
        /// It exposes the specimen, moves by a difference or makes something new: never repeat it blindly.
        case exposing
    }

    /// The name in SerialEM's spelling.
    public let name: String
    /// The function code.
    public let code: Int32
    /// The arguments in order.
    public let arguments: [Argument]
    /// What repeating it would do.
    public let kind: Kind
    /// How long to wait for the reply.
    public let deadline: Duration
    /// How long it may take by what is asked of it, as long as no history tells; nil waits until the deadline.
    public let expected: Duration?

    /// Longer requests destroy each other in SerialEM from 4.1 on.
    static let maximumRequestLength = 1019

    /// Looks the command up and checks the number and kind of its arguments, which SerialEM does not do.
    public init(
        _ name: String, _ arguments: [Argument] = [], kind: Kind = .reading, deadline: Duration = .seconds(30), expected: Duration? = nil
    ) throws(SerialEMError) {
        guard let definition = FunctionCodes.definition(named: name) else {
            throw .badArguments(name, "there is no command of this name.")
        }
        guard let letters = definition.letters else {
            throw .badArguments(name, "the command is not meant for external control.")
        }
        let required = letters.count { $0.isUppercase }
        guard (required...letters.count).contains(arguments.count) else {
            let wanted = required == letters.count ? "\(required)" : "\(required) to \(letters.count)"
            throw .badArguments(name, "it takes \(wanted) arguments and \(arguments.count) are given.")
        }
        self.name = name
        self.code = definition.code
        self.arguments = arguments
        self.kind = kind
        self.deadline = deadline
        self.expected = expected
    }

    /// The packet, if SerialEM can take it.
    func packet() throws(SerialEMError) -> [UInt8] {
        let packet: [UInt8]
        do {
            packet = try CommandRequest(code: code, arguments: arguments).encoded()
        } catch {
            throw .badArguments(name, error.message)
        }
        guard packet.count <= Self.maximumRequestLength else {
            throw .badArguments(
                name,
                "its packet has \(packet.count) bytes and SerialEM takes \(Self.maximumRequestLength); shorten the texts.")
        }
        return packet
    }
}
