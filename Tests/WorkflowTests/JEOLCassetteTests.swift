import Foundation
import Logging
import Microscope
import SerialEMMicroscope
import SerialEMSimulator
import Testing

/// A JEOL autoloader counts the cartridges of its inventory, and says of each where it is.
@Suite struct JEOLCassetteTests {
    private func onJEOL(_ body: @Sendable (SerialEMMicroscope, SimulatorServer) async throws -> Void) async throws {
        let logger = Logger(label: "test")
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 3, folder: FileManager.default.temporaryDirectory.path, kind: .jeol), port: 0,
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, logger: logger), server)
            group.cancelAll()
        }
    }

    @Test func theInventoryIsTakenWhereNoneWasAndGridsAreLoadedByItsNumbers() async throws {
        try await onJEOL { microscope, server in
            let first = try await microscope.cassetteSlot(1)
            #expect(first.place == .cassette && first.name?.hasSuffix("_1") == true)
            try await microscope.loadGrid(slot: 1)
            #expect(try await microscope.cassetteSlot(1).place == .stage)
            #expect(await server.microscope.truth().loadedSlot == 1)
            try await microscope.openValves()
            try await microscope.loadGrid(slot: 2)
            #expect(try await microscope.cassetteSlot(1).place == .cassette)
            #expect(try await microscope.cassetteSlot(2).place == .stage)
            #expect(try await microscope.cassetteSlot(99).place == .noSuchSlot)
        }
    }
}
