import Foundation
import ImageFiles
import Navigator
import SerialEMSimulator
import Testing
import Workflow

/// Things that happen to a microscope at night: the session waits, goes on by itself, and exposes nothing twice.
@Suite struct InterlockTests {
    struct Night: Sendable {
        let folder: String
        let lines: [String]
        let failure: String?
        let exposures: [ExposureRecord]
    }

    /// A session of level 1 on two grids with faults on a microscope without waiting.
    private func night(_ faults: String, more: String = "", pace: Double = 1, _ look: @Sendable (Night) throws -> Void) async throws {
        try await GridNight.with(faults: faults) { grids in
            let outcome = try await grids.run("grid_list: [1, 2]\ndisk_reserve: 0.1\n" + more, pace: pace)
            try look(
                Night(
                    folder: grids.sessionFolder, lines: outcome.lines, failure: outcome.failure.map(sentence),
                    exposures: await grids.microscope.exposureLog()))
        }
    }

    /// Both grid maps are there, and no place was exposed twice on one of them.
    ///
    /// - Parameter retaken: pieces of the first grid's map that were lit before the beam was lost, and again.
    private func expectWhole(_ night: Night, retaken: Int = 0) throws {
        #expect(night.failure == nil)
        for (slot, grid) in [(1, "Alga_1"), (2, "Chlamy_2")] {
            let map = "\(night.folder)/\(grid)/\(grid).mrc"
            let sections = try MRCFile.header(map).sections
            let lit = night.exposures.filter { $0.slot == slot && $0.file == map && $0.dose > 0 }
            #expect(lit.count == sections + (slot == 1 ? retaken : 0), "\(grid)")
            let items = try NavigatorFile.read("\(night.folder)/\(grid)/\(grid).nav").items
            #expect(items.count { $0.kind == .map } == 1, "\(grid)")
        }
    }

    @Test func badVacuumBeforeAMapIsWaitedForAndBothMapsAreTakenOnce() async throws {
        // The second time that the valves open.
        try await night(#"{"kind": "vacuum", "seconds": 1800, "when": {"command": "SetColumnOrGunValve", "after": 1}}"#) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("WAITS The vacuum is bad; the session waits with: ") }, "\(night.lines)")
            #expect(night.lines.contains { $0.hasPrefix("while it waits, the microscope has beam blanked, stage at 0 degrees") })
            #expect(night.lines.contains { $0.hasPrefix("GOES ON The vacuum is bad: over; the session goes on with: ") })
        }
    }

    @Test func aMapThatBadVacuumDarkenedIsKeptAsideAndTakenAnew() async throws {
        try await night(#"{"kind": "vacuum", "seconds": 900, "when": {"command": "M", "after": 3}}"#) { night in
            try expectWhole(night, retaken: 3)
            #expect(night.lines.contains { $0.hasPrefix("WARNING map the grid in Alga_1.mrc: the beam was lost meanwhile; it is taken again") }, "\(night.lines)")
            #expect(FileManager.default.fileExists(atPath: night.folder + "/Alga_1/Alga_1_dark1.mrc"))
        }
    }

    @Test func aRefillThatBlocksInTheMiddleIsWaitedFor() async throws {
        try await night(#"{"kind": "refill", "seconds": 5000, "when": {"command": "GoToImagingState", "after": 1}}"#) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("a dewar is being filled; the session waits with: ") }, "\(night.lines)")
            #expect(night.lines.contains { $0.hasPrefix("GOES ON A dewar is being filled: over") })
        }
    }

    @Test func valvesThatSomebodyClosedAreOpenedOnce() async throws {
        try await night(#"{"kind": "closedValve", "when": {"command": "SetupFullMontage"}}"#) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("WAITS The column valves have been closed; the session waits with: ") }, "\(night.lines)")
        }
    }

    @Test func valvesThatSomebodyKeepsClosedAreLeftToThePerson() async throws {
        // Closed again whenever they were opened.
        let always = #"{"kind": "closedValve", "when": {"command": "ReportVacuumStatus", "after": 3, "times": "always"}}"#
        try await night(always, more: "interlock_hours: 0.05") { night in
            #expect(night.failure?.hasPrefix("The column valves are closed again and again; open them for 0.05 hours") == true, "\(night.failure ?? "")")
        }
    }

