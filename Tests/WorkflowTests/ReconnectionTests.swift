import Foundation
import Logging
import Microscope
import SerialEMMicroscope
import SerialEMSimulator
import Testing

/// SerialEM was started again while a session waited.
@Suite struct ReconnectionTests {
    private func bind(port: Int) async throws -> SimulatorServer {
        try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: FileManager.default.temporaryDirectory.path), port: port,
            logger: Logger(label: "test"))
    }

    /// A connection of another test may have been given the port for a moment.
    private func bindAgain(port: Int) async throws -> SimulatorServer {
        for _ in 0..<100 {
            do { return try await bind(port: port) } catch { try await Task.sleep(for: .milliseconds(100)) }
        }
        return try await bind(port: port)
    }

    @Test func theSessionFindsTheNewSerialEM() async throws {
        let first = try await bind(port: 0)
        var microscope: SerialEMMicroscope?
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run() }
            // Other tests may keep this computer busy.
            microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: first.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
            group.cancelAll()
        }
        let connected = try #require(microscope)
        await #expect(throws: MicroscopeError.self) { _ = try await connected.stagePosition() }
        let second = try await bindAgain(port: first.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await second.run() }
            try await connected.reconnect()
            _ = try await connected.stagePosition()
            await connected.disconnect()
            group.cancelAll()
        }
    }
}
