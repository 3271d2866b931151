import NIOCore
import SerialEMProtocol

/// Runs one exchange after the other on the event loop, and ends it when the connection ends or its deadline passes.
///
/// ```
/// idle --begin--> reply --packet--> idle
///                   |--header--> image --all bytes--> idle
///                   |--go-ahead--> sending --all bytes--> idle
/// any byte while idle or sending, no packet, the deadline, the end of the stream: failed for good
/// ```
final class ReplyHandler: ChannelInboundHandler, NIOScheduledCallbackHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case idle, reply, image, sending
    }

    /// What is handed to the network at a time of an image that goes out, so that it is never in memory twice.
    private static let partLength = 1 << 18

    private var state = State.idle
    private var exchange: Exchange?
    private var timer: NIOScheduledCallback?
    private var reader = PacketReader()
    private var header: [UInt8] = []
    private var image: ImageReception?
    private var context: ChannelHandlerContext?
    private let failure: FirstFailure

    init(failure: FirstFailure) { self.failure = failure }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.closed)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.closed) }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        timer = nil
        fail(.deadline)
    }

    /// Sends a request. The turnstile of the connection lets in one at a time.
    func begin(_ exchange: Exchange) {
        guard let context, failure.reason == nil, context.channel.isActive, self.exchange == nil else {
            let unsent = ExchangeFailure(reason: failure.reason ?? .closed, requestWasSent: false)
            return exchange.continuation.resume(returning: .failure(unsent))
        }
        self.exchange = exchange
        state = .reply
        timer = try? context.eventLoop.assumeIsolated().scheduleCallback(in: exchange.deadline, handler: self)
        send(exchange.request, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while buffer.readableBytes > 0, failure.reason == nil {
            switch state {
            case .idle, .sending: fail(.unasked(buffer.readBytes(length: min(32, buffer.readableBytes)) ?? []))
            case .reply: takeReply(&buffer, context)
            case .image: takeImage(&buffer, context)
            }
        }
    }

    private func takeReply(_ buffer: inout ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(ProtocolError) {
            // Not a byte more than the packet has: what follows it may be an image, which is not to be copied here.
            let part = buffer.readSlice(length: min(try reader.missing(), buffer.readableBytes))
            if let part { reader.append(part.readableBytesView) }
            if let packet = try reader.nextPacket() { handle(packet, context) }
        } catch {
            var beginning = reader.take(min(reader.count, 32)) ?? []
            beginning += buffer.readBytes(length: min(32 - beginning.count, buffer.readableBytes)) ?? []
            fail(.malformed(error, beginning))
        }
    }

    private func handle(_ packet: [UInt8], _ context: ChannelHandlerContext) {
        do throws(ProtocolError) {
            switch exchange?.course {
            case .imageFromServer:
                let reply = try BufferImageReply.decode(packet)
                if reply.isEmpty { return finish(Received(packet: packet)) }
                header = packet
                image = ImageReception(reply.chunks)
                state = .image
            case .imageToServer(let bytes):
                _ = try BareReply.decode(packet)
                header = packet
                state = .sending
                sendPart(of: bytes, from: 0, context)
            case .reply, nil: finish(Received(packet: packet))
            }
        } catch {
            // A refusal is a whole reply, and whoever asked reads it as one.
            if case .refused = error.code { return finish(Received(packet: packet)) }
            fail(.malformed(error, Array(packet.prefix(32))))
        }
    }

    private func takeImage(_ buffer: inout ByteBuffer, _ context: ChannelHandlerContext) {
        switch image?.take(from: &buffer) {
        case .incomplete, nil: break
        case .chunkComplete:
            // SerialEM sends nothing more before the handshake.
            if buffer.readableBytes > 0 {
                fail(.unasked(buffer.readBytes(length: min(32, buffer.readableBytes)) ?? []))
            } else {
                send(ChunkHandshake.bytes, context)
            }
        case .complete: finish(Received(packet: header, image: image?.bytes ?? []))
        }
    }

    /// If the bytes cannot go, the channel closes, and that ends the exchange.
    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func sendPart(of bytes: [UInt8], from start: Int, _ context: ChannelHandlerContext) {
        let end = min(start + Self.partLength, bytes.count)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes[start..<end]))).assumeIsolated().whenComplete { result in
            guard self.state == .sending else { return }
            switch result {
            case .failure: self.fail(.closed)
            case .success where end < bytes.count: self.sendPart(of: bytes, from: end, context)
            case .success: self.finish(Received(packet: self.header))
            }
        }
    }

    private func finish(_ received: Received) { end(.success(received)) }

    private func fail(_ reason: ChannelFailure) {
        let first = failure.record(reason)
        reader.removeAll()
        end(.failure(ExchangeFailure(reason: first, requestWasSent: true)))
        context?.close(promise: nil)
    }

    private func end(_ result: Result<Received, ExchangeFailure>) {
        state = .idle
        image = nil
        timer?.cancel()
        timer = nil
        let ended = exchange
        exchange = nil
        ended?.continuation.resume(returning: result)
    }
}