    @Test func aDiskThatIsNearlyFullBeforeAMapIsWaitedFor() async throws {
        try await night(#"{"kind": "lowDisk", "megabytes": 120, "seconds": 1200, "when": {"command": "SetupFullMontage", "after": 1}}"#) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("WAITS There are 126 MB free for Chlamy_2.mrc, and ") }, "\(night.lines)")
            let safe = try #require(night.lines.firstIndex { $0.hasPrefix("while it waits, the microscope has beam blanked, stage at 0 degrees, column valves closed") })
            let room = try #require(
                night.lines.firstIndex(of: "GOES ON There is room on the disk again; the session goes on with: map the grid in Chlamy_2.mrc"))
            #expect(safe < room)
        }
    }

    @Test func whatGoesWrongWhileADiskIsFullIsWaitedForBeforeTheMap() async throws {
        // The dewars begin to be filled when the microscope has been made safe, and are full long after there is room.
        let faults = #"""
            [{"kind": "lowDisk", "megabytes": 120, "seconds": 600, "when": {"command": "SetupFullMontage", "after": 1}},
             {"kind": "refill", "seconds": 5000, "when": {"command": "ReportFreeDiskSpace", "after": 5}}]
            """#
        try await night(faults) { night in
            try expectWhole(night)
            let refill = try #require(night.lines.firstIndex { $0.hasPrefix("a dewar is being filled; the session waits with: ") })
            let room = try #require(night.lines.firstIndex { $0.hasPrefix("GOES ON There is room on the disk again") })
            #expect(refill < room)
        }
    }

    @Test func aDiskThatStaysFullEndsTheSessionSafelyAndNothingIsExposedForTheMap() async throws {
        let always = #"{"kind": "lowDisk", "megabytes": 120, "seconds": 80000, "when": {"command": "SetupFullMontage"}}"#
        try await night(always, more: "interlock_hours: 0.5") { night in
            #expect(night.failure?.hasPrefix("There are 126 MB free for Alga_1.mrc") == true)
            #expect(night.exposures.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: night.folder + "/Alga_1/Alga_1.mrc"))
            #expect(night.lines.contains("the microscope is left with beam blanked, stage at 0 degrees, column valves closed"))
        }
    }

    @Test func whatIsNotWatchedStopsNothing() async throws {
        try await night(#"{"kind": "refill", "seconds": 80000}"#, more: "interlocks: [vacuum, disk]\nsafe_state: [beam, screen]") { night in
            try expectWhole(night)
            #expect(!night.lines.contains { $0.contains("dewar") })
            #expect(night.lines.contains("the microscope is left with beam blanked, screen down"))
        }
    }

    @Test func whatAMicroscopeDoesNotTellIsSaidOnceAndNotWatched() async throws {
        let silent = #"{"kind": "error", "text": "There is no dewar manager.", "when": {"command": "AreDewarsFilling", "times": "always"}}"#
        try await night(silent) { night in
            try expectWhole(night)
            #expect(night.lines.count { $0.hasPrefix("this microscope does not tell of 'dewars', which is not watched: There is no dewar manager.") } == 1, "\(night.lines)")
        }
    }

    @Test func aReadingThatIsRefusedAfterItWasToldOnceStillGuards() async throws {
        // The third reading and the next two are refused; later the vacuum goes bad, and is still seen to.
        let faults = #"""
            [{"kind": "error", "text": "The gauges do not answer.", "when": {"command": "ReportVacuumStatus", "after": 2, "times": 3}},
             {"kind": "vacuum", "seconds": 900, "when": {"command": "SetColumnOrGunValve", "after": 1}}]
            """#
        try await night(faults) { night in
            try expectWhole(night)
            let refused = try #require(night.lines.firstIndex { $0.hasPrefix("WAITS SerialEM no longer tells how the microscope is: ") && $0.contains("The gauges do not answer.") })
            let bad = try #require(night.lines.firstIndex { $0.hasPrefix("WAITS The vacuum is bad; the session waits with: ") })
            #expect(refused < bad)
            #expect(!night.lines.contains { $0.hasPrefix("this microscope does not tell of 'vacuum'") }, "\(night.lines)")
        }
    }

    @Test func aReadingThatIsRefusedOnceAtTheBeginningStillGuards() async throws {
        let faults = #"""
            [{"kind": "error", "text": "The gauges do not answer.", "when": {"command": "ReportVacuumStatus", "times": 1}},
             {"kind": "vacuum", "seconds": 900, "when": {"command": "SetColumnOrGunValve", "after": 1}}]
            """#
        try await night(faults) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("WAITS The vacuum is bad; the session waits with: ") }, "\(night.lines)")
            #expect(!night.lines.contains { $0.contains("The gauges do not answer.") }, "\(night.lines)")
        }
    }

    @Test func aReadingThatWasLackingAtFirstGuardsFromWhenItIsTold() async throws {
        // The tries of one look, and that of the next.
        let faults = #"""
            [{"kind": "error", "text": "The gauges do not answer.", "when": {"command": "ReportVacuumStatus", "times": 4}},
             {"kind": "vacuum", "seconds": 900, "when": {"command": "SetColumnOrGunValve", "after": 1}}]
            """#
        try await night(faults, pace: 1e6) { night in
            try expectWhole(night)
            #expect(night.lines.contains { $0.hasPrefix("WAITS The vacuum is bad; the session waits with: ") }, "\(night.lines)")
            #expect(night.lines.count { $0.hasPrefix("this microscope does not tell of 'vacuum', which is not watched") } == 1, "\(night.lines)")
        }
    }
}
