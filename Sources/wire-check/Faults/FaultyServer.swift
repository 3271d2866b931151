import NIOCore
import NIOPosix
import SerialEMProtocol
import Locks

/// What the server and the run tell each other.
final class Desk: Sendable {
    /// What is done with the next request.
    let plan = Locked<Plan?>(nil)
    /// Whether that request arrived whole.
    let hasArrived = Locked(false)
    /// The last image that was taken.
    let taken = Locked<[UInt8]>([])
}

/// A server on a port of its own that does with each request what the plan on its desk says.
struct FaultyServer {
    let port: Int
    let desk: Desk
    private let channel: any Channel

    static func start() async throws -> FaultyServer {
        let desk = Desk()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Little room in the network, so that large images go in many parts.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: 8192)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FaultyHandler(desk))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FaultyServer(port: channel.localAddress?.port ?? 0, desk: desk, channel: channel)
    }

    func stop() async throws { try await channel.close().get() }
}

private final class FaultyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let desk: Desk
    private var reader = PacketReader()
    /// Chunks that wait for a handshake.
    private var chunks: [[UInt8]] = []
    /// Bytes of an image that are still to come.
    private var imageBytes = 0
    private var generator = SeededGenerator(seed: 0)

    init(_ desk: Desk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data).readableBytesView)
        while true {
            if imageBytes > 0 {
                guard let image = reader.take(imageBytes) else { return }
                imageBytes = 0
                desk.taken.withLock { $0 = image }
            }
            guard let packet = (try? reader.nextPacket()) ?? nil else { return }
            if packet == ChunkHandshake.bytes {
                if !chunks.isEmpty { write(chunks.removeFirst(), in: 1, context) }
                continue
            }
            guard let plan = desk.plan.withLock({ $0 }) else {
                write((try? CommandReply().encoded()) ?? [], in: 1, context)
                continue
            }
            desk.hasArrived.withLock { $0 = true }
            generator = SeededGenerator(seed: plan.seed)
            answer(packet, plan, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ packet: [UInt8], _ plan: Plan, _ context: ChannelHandlerContext) {
        var reply = (try? goodReply(packet, plan)) ?? []
        switch plan.fault {
        case .none: return answerWell(reply, plan, context)
        case .fragments: return write(reply + following(plan), in: 2 + generator.below(6), context)
        case .busy: reply = BareReply(returnStatus: .busy).encoded()
        case .stopPending: reply = BareReply(returnStatus: .stopPending).encoded()
        case .otherRefusal: reply = BareReply(returnStatus: ReturnStatus(rawValue: Int32(-1 - generator.below(6)))).encoded()
        case .stopped: reply = encoded(CommandReply(status: .stopped))
        case .errorWithText: reply = encoded(.failure("number \(plan.number)"))
        case .errorWithoutText: reply = encoded(CommandReply(values: [.text("")], status: .failed))
        case .surplus:
            reply += following(plan)
            reply += generator.below(2) == 0 ? reply : [0]
        case .closedAfterReply, .resetAfterReply:
            write(reply + following(plan), in: 1, context)
            return close(context, byReset: plan.fault == .resetAfterReply)
        case .closedBeforeReply, .resetBeforeReply: return close(context, byReset: plan.fault == .resetBeforeReply)
        case .closedInReply:
            write(Array(reply.prefix(generator.below(reply.count))), in: 1, context)
            return close(context, byReset: false)
        case .silence: return
        case .late:
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(30)) { [reply] in bound.value.0.write(reply, in: 1, bound.value.1) }
            return
        case .truncated: reply.removeLast(1 + generator.below(reply.count - 1))
        case .longLength: setLength(&reply, Int32(reply.count + 1 + generator.below(1 << 24)))
        case .hugeLength: setLength(&reply, .max - Int32(generator.below(1 << 24)))
        case .negativeLength: setLength(&reply, -1 - Int32(generator.below(1 << 30)))
        case .shortLength: setLength(&reply, Int32(generator.below(8)))
        case .wrongCounts: reply = wrongCounts(reply, plan)
        case .otherReply: reply = OKToRunReply(ok: true).encoded()
        case .webServer: reply = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
        }
        write(reply, in: 1, context)
    }

    private func encoded(_ reply: CommandReply) -> [UInt8] { (try? reply.encoded()) ?? [] }

    /// The reply that SerialEM would give. The number in the request comes back, so that a reply to another one is noticed.
    private func goodReply(_ packet: [UInt8], _ plan: Plan) throws -> [UInt8] {
        switch try Request.decode(packet) {
        case .command(let command):
            return try CommandReply(values: [.number(command.arguments.first?.number ?? -1), .text("sent")]).encoded()
        case .okToRun: return OKToRunReply(ok: true).encoded()
        case .bufferImage(let request): return NumberedImage.header(request.bufferIndex).encoded()
        case .putImage(let request):
            if plan.fault == .none || plan.fault == .fragments { imageBytes = request.byteCount }
            return BareReply(returnStatus: .handled).encoded()
        }
    }

    /// What follows a good reply without being asked for: the first chunk of an image.
    private func following(_ plan: Plan) -> [UInt8] {
        guard case .bufferImage(let index, _) = plan.request else { return [] }
        let header = NumberedImage.header(index)
        let bytes = NumberedImage.bytes(index, count: header.byteCount)
        let parts = header.chunks.ranges.map { Array(bytes[$0]) }
        chunks = Array(parts.dropFirst())
        return parts.first ?? []
    }

    private func answerWell(_ reply: [UInt8], _ plan: Plan, _ context: ChannelHandlerContext) {
        switch plan.request {
        case .command: write(reply, in: 1, context)
        case .putImage(let fault):
            write(reply + (fault == .answersEarly ? [1, 2, 3] : []), in: 1, context)
            switch fault {
            case .none, .answersEarly: break
            case .slow: pauseReading(context, times: 20)
            case .stopsReading: pauseReading(context, times: 10_000)
            case .closes: close(context, byReset: generator.below(2) == 0)
            }
        case .bufferImage(_, let fault):
            let first = following(plan)
            switch fault {
            case .none: write(reply + first, in: 1, context)
            case .fragments: write(reply + first, in: 2 + generator.below(20), context)
            case .surplusBeforeHandshake: write(reply + first + (chunks.first ?? []).prefix(1 + generator.below(9)), in: 1, context)
            case .closedInChunk:
                write(reply + first.dropLast(1 + generator.below(first.count)), in: 1, context)
                close(context, byReset: false)
            case .silentInChunk: write(reply + first.dropLast(1 + generator.below(first.count)), in: 1, context)
            case .silentAfterHandshake:
                chunks = []
                write(reply + first, in: 1, context)
            case .announcedAndMissing:
                let huge = BufferImageReply(pixelType: .unsignedByte, width: 32_767, height: 65_000)
                write(huge.encoded() + first, in: 1, context)
            }
        }
    }

    private func wrongCounts(_ reply: [UInt8], _ plan: Plan) -> [UInt8] {
        var reply = reply
        let places: [(Int, Int32)] =
            switch plan.request {
            case .command: [(8, 6), (8, -2), (8, 1000), (16, 2), (16, -1), (16, .max)]
            case .bufferImage:
                [(8, 3), (8, -1), (12, 1), (16, 0), (16, -5), (20, .max), (24, 17), (24, -1), (28, 0), (28, -1), (28, .max)]
            case .putImage: [(4, 1), (4, 77)]
            }
        let (place, value) = places[generator.below(places.count)]
        for index in 0..<4 { reply[place + index] = UInt8(truncatingIfNeeded: value >> Int32(8 * index)) }
        return reply
    }

    private func setLength(_ reply: inout [UInt8], _ value: Int32) {
        for index in 0..<4 { reply[index] = UInt8(truncatingIfNeeded: value >> Int32(8 * index)) }
    }

    /// Sends bytes in a number of parts, with a little time between them.
    private func write(_ bytes: [UInt8], in parts: Int, _ context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        let end = parts > 1 ? 1 + generator.below(bytes.count) : bytes.count
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes[..<end])), promise: nil)
        guard end < bytes.count else { return }
        let rest = Array(bytes[end...])
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .microseconds(Int64(generator.below(400)))) {
            bound.value.0.write(rest, in: parts - 1, bound.value.1)
        }
    }

    private func close(_ context: ChannelHandlerContext, byReset: Bool) {
        if byReset {
            // A connection that does not linger is reset.
            let off = linger(l_onoff: 1, l_linger: 0)
            if let socket = context.channel as? any SocketOptionProvider { _ = socket.setSoLinger(off) }
        }
        context.close(promise: nil)
    }

    /// Stops reading and starts again, a number of times.
    private func pauseReading(_ context: ChannelHandlerContext, times: Int) {
        guard times > 0, context.channel.isActive else { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(times > 1000 ? 100 : 1)) {
            let (handler, context) = bound.value
            guard context.channel.isActive else { return }
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
            context.read()
            handler.pauseReading(context, times: times > 1000 ? 0 : times - 1)
        }
    }
}
