public import Logging
internal import NIOCore
internal import NIOPosix
internal import Raster
internal import SerialEMProtocol

/// The virtual microscope on a TCP port, as SerialEM offers its external control.
///
/// One client at a time: a newcomer takes the place of the one before, whose running command ends first.
public final class SimulatorServer: Sendable {
    /// The port that clients connect to.
    public let port: Int
    /// What answers them.
    public let microscope: VirtualMicroscope
    private let listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
    private let logger: Logger

    private init(
        listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>, microscope: VirtualMicroscope, logger: Logger
    ) {
        self.listener = listener
        self.microscope = microscope
        self.logger = logger
        port = listener.channel.localAddress?.port ?? 0
    }

    /// Takes the port; port 0 takes any free one. Nothing is answered before ``run()``.
    public static func bind(
        configuration: SimulatorConfiguration, host: String = "127.0.0.1", port: Int = 48888, logger: Logger
    ) async throws -> SimulatorServer {
        let listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
        do {
            listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.backlog, value: 2)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        // The header of an image has to leave in its own segment.
                        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw CommandFailure("The simulator cannot listen on \(host):\(port): \(error). Is the port in use? Choose another with --port.")
        }
        return SimulatorServer(listener: listener, microscope: VirtualMicroscope(configuration: configuration), logger: logger)
    }

    /// Serves clients until the task is cancelled.
    public func run() async throws {
        let turn = Turn()
        try await listener.executeThenClose { clients in
            // An acquisition belongs to no client: the one that asked for it leaves, and others come while it runs.
            let (acquisitions, acquisitionsWanted) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in acquisitions { await self.microscope.acquireAtItems() }
                }
                var present: (any Channel)?
                for try await client in clients {
                    present?.close(promise: nil)
                    present = client.channel
                    group.addTask {
                        await turn.take()
                        await self.serve(client, acquisitionsWanted)
                        await turn.pass()
                    }
                }
                acquisitionsWanted.finish()
                try await group.waitForAll()
            }
        }
    }

    private func serve(
        _ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ acquisitionsWanted: AsyncStream<Void>.Continuation
    ) async {
        do {
            try await client.executeThenClose { incoming, outgoing in
                var conversation = Conversation(incoming: incoming.makeAsyncIterator(), outgoing: outgoing)
                while let packet = try await conversation.packet() {
                    try await self.answer(packet, &conversation, acquisitionsWanted)
                }
            }
        } catch {
            logger.debug("client gone", metadata: ["simulator.reason": "\(error)"])
        }
        // Nobody is in control during an acquisition, and the next client shall not wait for an exposure.
        if !microscope.isAcquiring { await microscope.clientLeft() }
    }

    private func answer(
        _ packet: [UInt8], _ conversation: inout Conversation, _ acquisitionsWanted: AsyncStream<Void>.Continuation
    ) async throws {
        let request: Request
        do { request = try Request.decode(packet) } catch {
            return try await conversation.send(BareReply(returnStatus: error.returnStatus).encoded())
        }
        if microscope.isAcquiring {
            await microscope.keepWaitingWhileBusy()
            guard case .okToRun = request else { return try await conversation.send(BareReply(returnStatus: .busy).encoded()) }
            return try await conversation.send(OKToRunReply(ok: false).encoded())
        }
        if case .okToRun = request {
            return try await conversation.send(OKToRunReply(ok: await microscope.okToRun()).encoded())
        }
        guard await microscope.beginControl() else {
            return try await conversation.send(BareReply(returnStatus: .busy).encoded())
        }
        switch request {
        case .okToRun: break
        case .command(let command):
            let reply = await microscope.perform(command)
            // Before the reply: the client may be gone by then, and the acquisition runs all the same.
            if await microscope.takePendingAcquisition() { acquisitionsWanted.yield() }
            try await conversation.send(reply.encoded())
        case .bufferImage(let wanted): try await sendImage(wanted, &conversation)
        case .putImage(let put):
            try await conversation.send(BareReply(returnStatus: .handled).encoded())
            guard let bytes = try await conversation.bytes(put.byteCount), let image = put.image(bytes) else { return }
            await microscope.putImage(image.image, sent: image.sent, into: put.bufferIndex, base: put.baseBufferIndex, addedBinning: put.addedBinning)
        }
    }

    private func sendImage(_ wanted: BufferImageRequest, _ conversation: inout Conversation) async throws {
        guard let buffer = await microscope.bufferImage(wanted.bufferIndex, fromFFTWindow: wanted.fromFFTWindow) else {
            return try await conversation.send(BufferImageReply.empty.encoded())
        }
        let image = buffer.image
        let reply = BufferImageReply(pixelType: buffer.sent?.type ?? .unsignedShort, width: image.width, height: image.height)
        try await conversation.send(reply.encoded())
        // The Python client takes wrong bytes if the image arrives together with its header.
        try await Task.sleep(for: .milliseconds(25))
        let ranges = reply.chunks.ranges
        for (number, range) in ranges.enumerated() {
            try await conversation.send(buffer.sent.map { Array($0.bytes[range]) } ?? Self.bytes(of: image, range))
            guard number < ranges.count - 1 else { break }
            guard try await conversation.bytes(ChunkHandshake.bytes.count) == ChunkHandshake.bytes else {
                throw CommandFailure("The client did not shake hands between two parts of an image.")
            }
        }
    }
}

extension SimulatorServer {
    /// A part of the bytes of an image; it may begin in the middle of a pixel.
    private static func bytes(of image: Raster<UInt16>, _ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count + 2)
        for value in image.pixels[range.lowerBound / 2 ..< (range.upperBound + 1) / 2] {
            bytes.append(UInt8(truncatingIfNeeded: value))
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        }
        let skipped = range.lowerBound % 2
        return Array(bytes[skipped ..< skipped + range.count])
    }
}

/// Lets one client after the other be served.
private actor Turn {
    private var taken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    func take() async {
        guard taken else { taken = true; return }
        await withCheckedContinuation { waiting.append($0) }
    }
    func pass() {
        if waiting.isEmpty { taken = false } else { waiting.removeFirst().resume() }
    }
}

/// The byte stream of one client, cut into packets.
private struct Conversation {
    var incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// Images are not part of packets, so a packet is a command with its arguments.
    private var reader = PacketReader(maximumLength: 1 << 20)

    init(incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.incoming = incoming
        self.outgoing = outgoing
    }
    /// The next packet, or nil when the client has gone.
    mutating func packet() async throws -> [UInt8]? {
        while true {
            do throws(ProtocolError) {
                if let packet = try reader.nextPacket() { return packet }
            } catch {
                // SerialEM keeps the connection, and forgets what else it has read.
                reader.removeAll()
                try await send(BareReply(returnStatus: error.returnStatus).encoded())
            }
            guard let more = try await incoming.next() else { return nil }
            reader.append(more.readableBytesView)
        }
    }
    mutating func bytes(_ count: Int) async throws -> [UInt8]? {
        while true {
            if let bytes = reader.take(count) { return bytes }
            guard let more = try await incoming.next() else { return nil }
            reader.append(more.readableBytesView)
        }
    }
    func send(_ bytes: [UInt8]) async throws { try await outgoing.write(ByteBuffer(bytes: bytes)) }
}
