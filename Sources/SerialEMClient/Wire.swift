import Dispatch
import SerialEMProtocol

/// What follows a request on the wire.
enum Course: Sendable {
    /// One packet.
    case reply
    /// A header, then the bytes of an image in chunks.
    case imageFromServer
    /// A go-ahead, then these bytes go the other way.
    case imageToServer([UInt8])
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
    let reason: EndReason
    /// Whether any byte of the request may have left.
    let requestWasSent: Bool
}

/// Runs one exchange after the other: nothing stands between a request and the socket, and nothing between the socket and
/// the memory in which an image stays. What takes long is waited for on a thread that may wait for the network.
///
/// ```
/// quiet --request--> reply --packet--> quiet
///                      |--header--> image --all bytes--> quiet
///                      |--go-ahead--> sending --all bytes--> quiet
/// any byte while quiet or sending, no packet, the deadline, the end of the stream: ended for good
/// ```
actor Wire {
    /// The socket, which anybody may end.
    nonisolated let socket: StreamSocket
    private nonisolated let thread = WaitingThread()

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(_ socket: StreamSocket) { self.socket = socket }

    /// Connects, on a thread that may wait.
    static func connect(host: String, port: Int, timeout: Duration) async throws(ConnectFailure) -> Wire {
        let outcome = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(ConnectFailure) in
                        try StreamSocket.connect(host: host, port: port, timeout: timeout)
                    })
            }
        }
        return Wire(try outcome.get())
    }

    /// Sends a request and waits for what comes back. One task at a time may ask.
    nonisolated func exchange(_ request: [UInt8], _ course: Course, deadline: Duration) async -> Result<Received, ExchangeFailure> {
        socket.hold()
        defer { socket.release() }
        do {
            try socket.checkIsQuiet()
        } catch {
            return .failure(ExchangeFailure(reason: socket.end(error), requestWasSent: false))
        }
        do throws(EndReason) {
            let now = ContinuousClock.now
            let limit = now + deadline
            let sent = try socket.sendAtOnce(request)
            if case .reply = course, sent == request.count, try socket.hasPacket(until: min(limit, now + Self.quickAnswer)) {
                return .success(Received(packet: try Self.receivePacket(from: socket, course, until: limit)))
            }
            return .success(try await finish(request, from: sent, course, until: limit))
        } catch {
            return .failure(ExchangeFailure(reason: socket.end(error), requestWasSent: true))
        }
    }

    /// An answer that comes within this time is taken at once by who asks; to give it to another thread and to take it back
    /// would take longer.
    private static let quickAnswer = Duration.milliseconds(1)

    private func finish(
        _ request: [UInt8], from start: Int, _ course: Course, until limit: ContinuousClock.Instant
    ) throws(EndReason) -> Received {
        try socket.send(request, from: start, until: limit)
        return try follow(try Self.receivePacket(from: socket, course, until: limit), course, until: limit)
    }

    private static func receivePacket(
        from socket: StreamSocket, _ course: Course, until limit: ContinuousClock.Instant
    ) throws(EndReason) -> [UInt8] {
        var scratch = [UInt8](repeating: 0, count: 1024)
        var reader = PacketReader()
        while true {
            let count = try socket.receive(into: &scratch, atMost: try wanted(course, reader, scratch.count), until: limit)
            reader.append(scratch[..<count])
            guard let packet = try next(&reader) else { continue }
            if reader.count > 0 {
                let surplus = EndReason.unasked(first(&reader))
                if case .imageToServer = course { throw surplus }
                // The answer itself is good.
                socket.end(surplus)
            }
            return packet
        }
    }

    /// How many bytes may be taken from the network.
    private static func wanted(_ course: Course, _ reader: PacketReader, _ room: Int) throws(EndReason) -> Int {
        guard case .imageFromServer = course else { return room }
        // Not a byte more than the header has: the image that follows it goes at once to where it stays.
        if reader.count == 0 { return BufferImageReply.packetLength }
        do throws(ProtocolError) { return min(room, try reader.missing()) } catch { throw .malformed(error, []) }
    }

    private static func next(_ reader: inout PacketReader) throws(EndReason) -> [UInt8]? {
        do throws(ProtocolError) { return try reader.nextPacket() } catch { throw .malformed(error, first(&reader)) }
    }

    /// As many bytes as tell who sent them.
    private static func first(_ reader: inout PacketReader) -> [UInt8] { reader.take(min(32, reader.count)) ?? [] }

    private func follow(
        _ packet: [UInt8], _ course: Course, until limit: ContinuousClock.Instant
    ) throws(EndReason) -> Received {
        switch course {
        case .reply: break
        case .imageFromServer:
            if let reply = try unlessRefused(packet, BufferImageReply.decode), !reply.isEmpty {
                return Received(packet: packet, image: try receiveImage(reply.chunks, until: limit))
            }
        case .imageToServer(let bytes):
            if try unlessRefused(packet, BareReply.decode) != nil { try socket.send(bytes, until: limit) }
        }
        return Received(packet: packet)
    }

    /// What a packet says; nil for a refusal, which is a whole reply, and whoever asked reads it as one.
    private func unlessRefused<Reply>(
        _ packet: [UInt8], _ decode: ([UInt8]) throws(ProtocolError) -> Reply
    ) throws(EndReason) -> Reply? {
        do throws(ProtocolError) {
            return try decode(packet)
        } catch {
            if case .refused = error.code { return nil }
            throw .malformed(error, Array(packet.prefix(32)))
        }
    }
}

/// Where an actor runs that has to wait for the network; the threads that all tasks share are not for that.
private final class WaitingThread: SerialExecutor {
    private let queue = DispatchQueue(label: "SerialEM")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
