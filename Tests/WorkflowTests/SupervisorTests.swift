import ImageFiles
import SerialEMSimulator
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
}
