public import Logging
internal import NIOCore
internal import NIOHTTP1

/// An HTTP port of the loopback interface at which tests, teachers and curl see what the simulator does and make things go
/// wrong. One request for each connection; everything is JSON.
public final class ControlPort: Sendable {
    private typealias Client = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// The port that clients connect to.
    public let port: Int
    private let listener: Listener.Incoming
    private let routes: ControlRoutes
    private let logger: Logger
    /// The longest list of faults that is taken, in bytes.
    private static let longestBody = 1 << 20

    private init(listener: Listener.Incoming, server: SimulatorServer, logger: Logger) {
        self.listener = listener
        self.logger = logger
        routes = ControlRoutes(server: server)
        port = listener.channel.localAddress?.port ?? 0
    }

    /// Takes the port; port 0 takes any free one. Nothing is answered before ``run()``.
    public static func bind(for server: SimulatorServer, port: Int, logger: Logger) async throws -> ControlPort {
        do {
            let listener = try await Listener.bind(host: "127.0.0.1", port: port)
            return ControlPort(listener: listener, server: server, logger: logger)
        } catch {
            throw CommandFailure(
                "The control port 127.0.0.1:\(port) cannot be opened: \(error). Is it in use? Choose another with --control-port.")
        }
    }

    /// Answers until the task is cancelled.
    public func run() async throws {
        try await listener.executeThenClose { clients in
            try await withThrowingDiscardingTaskGroup { group in
                for try await client in clients { group.addTask { await self.serve(client) } }
                group.cancelAll()
            }
        }
    }

    private func serve(_ channel: any Channel) async {
        do {
            let client: Client = try await Listener.take(channel) { channel in
                try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            }
            try await client.executeThenClose { incoming, outgoing in
                var parts = incoming.makeAsyncIterator()
                guard case .head(let head) = try await parts.next() else { return }
                var body: [UInt8] = []
                var count = 0
                while case .body(let bytes) = try await parts.next() {
                    count += bytes.readableBytes
                    // What is too long is read to its end all the same, or its sender would see the answer's end only.
                    if count <= Self.longestBody { body += bytes.readableBytesView }
                    guard count <= 64 * Self.longestBody else { return }
                }
                guard count <= Self.longestBody else {
                    return try await Self.send(.wrong(413, "A body has at most \(Self.longestBody) bytes."), to: outgoing, head)
                }
                try await Self.send(await routes.answer(ControlRequest(head, body: body)), to: outgoing, head)
            }
        } catch {
            logger.debug("control client gone", metadata: ["simulator.reason": "\(error)"])
        }
    }

    private static func send(
        _ answer: ControlAnswer, to outgoing: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, _ head: HTTPRequestHead
    ) async throws {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Content-Length": "\(answer.body.count)", "Connection": "close",
        ]
        if !answer.allow.isEmpty { headers.add(name: "Allow", value: answer.allow.joined(separator: ", ")) }
        try await outgoing.write(
            .head(HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)))
        if head.method != .HEAD { try await outgoing.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))) }
        try await outgoing.write(.end(nil))
    }
}

extension ControlRequest {
    fileprivate init(_ head: HTTPRequestHead, body: [UInt8]) {
        self.init(
            method: head.method.rawValue, path: String(head.uri.prefix { $0 != "?" }), isFromWebPage: head.headers.contains(name: "Origin"),
            body: body)
    }
}
