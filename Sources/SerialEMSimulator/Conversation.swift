internal import NIOCore
internal import SerialEMProtocol

/// The byte stream of one client, cut into packets.
struct Conversation {
    /// So large that an image takes few calls of the network, and so small that the processor keeps it at hand.
    static let portion = 1 << 18
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

    /// Little-endian numbers, such as pixels, or nil when the client has gone. Each byte is copied once, from the network's
    /// buffer to where it stays.
    mutating func numbers<Number: FixedWidthInteger>(_ count: Int, of type: Number.Type = Number.self) async throws -> [Number]? {
        var numbers = LittleEndianNumbers<Number>(count: count)
        if let early = reader.take(min(reader.count, numbers.missingBytes)) { early.withUnsafeBytes { numbers.append($0) } }
        while numbers.missingBytes > 0 {
            guard var more = try await incoming.next() else { return nil }
            if let part = more.readSlice(length: min(more.readableBytes, numbers.missingBytes)) {
                part.withUnsafeReadableBytes { numbers.append($0) }
            }
            if more.readableBytes > 0 { reader.append(more.readableBytesView) }
        }
        return numbers.values
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

    /// Sends the bytes of an image portion by portion, each as soon as the network takes it.
    mutating func send(_ image: ImageBuffer, _ range: Range<Int>) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.portion) where !isMute {
            let part = start ..< min(start + Self.portion, range.upperBound)
            guard faults == nil else {
                try await send(image.withBytes { Array($0[part]) })
                continue
            }
            try await outgoing.write(image.withBytes { ByteBuffer(bytes: $0[part]) })
        }
    }

    /// Whether the rest of the answer would not be sent.
    var isMute: Bool { faults?.isMute ?? false }
}
