import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct CassetteTests {
    @Test(arguments: [UInt64(1), 3, 77])
    func everyCassetteHasNamedUnnamedAndEmptySlots(seed: UInt64) async throws {
        let s = try await Scenario(seed: seed)
        let named = try await s.run("ReportSlotStatus", 1)
        #expect(named.count == 2 && named[0] == .number(1))
        #expect(try #require(named[1].text).hasSuffix("_1"))
        #expect(try await s.run("ReportSlotStatus", 10) == [.number(0)])
        #expect(try await s.run("ReportSlotStatus", 11) == [.number(1), .text("!NONAME!")])
        #expect(try await s.run("ReportSlotStatus", 13) == [.number(-1)])
        #expect(try await s.run("ReportSlotStatus", 0).isEmpty)
        let names = try #require(try await s.run("GetVariable", "autoloaderInfo").first?.text)
        #expect(names.contains("!NONAME!"))
    }

    @Test func aSlotKeepsTheNameOfTheCartridgeOnTheStage() async throws {
        let s = try await Scenario()
        let name = try await s.run("ReportSlotStatus", 1)[1]
        try await s.run("LoadCartridge", 1)
        #expect(try await s.run("ReportSlotStatus", 1) == [.number(0), name])
        #expect(try await s.numbers("ReportLoadedSlot") == [1, 0])
        try await s.run("LoadCartridge", 2)
        #expect(try await s.run("ReportSlotStatus", 1) == [.number(1), name])
        #expect(try await s.numbers("ReportLoadedSlot") == [2, 0])
        try await s.run("UnloadCartridge")
        #expect(try await s.numbers("ReportLoadedSlot") == [0, 0])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("UnloadCartridge") }
    }

    @Test func withTheLoadersPanelClosedSlotsHaveNoNames() async throws {
        let s = try await Scenario { $0.showsSlotNames = false }
        #expect(try await s.run("ReportSlotStatus", 1) == [.number(1)])
        #expect(try await s.run("ReportSlotStatus", 0) == [.number(-1)])
    }

    @Test func aLoadThatFailsLeavesTheCartridgeInItsSlotAndTheStageEmpty() async throws {
        let s = try await Scenario()
        try await s.run("LoadCartridge", 1)
        let error = await #expect(throws: Scenario.Refusal.self) { try await s.run("LoadCartridge", 12) }
        #expect(error?.description.contains("slot 12 could not be taken") == true)
        #expect(try await s.numbers("ReportSlotStatus", 12)[0] == 1)
        #expect(try await s.numbers("ReportLoadedSlot") == [0, 0])
        try await s.run("LoadCartridge", 1)
        #expect(try await s.numbers("ReportLoadedSlot") == [1, 0])
    }

    @Test func aJammedCartridgeBlocksTheLoaderUntilItIsFreed() async throws {
        let s = try await Scenario()
        await s.microscope.setJammedSlots([2])
        let error = await #expect(throws: Scenario.Refusal.self) { try await s.run("LoadCartridge", 2) }
        #expect(error?.description.contains("jammed") == true)
        #expect(try await s.numbers("ReportSlotStatus", 2) == [-1])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("LoadCartridge", 1) }
        await s.microscope.setJammedSlots([])
        #expect(try await s.numbers("ReportSlotStatus", 2)[0] == 1)
        try await s.run("LoadCartridge", 1)
        #expect(try await s.numbers("ReportLoadedSlot") == [1, 0])
    }

    @Test func aJEOLLoaderWantsAnInventoryAndCountsItsEntries() async throws {
        let s = try await Scenario { $0.kind = .jeol }
        await #expect(throws: Scenario.Refusal.self) { try await s.run("ReportSlotStatus", 1) }
        await #expect(throws: Scenario.Refusal.self) { try await s.run("LoadCartridge", 1) }
        await #expect(throws: Scenario.Refusal.self) { try await s.run("ReportLoadedSlot") }
        try await s.run("LongOperation", "In")
        #expect(try await s.numbers("ReportLoadedSlot") == [-1, -1])
        var entries: [[ReportedValue]] = []
        while true {
            let entry = try await s.run("ReportSlotStatus", .integer(entries.count + 1))
            guard entry.count == 6 else { #expect(entry == [.number(-1)]); break }
            entries.append(entry)
        }
        // Empty slots are no entries: the last entry is slot 12.
        #expect(entries.count < 12 && entries.last?[2] == .number(12))
        #expect(entries.allSatisfy { $0[1] == .number(1) && $0[5].text != nil })
        let id = try #require(entries[1][0].number)
        #expect(try await s.numbers("FindCartridgeWithID", .number(id)) == [2])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("FindCartridgeWithID", 9999) }
        try await s.run("LoadCartridge", 2)
        #expect(try await s.run("ReportSlotStatus", 2)[1] == .number(3))
        #expect(try await s.numbers("ReportLoadedSlot") == [1, id])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("LoadCartridge", 2) }
    }

    @Test func aDoseStaysWithItsPlaceWhenTheGridIsLoadedAgain() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("R")
        try await s.run("R")
        let before = try await s.lamella()
        try await s.run("UnloadCartridge")
        try await s.loadGrid()
        let after = try await s.lamella()
        #expect(SIMD2(after.stage.x - before.stage.x, after.stage.y - before.stage.y).length > 3)
        try await s.goToLamella()
        try await s.run("R")
        let last = try #require(await s.microscope.exposureLog().last)
        #expect(abs(last.accumulatedDose - 3 * last.dose) < 1e-6)
    }

    @Test func aJEOLColumnCountsTheHolesOfItsApertures() async throws {
        let s = try await Scenario { $0.kind = .jeol }
        #expect(try await s.numbers("ReportApertureSize", 2) == [3])
        try await s.run("SetApertureSize", 2, 1)
        #expect(try await s.numbers("ReportApertureSize", 2) == [1])
        try await s.run("SetApertureSize", 2, 0)
        #expect(try await s.numbers("ReportApertureSize", 2) == [0])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SetApertureSize", 2, 5) }
        await #expect(throws: Scenario.Refusal.self) { try await s.run("ReportApertureSize", 6) }
        #expect(try await Scenario().numbers("ReportApertureSize", 2) == [70])
    }

    @Test func cartridgesTakeTheirNameAndTheirSpecimenAlongWhenSomebodySwapsThem() async throws {
        try await withFaults { stand in
            let before = await stand.server.microscope.truth()
            let swapped = try await stand.ask("POST", "/cassette", #"{"slot": 1, "other": 2}"#)
            #expect(swapped.contains("200 OK"))
            let after = await stand.server.microscope.truth()
            #expect(after.grids.first { $0.slot == 1 }?.name == before.grids.first { $0.slot == 2 }?.name)
            #expect(after.grids.first { $0.slot == 1 }?.lamellae.map(\.grid) == before.grids.first { $0.slot == 2 }?.lamellae.map(\.grid))
            let renamed = try await stand.ask("POST", "/cassette", #"{"slot": 11, "name": "Found_1"}"#)
            #expect(renamed.contains(#""11": "Found_1""#))
            for body in [#"{"slot": 1}"#, #"{"slot": 13, "other": 1}"#, #"{"slot": 10, "name": "x"}"#, #"{"slot": 1, "other": 2, "name": "x"}"#] {
                let answer = try await stand.ask("POST", "/cassette", body)
                #expect(answer.contains("400 Bad Request"), "\(body)")
            }
            let names = try await stand.ask("GET", "/cassette")
            #expect(names.contains("Found_1"))
        }
    }

    @Test func aCartridgeComesBackFartherOffOnDemand() async throws {
        func shift(_ offset: Double) async throws -> Double {
            let s = try await Scenario()
            try await s.loadGrid()
            try await s.run("UnloadCartridge")
            if offset > 0 { s.microscope.faults.add([Fault(.displaced(micrometers: offset, degrees: 0))]) }
            try await s.loadGrid()
            return try await s.lamella().stage.x
        }
        #expect(abs(try await shift(90) - shift(0) - 90) < 1e-9)
    }
}
