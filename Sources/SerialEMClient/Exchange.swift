import NIOCore
import SerialEMProtocol

/// A request on its way, and who waits for what comes back.
struct Exchange: Sendable {
    /// What follows a request on the wire.
    enum Course: Sendable {
        /// One packet.
        case reply
        /// A header, then the bytes of an image in chunks.
        case imageFromServer
        /// A go-ahead, then these bytes go the other way.
        case imageToServer([UInt8])
    }

    let request: [UInt8]
    let course: Course
    let deadline: TimeAmount
    let continuation: CheckedContinuation<Result<Received, ExchangeFailure>, Never>
}

/// What came back.
struct Received: Sendable {
    /// The packet that answers the request.
    let packet: [UInt8]
    /// The bytes of the image that followed it, if one did.
    var image: [UInt8] = []
}

/// Why nothing that can be used came back.
struct ExchangeFailure: Error, Sendable {
    let reason: ChannelFailure
    /// Whether any byte of the request may have left.
    let requestWasSent: Bool
}

/// Why the handler stopped.
enum ChannelFailure: Sendable, Hashable {
    /// The connection ended.
    case closed
    /// The deadline of the exchange passed.
    case deadline
    /// Bytes came that nobody asked for.
    case unasked([UInt8])
    /// Bytes came that do not follow the protocol; the first of them tell who sent them.
    case malformed(ProtocolError, [UInt8])
}
