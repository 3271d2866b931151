import ImageFiles
import SerialEMSimulator
import Synchronization
import Testing
@testable import Workflow

/// Lamellae that fail one after the other, and what they do to their grid.
@Suite struct LamellaFailuresTests {
    @Test func threeInARowAreToldOfOnceAndOneThatGoesThroughEndsTheRow() {
        var failures = LamellaFailures()
        let rows = ["L01", "L02", "L03", "L04"].map { failures.failed($0, at: .mapping, because: "No.") }
        #expect(rows == [nil, nil, 3, nil])
        failures.succeeded("L05", at: .mapping)
        #expect(failures.failed("L06", at: .mapping, because: "No.") == nil)
        #expect(failures.failed("L07", at: .mapping, because: "No.") == nil)
        // Another one's map ends no row of analyses.
        failures.succeeded("L08", at: .mapping)
        #expect((1 ... 3).map { failures.failed("L0\($0)", at: .analysis, because: "No.") } == [nil, nil, 3])
    }

    @Test func aGridIsLostWhereEveryLamellaThatWasTriedFailedBeItInWhatFollowed() {
        var failures = LamellaFailures()
        #expect(failures.totalLoss(at: .recentring, ofGrid: "G") == nil)
        failures.succeeded("L01", at: .recentring)
        _ = failures.failed("L02", at: .recentring, because: "No.")
        #expect(failures.totalLoss(at: .recentring, ofGrid: "G") == nil)
        failures.succeeded("L01", at: .mapping)
        #expect(failures.totalLoss(at: .mapping, ofGrid: "G") == nil)
        _ = failures.failed("L01", at: .analysis, because: "It is dark.")
        #expect(failures.totalLoss(at: .mapping, ofGrid: "G") == nil, "it may be its own trouble")
        failures.succeeded("L03", at: .mapping)
        _ = failures.failed("L03", at: .analysis, because: "It is dark.")
        #expect(failures.totalLoss(at: .mapping, ofGrid: "G")?.message == "All 2 lamellae of grid G that were tried failed, the last one with: It is dark.")
        #expect(failures.totalLoss(at: .mapping, ofGrid: "G").flatMap { GridFailure.reach(of: $0) } == .grid)
    }

    private static let levels = "grid_list: [1, 2]\ngrids:\n    1: {automation_level: 2}\n    2: {automation_level: 2}"
    private static let noEucentricity = #"[{"kind": "error", "text": "No.", "when": {"command": "Eucentricity", "times": "always"}}]"#

    private func rows(_ outcome: GridNight.Outcome) -> [(slot: Int, row: Int, reason: String, next: String)] {
        outcome.events.compactMap { if case .lamellaeFailed(let slot, _, let row, let reason, let next) = $0 { (slot, row, reason, next) } else { nil } }
    }

    @Test func whereEveryLamellaFailsAnAlarmComesAfterThreeAndTheGridIsSkipped() async throws {
        try await GridNight.with(faults: Self.noEucentricity) { night in
            let outcome = try await night.run(Self.levels + "\non_grid_failure: skip", predictor: GridNight.SomeLamellae())
            #expect(outcome.failure == nil)
            let rows = rows(outcome)
            #expect(rows.map(\.slot) == [1, 2] && rows.allSatisfy { $0.row == 3 && $0.reason.contains("No.") }, "\(rows)")
            #expect(rows.first?.next == "The session goes on with the lamellae that are left; if every one of the grid fails, the grid is skipped.")
            #expect(outcome.alarms.count == 2 && outcome.alarms.allSatisfy { $0.contains(" that were tried failed, the last one with: ") }, "\(outcome.alarms)")
            for slot in [1, 2] {
                #expect(outcome.grid(slot)?["failed"]?.bool == true)
                let notes = outcome.grid(slot)?["lamellae"]?.array?.compactMap { $0["note"]?.string } ?? []
                #expect(notes.count > 3 && notes.allSatisfy { $0.hasPrefix("left out: ") }, "\(notes)")
            }
        }
    }

    @Test func whereEveryLamellaFailsTheSessionStopsBeforeTheNextGridIfItIsTo() async throws {
        try await GridNight.with(faults: Self.noEucentricity) { night in
            let outcome = try await night.run(Self.levels, predictor: GridNight.SomeLamellae())
            #expect((outcome.failure as? WorkflowError)?.code == .refused)
            #expect(rows(outcome).map(\.next) == ["The session goes on with the lamellae that are left; if every one of the grid fails, the session stops."])
            #expect(await night.loads() == [1])
        }
    }

    @Test func aGridOfItsOwnPolicyIsRetriedOnceAndItsLamellaeWithIt() async throws {
        try await GridNight.with(faults: Self.noEucentricity) { night in
            let outcome = try await night.run("grids:\n    1: {automation_level: 2, on_failure: retry}", predictor: GridNight.SomeLamellae())
            #expect(outcome.failure == nil)
            #expect(rows(outcome).count == 2)
            #expect(rows(outcome).first?.next.hasSuffix("the grid is tried once more, and skipped if it fails again.") == true)
            #expect(outcome.grid(1)?["skipped"]?.string?.hasSuffix("(tried twice)") == true)
        }
    }

    @Test func aGridWithoutLamellaeHasNotFailed() async throws {
        try await GridNight.with(faults: Self.noEucentricity) { night in
            let outcome = try await night.run(Self.levels)
            #expect(outcome.failure == nil && outcome.alarms.isEmpty && rows(outcome).isEmpty)
        }
    }

    @Test func aGridThatIsLeftOutAfterALongWaitIsNotLookedAtOnceMore() async throws {
        try await GridNight.with { night in
            #expect(try await night.run("").failure == nil)
            let map = await night.exposures(slot: 1)
            let asked = Counter()
            let outcome = try await night.run("grids:\n    1: {automation_level: 2}", hold: .seconds(1)) { checkpoint in
                guard case .map = checkpoint else { return .goOn }
                return asked.next() == 1 ? .hold("look") : .skip("bad ice")
            }
            #expect(outcome.failure == nil && outcome.grid(1)?["skipped"]?.string == "bad ice")
            #expect(outcome.notes.contains { $0.hasPrefix("while it waits, the microscope has ") })
            // One image tells how the grid lies when the session begins.
            #expect(await night.exposures(slot: 1) - map <= 1)
        }
    }
}

/// Counts calls.
private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
