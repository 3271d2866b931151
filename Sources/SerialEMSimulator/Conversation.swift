internal import NIOCore
internal import SerialEMProtocol

/// The byte stream of one client, cut into packets.
struct Conversation {
    var incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    /// What is wrong with the answer to the present request, if anything is.
    var faults: ReplyFaults?
    /// Images are not part of packets, so a packet is a command with its arguments.
    private var reader = PacketReader(maximumLength: 1 << 20)

    /// The connection was lost on demand.
    struct Dropped: Error {}

    init(
        incoming: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        channel: any Channel
    ) {
        self.incoming = incoming
        self.outgoing = outgoing
        self.channel = channel
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

    /// Sends bytes, or what the faults leave of them.
    mutating func send(_ bytes: [UInt8]) async throws {
        guard faults != nil else { return try await outgoing.write(ByteBuffer(bytes: bytes)) }
        if let delay = faults?.delay, delay > 0 {
            faults?.delay = 0
            try await Task.sleep(for: .seconds(delay))
        }
        guard let spoilt = faults?.spoil(bytes) else { return }
        // Waits until the network has taken them: the connection may be closed next.
        if !spoilt.bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(bytes: spoilt.bytes)).get() }
        if case .drop = spoilt.end { throw Dropped() }
    }

    /// Whether the rest of the answer would not be sent.
    var isMute: Bool { faults?.isMute ?? false }
}
