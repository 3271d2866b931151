import Foundation
import ImageFiles
import Logging
import Microscope
import Navigator
import SerialEMMicroscope
import SerialEMSimulator
import Testing

/// A whole-grid map that was begun, and what TomoPilot finds out and does about it.
@Suite struct MapRecoveryTests {
    private static let request = MontageRequest(file: "G.mrc", label: "Atlas", overlap: 0.15)

    private struct Stand: Sendable {
        let microscope: SerialEMMicroscope
        let server: SimulatorServer
        let folder: String
        var file: String { folder + "/G.mrc" }

        func enter() async throws {
            try await microscope.enter(folder: folder, navigatorFile: "G.nav")
            try await microscope.openValves()
            _ = try await microscope.use(
                ImagingSetup(states: ["1"], lowDose: false, condenserAperture: 0, objectiveAperture: nil))
        }
        /// As a session does after it lost the connection.
        func comeBack() async throws {
            for attempt in 1 ... 200 {
                do {
                    try await microscope.reconnect()
                    break
                } catch let error as MicroscopeError where error.code == .unreachable && attempt < 200 {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            _ = try await microscope.begin()
            try await enter()
        }
        func exposures() async -> Int { await server.microscope.exposureLog().count }
        func recover(whole: Bool = false) async throws -> MapRecovery {
            try await microscope.recoverMap(MapRecoveryTests.request, fileIsWhole: whole)
        }
        /// There is one map, named as asked for, and nothing is left open that would be in the way of the next.
        func expectOneMap() async throws {
            let maps = try await microscope.navigator().items.filter { $0.kind == .map }
            #expect(maps.map(\.note) == ["G.mrc"])
            #expect(maps.map(\.label) == ["Atlas"])
            #expect(try await recover() == .mapped)
            #expect(try await microscope.navigator().items.count == 1)
        }
    }

    private func withStand(_ faults: [Fault], _ body: @Sendable (Stand) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("recovery-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, faults: FaultPlan(faults),
            logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
            let stand = Stand(microscope: microscope, server: server, folder: folder)
            _ = try await microscope.begin()
            try await microscope.loadGrid(slot: 1)
            try await stand.enter()
            try await body(stand)
            await microscope.disconnect()
            group.cancelAll()
        }
    }

    @Test func aMontageThatAFullDiskCutIsGoneOnWith() async throws {
        try await withStand([Fault(.diskFull, when: .init(command: "Montage", after: 5))]) { stand in
            let error = await #expect(throws: MicroscopeError.self) { try await stand.microscope.mapWholeGrid(Self.request) }
            #expect(error?.code == .cannotWrite)
            try await stand.enter()
            guard case .resumable(pieces: 5, of: let all) = try await stand.recover() else {
                Issue.record("SerialEM has the montage open and five pieces of it")
                return
            }
            try await stand.microscope.resumeMap(Self.request)
            try await stand.expectOneMap()
            #expect(try MRCFile.header(stand.file).sections == all)
            // The one that the full disk lost was exposed again, and no other.
            #expect(await stand.exposures() == all + 1)
        }
    }

    @Test(arguments: ["Montage", "NewMap", "ChangeItemLabel", "CloseFile", "SaveNavigator"])
    func aMapWhoseReplyWasLostIsFinishedWithoutAnExposure(command: String) async throws {
        // The navigator is saved and a file closed before, too.
        let fault = Fault(.dropBeforeReply(executed: true), when: .init(command: command))
        try await withStand([]) { stand in
            stand.server.microscope.faults.add([fault])
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.mapWholeGrid(Self.request) }
            let exposures = await stand.exposures()
            try await stand.comeBack()
            #expect(try await stand.recover() == .mapped)
            try await stand.expectOneMap()
            #expect(await stand.exposures() == exposures)
        }
    }

    @Test func aWholeMontageIsMadeAMapAfterSerialEMHasEnded() async throws {
        try await withStand([Fault(.dropBeforeReply(executed: true), when: .init(command: "Montage"))]) { stand in
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.mapWholeGrid(Self.request) }
            let exposures = await stand.exposures()
            stand.server.crash(seconds: 0.1)
            try await Task.sleep(for: .milliseconds(300))
            try await stand.comeBack()
            #expect(try await stand.recover(whole: true) == .mapped)
            try await stand.expectOneMap()
            let map = try await stand.microscope.navigator().items.first
            #expect(map?.mapWidth ?? 0 > 1000)
            #expect(await stand.exposures() == exposures)
        }
    }

    @Test func aMontageThatSerialEMForgotInTheMiddleIsCutShortAndOneWithoutAPieceNotBegun() async throws {
        let faults = [Fault(.diskFull, when: .init(command: "Montage", after: 3))]
        try await withStand(faults) { stand in
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.mapWholeGrid(Self.request) }
            stand.server.crash(seconds: 0.1)
            try await Task.sleep(for: .milliseconds(300))
            try await stand.comeBack()
            #expect(try await stand.recover() == .cutShort)
        }
        try await withStand([Fault(.dropBeforeReply(executed: true), when: .init(command: "SetupFullMontage"))]) { stand in
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.mapWholeGrid(Self.request) }
            try await stand.comeBack()
            #expect(try await stand.recover() == .notBegun)
            try await stand.microscope.mapWholeGrid(Self.request)
            try await stand.expectOneMap()
        }
    }
}
