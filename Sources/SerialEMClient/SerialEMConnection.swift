public import Logging
import NIOCore
import NIOPosix
import SerialEMProtocol

/// A connection to SerialEM's external-control socket.
///
/// Requests are sent one at a time in the order in which they are asked for, as the protocol demands. A request whose
/// deadline passes closes the connection, because its reply could otherwise be taken for that of the next one. A closed
/// connection stays closed; connect again.
///
/// A request that was sent is waited for until its deadline even if its task is cancelled: SerialEM cannot be told from
/// outside to leave off, and who comes next, above all to make the microscope safe, needs it at rest. Requests that
/// were not sent yet end at once.
public actor SerialEMConnection {
    /// The host of SerialEM.
    public nonisolated let host: String
    /// The port of SerialEM's external socket, 48888 as SerialEM comes.
    public nonisolated let port: Int
    nonisolated let logger: Logger
    nonisolated let link: Link
    nonisolated let turnstile = Turnstile()
    /// Whether anything has come that only SerialEM would send.
    var hasAnsweredOnce = false
    /// The number of commands of this SerialEM, once it is known.
    var commandCount: Int?

    /// The channel, and what sits on it.
    struct Link: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<ReplyHandler>
        let failure: FirstFailure
    }

    private init(host: String, port: Int, logger: Logger, link: Link) {
        self.host = host
        self.port = port
        self.logger = logger
        self.link = link
    }

    /// Opens a connection. Nothing is sent yet: SerialEM shows EXTERNAL CONTROL only after the first request.
    public static func connect(
        host: String, port: Int = 48888, timeout: Duration = .seconds(10), logger: Logger
    ) async throws(SerialEMError) -> SerialEMConnection {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            // Images come in pieces of what the network has, small enough for the processor's cache.
            .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 1 << 18))
            .channelOption(.maxMessagesPerRead, value: 16)
        do {
            // A name can have several addresses and each is tried with a channel of its own.
            let link = try await bootstrap.connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let failure = FirstFailure()
                    let handler = ReplyHandler(failure: failure)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return Link(
                        channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop), failure: failure)
                }
            }
            logger.info("Connected to SerialEM", metadata: ["host": "\(host)", "port": "\(port)"])
            return SerialEMConnection(host: host, port: port, logger: logger, link: link)
        } catch {
            throw .unreachable("\(host):\(port)", reason(error))
        }
    }

    /// Whether the connection is still there. SerialEM may have gone without telling.
    public nonisolated var isOpen: Bool { link.failure.reason == nil && link.channel.isActive }

    /// Closes the connection, which ends external control. Without an Exit before, SerialEM does not start the
    /// acquisition that StartNavAcquireAtEnd asked for.
    public func close() async {
        // Closing a channel that has closed itself is an error, and nothing is left to do then.
        try? await link.channel.close().get()
    }

    nonisolated var address: String { "\(host):\(port)" }

    deinit { link.channel.close(promise: nil) }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first {
                return reason(first.error)
            }
            return "the name \(error.host) is not known"
        case let error as ChannelError:
            if case .connectTimeout = error { return "no answer in time" }
            return "\(error)"
        case let error as IOError: return error.errnoCode == ECONNREFUSED ? "connection refused" : error.description
        default: return "\(error)"
        }
    }
}
