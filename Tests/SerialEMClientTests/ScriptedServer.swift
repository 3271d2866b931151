import Logging
import NIOCore
import NIOPosix
import SerialEMClient
import SerialEMProtocol
import Synchronization

/// What a scripted server does when a request has come.
enum Answer: Sendable {
    /// Sends bytes.
    case send([UInt8])
    /// Sends bytes one at a time.
    case drip([UInt8])
    /// Sends bytes and closes the connection.
    case sendAndClose([UInt8])
    /// Says nothing.
    case silence
    /// Sends bytes a while later.
    case sendLater([UInt8], milliseconds: Int64)
    /// Sends bytes, then takes a number of raw bytes, which count as one request.
    case sendAndTake([UInt8], Int)

    /// A reply to a command.
    static func reply(_ values: ReportedValue...) throws -> Answer { .send(try CommandReply(values: values).encoded()) }
}

/// A server on a port of its own that answers requests in order from a list, whatever they ask.
struct ScriptedServer {
    private let channel: any Channel
    private let log: RequestLog
    let port: Int

    /// What was received, in order.
    var received: [[UInt8]] { log.packets.withLock { $0 } }

    static func withServer(
        greeting: [UInt8] = [], _ answers: [Answer], _ body: (ScriptedServer) async throws -> Void
    ) async throws {
        let log = RequestLog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ScriptHandler(greeting: greeting, answers: answers, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, log: log, port: channel.localAddress?.port ?? 0)
        do {
            try await body(server)
        } catch {
            try await channel.close().get()
            throw error
        }
        try await channel.close().get()
    }

    /// Runs a test against a server with these answers.
    static func connected(
        greeting: [UInt8] = [], _ answers: [Answer],
        _ body: (SerialEMConnection, ScriptedServer) async throws -> Void
    ) async throws {
        try await withServer(greeting: greeting, answers) { server in
            let connection = try await SerialEMConnection.connect(
                host: "127.0.0.1", port: server.port, logger: Logger(label: "test"))
            try await body(connection, server)
            await connection.close()
        }
    }
}

final class RequestLog: Sendable {
    let packets = Mutex<[[UInt8]]>([])
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: [UInt8]
    private var answers: [Answer]
    private let log: RequestLog
    private var reader = PacketReader()
    private var rawBytes = 0

    init(greeting: [UInt8], answers: [Answer], log: RequestLog) {
        self.greeting = greeting
        self.answers = answers
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        if !greeting.isEmpty { send(greeting, context) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data).readableBytesView)
        while let request = nextRequest() {
            log.packets.withLock { $0.append(request) }
            if rawBytes > 0 {
                rawBytes = 0
                continue
            }
            answer(answers.isEmpty ? .silence : answers.removeFirst(), context)
        }
    }

    private func nextRequest() -> [UInt8]? {
        rawBytes > 0 ? reader.take(rawBytes) : (try? reader.nextPacket()) ?? nil
    }

    private func answer(_ answer: Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .silence: break
        case .send(let bytes): send(bytes, context)
        case .sendLater(let bytes, let milliseconds):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.0.send(bytes, bound.value.1) }
        case .drip(let bytes): for byte in bytes { send([byte], context) }
        case .sendAndClose(let bytes):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            context.close(promise: nil)
        case .sendAndTake(let bytes, let count):
            rawBytes = count
            send(bytes, context)
        }
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// The error that a request ends with.
func failure(of body: () async throws -> Void) async -> SerialEMError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? SerialEMError
    }
}
