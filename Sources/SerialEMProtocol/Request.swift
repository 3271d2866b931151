/// Any request that a client sends.
public enum Request: Sendable, Hashable {
    /// Run a script command.
    case command(CommandRequest)
    /// Start external control if SerialEM is idle, and say whether it did.
    case okToRun
    /// Send the image of a buffer.
    case bufferImage(BufferImageRequest)
    /// Take an image into a buffer; its bytes follow after the reply.
    case putImage(PutImageRequest)

    /// The whole packet.
    public func encoded() throws(ProtocolError) -> [UInt8] {
        switch self {
        case .command(let request): try request.encoded()
        case .okToRun: OKToRunRequest.bytes
        case .bufferImage(let request): request.encoded()
        case .putImage(let request): request.encoded()
        }
    }

    /// Reads a whole packet; a server answers an error with its ``ProtocolError/returnStatus``.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> Request {
        try checkLength(packet, atLeast: 8, exactly: false)
        var fields = PacketFields(packet, from: 4)
        let function = try fields.long()
        switch function {
        case SocketFunction.regularCommand: return .command(try CommandRequest.decode(packet))
        case SocketFunction.okToRun:
            try checkLength(packet, atLeast: 8, exactly: true)
            return .okToRun
        case SocketFunction.getBufferImage: return .bufferImage(try BufferImageRequest.decode(packet))
        case SocketFunction.putImageInBuffer: return .putImage(try PutImageRequest.decode(packet))
        default: throw ProtocolError(.unknownFunction, "\(function) is no function of the protocol.")
        }
    }
}

/// A reply of nothing but the return value: every refusal, and the go-ahead for an incoming image.
public struct BareReply: Sendable, Hashable {
    /// The return value.
    public var returnStatus: ReturnStatus

    /// Makes a reply.
    public init(returnStatus: ReturnStatus) { self.returnStatus = returnStatus }

    /// The whole packet.
    public func encoded() -> [UInt8] { PacketWriter.packet([returnStatus.rawValue]) }

    /// Reads a whole packet; a negative return value becomes the error ``ProtocolError/Code/refused(_:)``.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> BareReply {
        _ = try replyFields(packet, atLeast: 8, exactly: true)
        return BareReply(returnStatus: .handled)
    }
}

/// The question of ``Request/okToRun``.
public enum OKToRunRequest {
    /// The packet.
    public static let bytes: [UInt8] = PacketWriter.packet([SocketFunction.okToRun])
}

/// The reply to ``Request/okToRun``.
public struct OKToRunReply: Sendable, Hashable {
    /// Whether this request started external control; false too when control was already on.
    public var ok: Bool

    /// Makes a reply.
    public init(ok: Bool) { self.ok = ok }

    /// The whole packet.
    public func encoded() -> [UInt8] { PacketWriter.packet([ReturnStatus.handled.rawValue, ok ? 1 : 0]) }

    /// Reads a whole packet.
    public static func decode(_ packet: [UInt8]) throws(ProtocolError) -> OKToRunReply {
        var fields = try replyFields(packet, atLeast: 12, exactly: true)
        return OKToRunReply(ok: try fields.long() != 0)
    }
}
