import Foundation
import Geometry
import ImageFiles
import Logging
import Microscope
import SerialEMMicroscope
import SerialEMSimulator
import Synchronization
import Testing
import Units
@testable import Workflow

/// What is looked at in the middle of a step, and before a grid is moved.
@Suite struct WatchedStepTests {
    private struct Stand: Sendable {
        let microscope: GuardedMicroscope
        let server: SimulatorServer
        let folder: String
        let alarms: @Sendable () -> [String]

        func somebody(_ fault: Fault.Kind, before command: String) {
            server.microscope.faults.add([Fault(fault, when: .init(command: command))])
        }
    }

    /// A grid is on the stage, ready for its map; a look is never too new to look again.
    private func withStand(_ more: String = "", period: Duration = .zero, _ body: @Sendable (Stand) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("watched-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = try SessionSettings(yaml: "session_dir: /s\nWG_model: d\nMM_model: m\ndisk_reserve: 0.1\n\(more)", file: "s.yaml").safety
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, faults: FaultPlan([], logger: logger), logger: logger)
        let alarms = Mutex<[String]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let bare = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: logger)
            let guarded = GuardedMicroscope(bare, settings: settings, stageLimit: Micrometers(990), period: period) { event in
                if case .obstructed(let text, _) = event { alarms.withLock { $0.append(text) } }
            }
            _ = try await guarded.begin()
            try await guarded.loadGrid(slot: 1)
            try await guarded.enter(folder: folder, navigatorFile: "G.nav")
            try await guarded.openValves()
            _ = try await guarded.use(ImagingSetup(states: ["1"], lowDose: false, condenserAperture: 0, objectiveAperture: 0))
            try await body(Stand(microscope: guarded, server: server, folder: folder) { alarms.withLock { $0 } })
            await guarded.disconnect()
            group.cancelAll()
        }
    }

    private static let map = MontageRequest(file: "G.mrc", label: "Atlas", overlap: 0.15)

    @Test func valvesThatSomebodyClosesBetweenSetupAndMontageAreOpenedBeforeAnythingIsExposed() async throws {
        try await withStand { stand in
            stand.somebody(.closedValve, before: "SetupFullMontage")
            try await stand.microscope.mapWholeGrid(Self.map)
            #expect(stand.alarms() == ["The column valves have been closed; the session waits with: map the grid in G.mrc."])
            let exposures = await stand.server.microscope.exposureLog()
            #expect(!exposures.isEmpty)
            #expect(exposures.allSatisfy { $0.dose > 0 })
        }
    }

    @Test func aLookThatIsNotOldIsNotRepeatedInTheMiddleOfAStep() async throws {
        try await withStand(period: .seconds(3600)) { stand in
            stand.somebody(.closedValve, before: "SetupFullMontage")
            try await stand.microscope.mapWholeGrid(Self.map)
            // The first map was taken in the dark, which is seen after it.
            #expect(await stand.server.microscope.exposureLog().contains { $0.dose == 0 })
        }
    }

    @Test func aWaitAfterAMontageDoesNotHideThatItWasTakenInTheDark() async throws {
        try await withStand { stand in
            // The valve closes during the first piece, and all is well again before the map is made of the montage.
            stand.somebody(.vacuum(severity: 2, seconds: 900), before: "M")
            try await stand.microscope.mapWholeGrid(Self.map)
            #expect(FileManager.default.fileExists(atPath: stand.folder + "/G_dark1.mrc"))
            let lit = await stand.server.microscope.exposureLog().filter { $0.dose > 0 }
            let sections = try MRCFile.header(stand.folder + "/G.mrc").sections
            #expect(lit.count == sections)
        }
    }

    @Test func aRefillInTheMiddleOfAStepIsWaitedForThere() async throws {
        try await withStand { stand in
            stand.somebody(.refill(seconds: 500), before: "ReportNumMontagePieces")
            try await stand.microscope.mapWholeGrid(Self.map)
            let events = await stand.server.microscope.eventLog()
            let first = try #require(events.first { $0.kind == .exposure })
            let setup = try #require(events.last { $0.kind == .load })
            #expect(first.start - (setup.start + setup.seconds) > 450)
        }
    }

    @Test func valvesThatTheSessionClosedWhileItWaitedForRoomAreNoAlarm() async throws {
        try await withStand { stand in
            stand.somebody(.lowDisk(megabytes: 1, seconds: 300), before: "SetupFullMontage")
            try await stand.microscope.mapWholeGrid(Self.map)
            #expect(stand.alarms().count == 1 && stand.alarms().first?.contains(" MB free for G.mrc") == true, "\(stand.alarms())")
            let exposures = await stand.server.microscope.exposureLog()
            #expect(!exposures.isEmpty && exposures.allSatisfy { $0.dose > 0 })
        }
    }

    @Test func noGridIsMovedWhileTheAutoloaderDoesNotKnowWhereACartridgeIs() async throws {
        try await withStand("interlock_hours: 0.5") { stand in
            await stand.server.microscope.setJammedSlots([2])
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.loadGrid(slot: 2) }
            let loads = await stand.server.microscope.eventLog().count { $0.kind == .load }
            let error = await #expect(throws: WorkflowError.self) { try await stand.microscope.loadGrid(slot: 2) }
            #expect(error?.code == .incomplete)
            #expect(stand.alarms().last == "The autoloader does not tell where the cartridge of slot 2 is; look at the autoloader; the session waits with: load grid 2.")
            #expect(await stand.server.microscope.eventLog().count { $0.kind == .load } == loads)
        }
    }

    @Test func theAutoloaderIsNotWatchedWhereTheSettingsLeaveItOut() async throws {
        try await withStand("interlocks: [vacuum, valves]") { stand in
            await stand.server.microscope.setJammedSlots([2])
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.loadGrid(slot: 2) }
            // The loader's own refusal, and no wait.
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.loadGrid(slot: 2) }
            #expect(stand.alarms() == [])
        }
    }

    @Test func afterALongWaitTheStageIsAtTheEucentricHeightThatWasFoundAndNotAtTheOneBefore() async throws {
        try await withStand { stand in
            try await stand.microscope.moveStage(to: Point(x: 10, y: 20), z: Micrometers(40))
            let found = try await stand.microscope.findRoughEucentricity()
            #expect(abs(found.z.value - 40) > 5)
            stand.somebody(.vacuum(severity: 2, seconds: 900), before: "SetColumnOrGunValve")
            try await stand.microscope.openValves()
            #expect(stand.alarms().count == 1)
            let now = try await stand.microscope.stagePosition()
            #expect(abs(now.z.value - found.z.value) < 1)
        }
    }
}
