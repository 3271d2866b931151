/// Why a request to SerialEM has no result.
public struct SerialEMError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened, for code that decides.
    public enum Code: Sendable, Hashable, CaseIterable {
        /// No connection could be made.
        case unreachable
        /// Something else than SerialEM answers at the address.
        case notSerialEM
        /// SerialEM is busy with something of its own and takes no commands.
        case busy
        /// The operator pressed STOP.
        case stopped
        /// SerialEM ran the command and reports that it failed.
        case commandFailed
        /// The connection is gone.
        case connectionLost
        /// No reply came in time.
        case deadline
        /// The reply does not follow the protocol, or is not what the command reports.
        case badReply
        /// External control has ended because of an Exit.
        case exited
        /// The request cannot be sent.
        case badArguments
        /// This version of SerialEM does not have the command.
        case notSupported
        /// The task that asked was cancelled before the request was sent.
        case cancelled
    }

    /// What happened, for code that decides.
    public let code: Code
    /// What happened and what to do, for people.
    public let message: String
    /// The name of the command, if the request was one.
    public let command: String?
    /// The text that SerialEM gave with a failure; possibly that of an earlier one.
    public let reportedText: String?
    /// Whether SerialEM may have executed the command all the same. Never repeat an exposure or a move when this is true.
    public let mayHaveBeenExecuted: Bool
    /// Whether the connection was closed because of what came over it: nobody could say where the next reply begins.
    public let endsConnection: Bool

    init(
        _ code: Code, _ message: String, command: String? = nil, reportedText: String? = nil,
        mayHaveBeenExecuted: Bool = false, endsConnection: Bool = false
    ) {
        self.code = code
        self.message = message
        self.command = command
        self.reportedText = reportedText
        self.mayHaveBeenExecuted = mayHaveBeenExecuted
        self.endsConnection = endsConnection
    }

    public var description: String { message }
}
