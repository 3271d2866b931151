import Foundation
import Logging
import SerialEMClient
import SerialEMSimulator

/// Runs a body against a simulator on a free port of the loopback interface, in a folder of its own.
func withSimulator(
    seed: UInt64 = 3, _ body: @Sendable (SerialEMConnection, SimulatorServer, String) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("simulator-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let logger = Logger(label: "test")
    let server = try await SimulatorServer.bind(
        configuration: SimulatorConfiguration(
            seed: seed, folder: folder, timeScale: 0, truthFile: "\(folder)/truth.json", exposureLog: "\(folder)/exposures.jsonl"),
        port: 0, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let connection = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: logger)
        _ = try await connection.beginControl()
        try await body(connection, server, folder)
        await connection.close()
        group.cancelAll()
    }
}
