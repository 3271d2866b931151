import ImageFiles
import SerialEMSimulator
import Testing
import Workflow

/// A cassette of several grids: which of them are done, and what a grid that fails does to the others.
@Suite struct ManyGridsTests {
    @Test func aGridThatCannotBeLoadedAndOneThatIsSwappedWhileTheSessionWaitsAreSkippedAndTheThirdIsDone() async throws {
        try await GridNight.with { night in
            let outcome = try await night.run("grid_list: [12, 2, 1]\non_grid_failure: skip") { [night] checkpoint in
                if checkpoint == .grid(slot: 2) { try? await night.microscope.swapCartridges(2, 11) }
                return .goOn
            }
            #expect(outcome.failure == nil)
            #expect(await night.loads() == [12, 1])
            #expect(await night.exposures(slot: 1) > 0)
            #expect(outcome.grid(1)?["skipped"] == nil)
            let bent = try #require(outcome.grid(12)?["skipped"]?.string)
            #expect(bent.hasPrefix("Grid 12 could not be brought to the stage: "))
            let other = try #require(outcome.grid(2)?["skipped"]?.string)
            #expect(other.hasPrefix("Slot 2 holds a grid without a name, and the session began with '"))
            #expect(other.hasSuffix("; nothing is loaded or exposed for it. Put the cassette back as it was, or use another session_dir."))
            #expect(outcome.grid(2)?["failed"]?.bool == true)
            #expect(outcome.alarms.count == 2)
            #expect(outcome.events.contains { if case .sessionEnded(let text) = $0 { text.hasPrefix("2 of 3 grids failed") } else { false } })
        }
    }

    @Test func twoGridsThatChangedPlacesAreBothRefusedUntilTheyAreBack() async throws {
        try await GridNight.with { night in
            let first = try await night.run("grid_list: [1, 2]") { [night] checkpoint in
                if checkpoint == .grid(slot: 1) { try? await night.microscope.swapCartridges(1, 2) }
                return .goOn
            }
            #expect((first.failure as? WorkflowError)?.code == .wrongGrid)
            #expect(first.failure.map { "\($0)" }?.contains(", which is in slot 2 now; nothing is loaded") == true)
            let second = try await night.run("grid_list: [1, 2]\non_grid_failure: retry")
            #expect(second.alarms.count == 2)
            #expect(second.warnings.count { $0.contains("the session began with") } == 2)
            #expect(await night.loads().isEmpty)
            try await night.microscope.swapCartridges(1, 2)
            night.microscope.faults.add([Fault(.jam, when: .init(command: "LoadCartridge"))])
            let third = try await night.run("grid_list: [1, 2]")
            #expect((third.failure as? WorkflowError)?.code == .notLoaded)
        }
    }

    @Test func aGridThatWasRenamedOnTheStageIsNotGoneOnWith() async throws {
        try await GridNight.with { night in
            night.microscope.faults.add([Fault(.error(text: "No."), when: .init(command: "SetupFullMontage"))])
            #expect(try await night.run("").failure != nil)
            #expect(await night.loads() == [1])
            try await night.microscope.renameCartridge(1, to: "Another")
            let outcome = try await night.run("")
            #expect((outcome.failure as? WorkflowError)?.code == .wrongGrid)
            #expect(await night.exposures(slot: 1) == 0)
        }
    }

    @Test func aGridWithoutANameMayGetOneButNotThatOfAnother() async throws {
        try await GridNight.with { night in
            night.microscope.faults.add([Fault(.jam, when: .init(command: "LoadCartridge", times: nil))])
            #expect(((try await night.run("grid_list: [11, 1]")).failure as? WorkflowError)?.code == .notLoaded)
            try await night.microscope.renameCartridge(11, to: "Found")
            #expect(((try await night.run("grid_list: [11, 1]")).failure as? WorkflowError)?.code == .notLoaded)
            try await night.microscope.swapCartridges(11, 1)
            #expect(((try await night.run("grid_list: [11, 1]")).failure as? WorkflowError)?.code == .wrongGrid)
        }
    }

    @Test func aNameInTheSettingsIsHeldAgainstTheCassetteBeforeAnythingIsLoaded() async throws {
        try await GridNight.with { night in
            let outcome = try await night.run("grids:\n    1:\n        name: Wanted_1")
            #expect((outcome.failure as? WorkflowError)?.code == .wrongGrid)
            #expect(outcome.failure.map { "\($0)" }?.contains("and grids says 'Wanted_1'; nothing was loaded or exposed for it.") == true)
            #expect(await night.loads().isEmpty)
        }
    }

    @Test func aGridIsRetriedOnceAndTheCommandTriesASkippedOneAgain() async throws {
        try await GridNight.with { night in
            night.microscope.faults.add([Fault(.jam, when: .init(command: "LoadCartridge", times: 3))])
            // Twice it fails, and is left out; the third time is the next run's, whose retry brings it to its end.
            let first = try await night.run("on_grid_failure: retry")
            #expect(first.failure == nil)
            #expect(first.grid(1)?["skipped"]?.string?.hasSuffix("(tried twice)") == true)
            #expect(night.microscope.faults.strikes.count == 2)
            let second = try await night.run("on_grid_failure: retry")
            #expect(night.microscope.faults.strikes.count == 3)
            #expect(second.alarms.isEmpty)
            #expect(second.warnings.contains { $0.hasPrefix("grid 1 failed and is tried once more, from its last finished step: ") })
            #expect(second.grid(1)?["skipped"] == nil)
        }
    }

    @Test func eachGridGoesToALevelOfItsOwnAndWhatIsSaidOfOneLeavesTheOtherFinished() async throws {
        try await GridNight.with { night in
            func isFinished(_ id: StepIdentifier, _ outcome: GridNight.Outcome) -> Bool {
                outcome.events.contains { if case .finished(let done, _, _) = $0 { done == id } else { false } }
            }
            let outcome = try await night.run("grid_list: [1, 2]\ngrids:\n    2: {automation_level: 2}")
            #expect(outcome.failure == nil)
            #expect(outcome.report["level"]?.integer == 2)
            #expect(isFinished(.grid(1, "finished-level-1"), outcome) && !isFinished(.grid(1, "finished-level-2"), outcome))
            #expect(isFinished(.grid(2, "finished-level-2"), outcome))

            let exposures = await night.microscope.exposureLog().count
            let again = try await night.run(
                "grid_list: [1, 2]\non_grid_failure: retry\ngrids:\n    2: {automation_level: 2, target_score_threshold: 0.5}")
            #expect(again.failure == nil)
            #expect(again.events.contains { if case .skipped(let id, _) = $0 { id == .grid(1, "finished-level-1") } else { false } })
            // Grid 2 lies on the stage and is gone through with its own settings; its map stays.
            #expect(isFinished(.grid(2, "finished-level-2"), again))
            #expect(await night.loads() == [1, 2])
            #expect(await night.microscope.exposureLog().count == exposures)
        }
    }
}
