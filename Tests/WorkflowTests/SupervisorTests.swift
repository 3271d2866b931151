import ImageFiles
import SerialEMSimulator
import Store
import Synchronization
import Testing
import Workflow

/// A session whose supervisor says at once what becomes of its grids.
@Suite struct SupervisorTests {
    /// Runs a session on two grids; returns its outcome and what was exposed.
    private func run(_ answer: @escaping @Sendable (Checkpoint) -> Verdict) async throws -> (outcome: GridNight.Outcome, exposures: Int) {
        let result = Mutex<(GridNight.Outcome, Int)?>(nil)
        try await GridNight.with { grids in
            let outcome = try await grids.run("grid_list: [1, 2]", act: answer)
            let exposures = await grids.microscope.exposureLog().count
            result.withLock { $0 = (outcome, exposures) }
        }
        return try #require(result.withLock { $0 })
    }

    @Test func skippedGridsAreInTheReportWithTheirReasonAndNothingIsExposed() async throws {
        let (outcome, exposures) = try await run { checkpoint in
            checkpoint == .grid(slot: 1) ? .skip("torn film") : .skip("wrong grid")
        }
        #expect(outcome.failure == nil)
        #expect(outcome.report["grids"]?.array?.compactMap { $0["skipped"]?.string } == ["torn film", "wrong grid"])
        #expect(outcome.report["stopped"] == nil)
        #expect(exposures == 0)
        #expect(outcome.isSafe == true)
    }

    @Test func aStoppedSessionLeavesTheMicroscopeSafeAndTheReportSaysWhy() async throws {
        let (outcome, exposures) = try await run { checkpoint in
            checkpoint == .grid(slot: 1) ? .skip("torn film") : .stop("the user is here")
        }
        #expect((outcome.failure as? WorkflowError)?.code == .stopped)
        #expect(outcome.report["stopped"]?.string == "The session was stopped: the user is here.")
        #expect(outcome.report["grids"]?.array?.count == 1)
        #expect(exposures == 0)
        #expect(outcome.isSafe == true)
    }

    @Test func aGridThatIsTakenBackAfterItWasPassedByIsGoneThroughBeforeTheSessionEnds() async throws {
        try await GridNight.with { grids in
            let skip = Skip(grid: 1, lamella: nil, reason: "torn film")
            let left = Mutex<(skips: [Skip], takenBack: [SkippedPart])>(([skip], []))
            let outcome = try await grids.run(
                "grid_list: [1, 2]",
                act: { checkpoint in
                    if checkpoint == .map(slot: 2) { left.withLock { $0 = ([], [skip.part]) } }
                    return .goOn
                }, left: { left.withLock { $0 } })
            #expect(outcome.failure == nil)
            #expect(outcome.grid(1)?["skipped"] == nil)
            #expect(await grids.loads() == [2, 1])
            #expect(outcome.report["grids"]?.array?.compactMap { $0["slot"]?.integer } == [1, 2])
            // The journal has forgotten it.
            #expect(try SessionStore.skips(path: grids.sessionFolder + "/session.sqlite") == [])
        }
    }

    @Test func theReportOfAStoppedSessionListsTheGridsThatWereBegun() async throws {
        let (outcome, _) = try await run { checkpoint in checkpoint == .map(slot: 2) ? .stop("enough") : .goOn }
        #expect(outcome.report["grids"]?.array?.compactMap { $0["slot"]?.integer } == [1, 2])
        #expect(outcome.grid(1)?["unfinished"] == nil)
        #expect(outcome.grid(2)?["unfinished"] == .bool(true))
        #expect(outcome.grid(2)?["name"]?.string == "Chlamy_2")
    }
}
