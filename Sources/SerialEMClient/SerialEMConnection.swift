public import Logging
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
    nonisolated let wire: Wire
    nonisolated let turnstile = Turnstile()
    /// Where commands get shorter deadlines from than they would have.
    nonisolated let times: CommandTimes
    /// Whether anything has come that only SerialEM would send.
    var hasAnsweredOnce = false
    /// The number of commands of this SerialEM, once it is known.
    var commandCount: Int?

    private init(host: String, port: Int, logger: Logger, wire: Wire, times: CommandTimes) {
        self.times = times
        self.host = host
        self.port = port
        self.logger = logger
        self.wire = wire
    }

    /// Opens a connection. Nothing is sent yet: SerialEM shows EXTERNAL CONTROL only after the first request.
    ///
    /// - Parameter times: how long commands took so far; what is seen is added to it.
    public static func connect(
        host: String, port: Int = 48888, timeout: Duration = .seconds(10), times: CommandTimes = CommandTimes(), logger: Logger
    ) async throws(SerialEMError) -> SerialEMConnection {
        do throws(ConnectFailure) {
            let wire = try await Wire.connect(host: host, port: port, timeout: timeout)
            logger.info("Connected to SerialEM", metadata: ["host": "\(host)", "port": "\(port)"])
            return SerialEMConnection(host: host, port: port, logger: logger, wire: wire, times: times)
        } catch {
            throw .unreachable("\(host):\(port)", error.reason)
        }
    }

    /// Whether the connection is still there. SerialEM may have gone without telling.
    public nonisolated var isOpen: Bool { wire.socket.isOpen }

    /// Closes the connection, which ends external control. Without an Exit before, SerialEM does not start the
    /// acquisition that StartNavAcquireAtEnd asked for.
    public nonisolated func close() async {
        wire.socket.end(.closed)
        wire.socket.close()
    }

    nonisolated var address: String { "\(host):\(port)" }
}
