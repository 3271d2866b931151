import Foundation
import Logging
import NIOCore
import NIOPosix
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator

/// A simulator with faults and its control port, both on free ports of the loopback interface.
struct FaultStand: Sendable {
    let server: SimulatorServer
    let controlPort: Int
    let folder: String
    var port: Int { server.port }

    /// A client in control.
    func connect() async throws -> SerialEMConnection {
        let connection = try await SerialEMConnection.connect(host: "127.0.0.1", port: port, logger: Logger(label: "test"))
        _ = try await connection.beginControl()
        return connection
    }

    /// Asks the control port, and gives the whole answer as text.
    func ask(_ method: String, _ path: String, _ body: String = "", headers: String = "") async throws -> String {
        let request = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        return try await withRawClient(controlPort) { client in
            try await client.send(Array(request.utf8))
            return String(decoding: try await client.rest(), as: UTF8.self)
        }
    }
}

/// Runs a body against a simulator with faults, written as the file has them.
func withFaults(
    _ faults: String = "[]", timeScale: Double = 0, _ body: @Sendable (FaultStand) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faults-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let logger = Logger(label: "test")
    let server = try await SimulatorServer.bind(
        configuration: SimulatorConfiguration(seed: 3, folder: folder, timeScale: timeScale), port: 0,
        faults: FaultPlan(try Fault.list(text: faults, place: "test"), logger: logger), logger: logger)
    let (ports, opened) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        group.addTask {
            defer { opened.finish() }
            try await ControlPort(for: server, port: 0, logger: logger).run { opened.yield($0) }
        }
        for await port in ports {
            try await body(FaultStand(server: server, controlPort: port, folder: folder))
            break
        }
        group.cancelAll()
    }
}

/// A client that sends and receives bytes as they are.
struct RawClient {
    let incoming: NIOAsyncChannelInboundStream<ByteBuffer>
    let outgoing: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ bytes: [UInt8]) async throws { try await outgoing.write(ByteBuffer(bytes: bytes)) }
    /// Everything until the other side closes.
    func rest() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await more in incoming { bytes += more.readableBytesView }
        return bytes
    }
}

func withRawClient<Value: Sendable>(_ port: Int, _ body: @Sendable (RawClient) async throws -> Value) async throws -> Value {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        .executeThenClose { try await body(RawClient(incoming: $0, outgoing: $1)) }
}

/// The packet of a command.
func packet(_ name: String, _ arguments: Argument...) throws -> [UInt8] {
    guard let definition = FunctionCodes.definition(named: name) else { return [] }
    return try CommandRequest(code: definition.code, arguments: arguments).encoded()
}
