internal import Hummingbird
public import Logging
internal import NIOCore

/// An HTTP port of the loopback interface at which tests, teachers and curl see what the simulator does and make things go
/// wrong. Everything is JSON.
public struct ControlPort: Sendable {
    private let server: SimulatorServer
    private let port: Int
    private let logger: Logger

    /// Port 0 takes any free one. Nothing is opened before ``run(onListening:)``.
    public init(for server: SimulatorServer, port: Int, logger: Logger) {
        self.server = server
        self.port = port
        self.logger = logger
    }

    /// Answers until the task is cancelled.
    ///
    /// - Parameter onListening: told the port that clients connect to, once it is open.
    public func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        // Hummingbird calls it an error when a client is there at the end.
        var quiet = logger
        quiet.logLevel = .critical
        let application = Application(
            responder: ControlRoutes(server: server), configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { onListening($0.localAddress?.port ?? 0) }, logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw CommandFailure(
                "The control port 127.0.0.1:\(port) cannot be opened: \(error). Is it in use? Choose another with --control-port.")
        }
    }
}
