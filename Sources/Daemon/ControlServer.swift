import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
import Workflow

/// The HTTP side of a service.
package struct ControlServer: Service {
    private let service: SessionService
    private let host: String
    private let port: Int
    private let token: String?
    private let connections: Int
    private let patience: Duration
    private let longestBody: Duration
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void


    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - token: what every request has to bring; beyond the loopback there must be one.
    ///   - connections: how many are served at a time; nil as many as leave enough files for the session.
    ///   - patience: how long a connection may be open without a whole head of a request.
    ///   - longestBody: how long the rest of a request may take.
    ///   - onListening: told the port once it is open.
    /// - Throws: ``WorkflowError`` where a host beyond the loopback has no token.
    package init(
        service: SessionService, host: String, port: Int, token: String?, connections: Int? = nil, patience: Duration = .seconds(30),
        longestBody: Duration = APICall.longestBody, logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void
    ) throws {
        guard token != nil || Self.isLoopback(host) else {
            throw WorkflowError.refused(
                "--host \(host) can be reached from other machines, and whoever reaches the service drives the microscope: "
                    + "name a file that holds a token with --token-file, or leave --host out.")
        }
        self.service = service
        self.host = host
        self.port = port
        self.token = token
        self.connections = connections ?? OpenFiles.connections
        self.patience = patience
        self.longestBody = longestBody
        self.logger = logger
        self.onListening = onListening
    }

    private static func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }

    package func run() async throws {
        // Some more are accepted, only to be told that there are too many; others wait in the system's queue.
        let limit = ConnectionLimit(most: connections)
        let application = Application(
            router: Self.router(
                Endpoints(service: service).all, token: token, isLoopback: Self.isLoopback(host), longestBody: longestBody),
            server: .http1(configuration: .init(additionalChannelHandlers: [ConnectionAdmission(limit)], idleTimeout: TimeAmount(patience))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "tomopilot",
                availableConnectionsDelegate: MaximumAvailableConnections(connections + max(8, connections / 2), logger: logger)),
            onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) }, logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw WorkflowError.refused(
                "Port \(port) of \(host) cannot be opened: \(String(cString: strerror(error.errnoCode))); does another service run there? "
                    + "Take another one with --port.")
        }
    }

    static func router(
        _ endpoints: [Endpoint], token: String?, isLoopback: Bool, longestBody: Duration = APICall.longestBody
    ) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: Doorkeeper(token: token, isLoopback: isLoopback, endpoints: endpoints))
        for endpoint in endpoints {
            router.on(endpoint.routerPath, method: endpoint.method) { request, context in
                try endpoint.requireKnownParameters(of: request)
                return try await endpoint.handler(APICall(request: request, parameters: context.parameters, schema: endpoint.body?.schema, longestBody: longestBody))
            }
        }
        return router
    }
}
