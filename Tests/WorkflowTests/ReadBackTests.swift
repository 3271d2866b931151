import Foundation
import Geometry
import Microscope
import Navigator
import SerialEMMicroscope
import SerialEMSimulator
import Testing
import Units

/// Every change of state is read back: what SerialEM only says that it did is done once more, and what fails twice is told.
@Suite struct ReadBackTests {
    private struct Stand: Sendable {
        let microscope: SerialEMMicroscope
        let server: SimulatorServer
        let folder: String

        /// The command says twice that it was done, or once, and does nothing.
        func deafen(_ command: String, times: Int) {
            server.microscope.faults.add([Fault(.noEffect, when: .init(command: command, times: times))])
        }
        func strikes() -> Int { server.microscope.faults.strikes.count }
        func enter() async throws { try await microscope.enter(folder: folder, navigatorFile: "G.nav") }
    }

    /// A grid is on the stage, its folder entered, valves open, the state for the whole grid set.
    private func withStand(_ body: @Sendable (Stand) async throws -> Void) async throws {
        try await withLoadedGrid { microscope, server, folder in
            _ = try await microscope.use(Self.wholeGrid)
            try await body(Stand(microscope: microscope, server: server, folder: folder))
        }
    }

    private static let wholeGrid = ImagingSetup(states: ["1"], lowDose: false, condenserAperture: 0, objectiveAperture: 0)
    private static let intermediate = ImagingSetup(states: ["2"], lowDose: false, condenserAperture: 0, objectiveAperture: 0)
    private static let view = ImagingSetup(states: ["3"], lowDose: true, condenserAperture: 0, objectiveAperture: 70)
    private static let map = MontageRequest(file: "G.mrc", label: "Atlas", overlap: 0.15)

    /// Something that changes the microscope, and what brings it to where that is a change.
    private struct Change: Sendable, CustomTestStringConvertible {
        let command: String
        var before: @Sendable (Stand) async throws -> Void = { _ in }
        let make: @Sendable (Stand) async throws -> Void
        /// How often it is tried in vain before that is told.
        var tries = 2
        var testDescription: String { command }
    }

    private static let added: @Sendable (inout NavigatorFile) -> Void = { file in
        file.items.append(.point(label: "P", stage: .origin, z: .zero, mapID: file.unusedMapID()))
    }

    private static let changes: [Change] = [
        Change(command: "ScreenUp", before: { _ = await $0.microscope.makeSafe([.screen]) }, make: { _ = try await $0.microscope.begin() }),
        Change(command: "SetDirectory", before: { try await $0.microscope.enter(folder: $0.folder + "/..", navigatorFile: "O.nav") }, make: { try await $0.enter() }),
        Change(command: "OpenNavigator", make: { try await $0.microscope.enter(folder: $0.folder, navigatorFile: "H.nav") }),
        Change(command: "SetColumnOrGunValve", make: { try await $0.microscope.unloadGrid(to: 1) }),
        Change(command: "UnloadCartridge", make: { try await $0.microscope.unloadGrid(to: 1) }),
        Change(command: "LoadCartridge", make: { try await $0.microscope.loadGrid(slot: 2) }),
        Change(command: "GoToImagingState", make: { _ = try await $0.microscope.use(intermediate) }),
        Change(command: "SetLowDoseMode", before: { _ = try await $0.microscope.use(view) }, make: { _ = try await $0.microscope.use(wholeGrid) }),
        // View is gone to first, where it is already.
        Change(command: "GoToLowDoseArea", before: { _ = try await $0.microscope.use(view) }, make: { _ = try await $0.microscope.lowDoseGeometry() }, tries: 3),
        Change(
            command: "SetApertureSize",
            make: { _ = try await $0.microscope.use(ImagingSetup(states: ["2"], lowDose: false, condenserAperture: 0, objectiveAperture: 70)) }),
        Change(command: "MoveStageTo", make: { try await $0.microscope.moveStage(to: Point(x: 50, y: 20), z: nil) }),
        // In the plane it is where it shall be.
        Change(
            command: "MoveStageTo", before: { try await $0.microscope.moveStage(to: Point(x: 50, y: 20), z: nil) },
            make: { try await $0.microscope.moveStage(to: Point(x: 50, y: 20), z: Micrometers(12)) }),
        Change(command: "SetupFullMontage", make: { try await $0.microscope.mapWholeGrid(map) }),
        Change(command: "NewMap", make: { try await $0.microscope.mapWholeGrid(map) }),
        Change(command: "ChangeItemLabel", make: { try await $0.microscope.mapWholeGrid(map) }),
        Change(command: "CloseFile", make: { try await $0.microscope.mapWholeGrid(map) }),
        Change(command: "OpenNewFile", make: { _ = try await $0.microscope.takeImage(savingTo: "I.mrc") }),
        Change(command: "Save", make: { _ = try await $0.microscope.takeImage(savingTo: "I.mrc") }),
        Change(command: "CloseNavigator", make: { _ = try await $0.microscope.editNavigator(added) }),
        Change(command: "ReadNavFile", make: { _ = try await $0.microscope.editNavigator(added) }),
    ]

    @Test(arguments: changes.indices) func whatSerialEMOnlySaysThatItDidIsDoneOnceMore(number: Int) async throws {
        let change = Self.changes[number]
        try await withStand { stand in
            try await change.before(stand)
            stand.deafen(change.command, times: 1)
            try await change.make(stand)
            #expect(stand.strikes() == 1, "\(change.command)")
        }
    }

    @Test(arguments: changes.indices) func whatFailsTwiceIsTold(number: Int) async throws {
        let change = Self.changes[number]
        try await withStand { stand in
            try await change.before(stand)
            stand.deafen(change.command, times: 100)
            let error = await #expect(throws: MicroscopeError.self, "\(change.command)") { try await change.make(stand) }
            #expect(error?.code == .notAsSet, "\(change.command): \(error?.message ?? "")")
            #expect(stand.strikes() == change.tries, "\(change.command)")
        }
    }

    @Test func aScreenThatWasLoweredInAWaitIsRaisedWhereAStateIsSet() async throws {
        try await withStand { stand in
            _ = try await stand.microscope.use(Self.view)
            _ = await stand.microscope.makeSafe([.beam, .tilt, .screen])
            _ = try await stand.microscope.use(Self.view)
            _ = try await stand.microscope.takeImage(savingTo: "I.mrc")
        }
    }

    @Test func aNavigatorThatAnEditLeavesAsItIsStaysOpen() async throws {
        try await withStand { stand in
            _ = try await stand.microscope.editNavigator(Self.added)
            stand.deafen("CloseNavigator", times: 100)
            stand.deafen("ReadNavFile", times: 100)
            let file = try await stand.microscope.editNavigator { file in file.items.removeAll { $0.label == "none of this name" } }
            #expect(file.items.map(\.label) == ["P"] && stand.strikes() == 0)
        }
    }

    @Test func aCartridgeThatIsStuckOnItsWayIsNotTakenForLoaded() async throws {
        try await withStand { stand in
            await stand.server.microscope.setJammedSlots([2])
            await #expect(throws: MicroscopeError.self) { try await stand.microscope.loadGrid(slot: 2) }
            // The loader has brought nothing, and says so only of the slot.
            stand.deafen("LoadCartridge", times: 1)
            let error = await #expect(throws: MicroscopeError.self) { try await stand.microscope.loadGrid(slot: 2) }
            #expect(error?.code == .notAsSet)
        }
    }
}
