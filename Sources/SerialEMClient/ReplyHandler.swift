import NIOCore
import SerialEMProtocol

/// Why the handler stopped.
enum ChannelFailure: Error, Sendable, Hashable {
    /// The connection ended.
    case closed
    /// The deadline of the exchange passed.
    case deadline
    /// Bytes came that nobody asked for.
    case unasked([UInt8])
    /// Bytes came that are no packet; the first of them tell who sent them.
    case malformed(ProtocolError, [UInt8])
}

/// What the connection tells its handler, as user events that run on the event loop.
enum HandlerEvent: Sendable {
    /// Deliver the next packet.
    case readPacket(EventLoopPromise<[UInt8]>)
    /// Deliver a number of raw bytes.
    case readBytes(Int, EventLoopPromise<[UInt8]>)
    /// An exchange begins: bytes are expected from now on.
    case beginExchange
    /// An exchange ended: no byte may come until the next one.
    case endExchange
    /// The deadline of the exchange passed.
    case deadline
}

/// Hands bytes from SerialEM to whoever waits for them, one wait at a time, and ends every wait when the connection ends.
///
/// ```
/// idle --beginExchange--> exchanging --endExchange--> idle
///   \--- any byte ------------ | --- no packet, deadline, end of the stream ---> failed (for good)
/// ```
final class ReplyHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Wait {
        case packet(EventLoopPromise<[UInt8]>)
        case bytes(Int, EventLoopPromise<[UInt8]>)

        var promise: EventLoopPromise<[UInt8]> {
            switch self {
            case .packet(let promise), .bytes(_, let promise): promise
            }
        }
    }

    private var reader = PacketReader()
    private var wait: Wait?
    private var isExchanging = false
    private let failure: FirstFailure

    init(failure: FirstFailure) { self.failure = failure }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure.reason == nil else { return }
        reader.append(unwrapInboundIn(data).readableBytesView)
        guard isExchanging else { return failUnasked(context) }
        deliver(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed, context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.closed, context) }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let event = event as? HandlerEvent else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
        switch event {
        case .beginExchange: isExchanging = true
        case .endExchange:
            isExchanging = false
            if reader.count > 0 { failUnasked(context) }
        case .deadline: fail(.deadline, context)
        case .readPacket(let promise): begin(.packet(promise), context)
        case .readBytes(let count, let promise): begin(.bytes(count, promise), context)
        }
    }

    private func begin(_ next: Wait, _ context: ChannelHandlerContext) {
        if let reason = failure.reason { return next.promise.fail(reason) }
        wait = next
        deliver(context)
    }

    private func deliver(_ context: ChannelHandlerContext) {
        guard let wait else { return }
        do {
            let bytes: [UInt8]?
            switch wait {
            case .packet: bytes = try reader.nextPacket()
            case .bytes(let count, _): bytes = reader.take(count)
            }
            guard let bytes else { return }
            self.wait = nil
            wait.promise.succeed(bytes)
        } catch {
            fail(.malformed(error, reader.take(min(reader.count, 32)) ?? []), context)
        }
    }

    private func failUnasked(_ context: ChannelHandlerContext) {
        fail(.unasked(reader.take(min(reader.count, 32)) ?? []), context)
    }

    private func fail(_ reason: ChannelFailure, _ context: ChannelHandlerContext) {
        let first = failure.record(reason)
        reader.removeAll()
        let waiting = wait
        wait = nil
        waiting?.promise.fail(first)
        context.close(promise: nil)
    }
}
