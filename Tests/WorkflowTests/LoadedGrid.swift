import Foundation
import Logging
import SerialEMMicroscope
import SerialEMSimulator

/// A simulated microscope with a grid on its stage, the grid's folder entered and valves open.
func withLoadedGrid(_ body: @Sendable (SerialEMMicroscope, SimulatorServer, _ folder: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("grid-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await SimulatorServer.bind(
        configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, faults: FaultPlan([], logger: logger), logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let microscope = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: logger)
        _ = try await microscope.begin()
        try await microscope.loadGrid(slot: 1)
        try await microscope.enter(folder: folder, navigatorFile: "G.nav")
        try await microscope.openValves()
        try await body(microscope, server, folder)
        await microscope.disconnect()
        group.cancelAll()
    }
}
