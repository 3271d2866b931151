import Foundation
import ImageFiles
import Logging
import Microscope
import SerialEMClient
import SerialEMMicroscope
import SerialEMSimulator
import Synchronization
import Testing

@Suite struct AwaitControlTests {
    @Test func aBusySerialEMIsAskedAgainUntilTheAcquisitionHasEnded() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("control-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test")
        // At this speed 164 exposures of 2.5 s last at least four seconds; the first question comes after two.
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 3, folder: folder, timeScale: 100), port: 0, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let sem = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: logger)
            _ = try await sem.beginControl()
            try await sem.loadCartridge(1)
            try await sem.openNavigator("\(folder)/grid.nav")
            #expect(try await sem.goToImagingState("3") == 0)
            try await sem.view()
            try await sem.openNewFile("\(folder)/A_tgt_001_view.mrc")
            try await sem.save()
            let item = try await sem.newMap(note: "A_tgts.txt")
            try await sem.closeFile()
            try await sem.setItemAcquire(item)
            let text = (1 ... 4).map { number in
                """
                _tgt = 00\(number)
                tsfile = A_ts_00\(number).mrc
                SSX = \(3 * (number - 1)).0
                SSY = 0.0
                stageX = 0.0
                stageY = 0.0
                skip = False

                """
            }.joined()
            try text.write(toFile: "\(folder)/A_tgts.txt", atomically: true, encoding: .utf8)
            try await sem.exit()
            await sem.close()

            let microscope = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, logger: logger)
            try await microscope.startAcquisition(script: 1)
            let tries = Mutex(0)
            let end = try await microscope.awaitControl(within: .seconds(120)) { _, _ in tries.withLock { $0 += 1 } }
            #expect(end == .finished)
            #expect(tries.withLock { $0 } > 1)
            #expect(try MRCFile.header("\(folder)/A_ts_004.mrc").sections == 41)
            await microscope.disconnect()
            group.cancelAll()
        }
    }
}
