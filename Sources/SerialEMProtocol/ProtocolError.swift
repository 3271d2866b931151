/// Bytes that do not follow SerialEM's external-control protocol, or values that it cannot carry.
public struct ProtocolError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, for code that decides.
    public enum Code: Sendable, Hashable {
        /// The function code is none of the five of the protocol.
        case unknownFunction
        /// The packet ends before its fixed part does.
        case tooShort
        /// The packet is longer than anything the protocol sends.
        case tooLong
        /// The lengths inside the packet contradict each other.
        case inconsistentLength
        /// A field has a value that the protocol does not know.
        case badField
        /// The other side answered with a negative return value.
        case refused(ReturnStatus)
    }

    /// What is wrong, for code that decides.
    public let code: Code
    /// What is wrong, for people.
    public let message: String

    /// Makes an error of a code and a sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// The return value with which a server answers a request that has this error.
    public var returnStatus: ReturnStatus {
        switch code {
        case .unknownFunction: .unknownFunction
        case .tooShort: .tooShort
        case .tooLong: .tooLong
        case .inconsistentLength, .badField: .inconsistentLength
        case .refused(let status): status
        }
    }
}
