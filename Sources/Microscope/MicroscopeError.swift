/// What a microscope could not do, in words for the operator.
public struct MicroscopeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble it is; each maps to one recovery.
    public enum Code: Sendable, Hashable {
        /// Nobody answers, or something that is not SerialEM.
        case unreachable
        /// The connection was lost; what was being done may have happened.
        case lost
        /// The program does something else for now, such as an acquisition, and takes no commands.
        case busy
        /// The microscope's program refused or failed.
        case refused
        /// A state was set and does not read back.
        case notAsSet
        /// A file or a calibration that is needed is not there.
        case missing
        /// The program cannot write a file, as on a full disk.
        case cannotWrite
        /// The operator pressed STOP in SerialEM, and is there.
        case stopped
        /// A wait came to its end.
        case deadline
        /// A command was not answered within the time that it may take, and the connection was closed over it.
        case stalled
    }
    public let code: Code
    public let message: String
    public var description: String { message }
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
