/// The return value of every reply: zero, or why the request was not handled.
public struct ReturnStatus: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: Int32
    /// Makes a status of the number on the wire.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The request was handled.
    public static let handled = ReturnStatus(rawValue: 0)
    /// The function code of the request is unknown.
    public static let unknownFunction = ReturnStatus(rawValue: -1)
    /// There was no memory for the reply or for an incoming image.
    public static let outOfMemory = ReturnStatus(rawValue: -2)
    /// The reply does not fit the buffer (SerialEM 4.0).
    public static let replyTooLong = ReturnStatus(rawValue: -3)
    /// The request is shorter than its fixed part.
    public static let tooShort = ReturnStatus(rawValue: -4)
    /// The request does not fit the buffer.
    public static let tooLong = ReturnStatus(rawValue: -5)
    /// The length of the request is not what its fields say.
    public static let inconsistentLength = ReturnStatus(rawValue: -6)
    /// SerialEM is busy and cannot be controlled now.
    public static let busy = ReturnStatus(rawValue: -9)
    /// The operator pressed STOP earlier; this request was not executed and used up the STOP.
    public static let stopPending = ReturnStatus(rawValue: -10)
}

/// The outcome of a command that was handed to SerialEM, the field errorOccurred of its reply.
public struct CommandStatus: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: Int32
    /// Makes a status of the number on the wire.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The command did its work.
    public static let success = CommandStatus(rawValue: 0)
    /// The command failed; external control goes on.
    public static let failed = CommandStatus(rawValue: 1)
    /// The reply to Exit without a code or with code zero.
    public static let normalExit = CommandStatus(rawValue: -123_456)
    /// The reply to Exit with another code than zero.
    public static let exitWithCode = CommandStatus(rawValue: -654_321)
    /// The operator pressed STOP during the command; external control has ended.
    public static let stopped = CommandStatus(rawValue: -234_561)
}

/// The five functions of a packet.
enum SocketFunction {
    static let regularCommand: Int32 = 1
    static let chunkHandshake: Int32 = 2
    static let okToRun: Int32 = 3
    static let getBufferImage: Int32 = 4
    static let putImageInBuffer: Int32 = 5
}
