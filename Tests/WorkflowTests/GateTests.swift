import Microscope
import Synchronization
import Testing
@testable import Workflow

/// A person at the gate: what a session does at a checkpoint.
@Suite struct GateTests {
    /// Gives one verdict after the other, the next whenever it is released.
    private final class Script: Supervisor {
        private let verdicts: Mutex<[Verdict]>
        private let isPatient: Bool

        /// - Parameter isPatient: whether a hold lasts until the microscope is safe.
        init(_ verdicts: [Verdict], isPatient: Bool = false) {
            self.verdicts = Mutex(verdicts)
            self.isPatient = isPatient
        }

        func verdict(at checkpoint: Checkpoint) -> Verdict { verdicts.withLock { $0[0] } }

        func untilReleased(at checkpoint: Checkpoint) async throws {
            if isPatient, !isSafe.withLock({ $0 }) { try await Task.sleep(for: .seconds(3600)) }
            verdicts.withLock { _ = $0.removeFirst() }
        }

        let isSafe = Mutex(false)
        let timesMadeSafe = Mutex(0)

        let timesReconnected = Mutex(0)
        func reconnect() { timesReconnected.withLock { $0 += 1 } }

        func makeSafe() -> SafeState {
            isSafe.withLock { $0 = true }
            timesMadeSafe.withLock { $0 += 1 }
            return SafeState(reached: ["beam blanked"], failures: [])
        }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func take(_ event: RunEvent) {
            let line: String? =
                switch event {
                case .held(let checkpoint, let reason): "held \(checkpoint): \(reason)"
                case .released(let checkpoint): "released \(checkpoint)"
                case .leftOut(let what, let reason): "\(what) left out: \(reason)"
                case .note(let text): text
                default: nil
                }
            if let line { lines.withLock { $0.append(line) } }
        }
    }

    private let checkpoint = Checkpoint.lamella(slot: 3, number: 2, before: .mapping)

    private func gate(_ script: Script, patience: Duration, _ lines: Lines) -> Gate {
        Gate(supervisor: script, makeSafe: { script.makeSafe() }, reconnect: { script.reconnect() }, patience: patience, report: lines.take)
    }

    @Test func whoeverIsNotHeldGoesOnWithoutAWord() async throws {
        let lines = Lines()
        let passage = try await gate(Script([.goOn]), patience: .zero, lines).pass(checkpoint)
        #expect(passage == Gate.Passage(skipped: nil, wasMadeSafe: false))
        #expect(lines.all == [])
    }

    @Test func aShortHoldLeavesTheMicroscopeAsItIs() async throws {
        let lines = Lines()
        let script = Script([.hold("coffee"), .goOn])
        let passage = try await gate(script, patience: .seconds(3600), lines).pass(checkpoint)
        #expect(passage == Gate.Passage(skipped: nil, wasMadeSafe: false))
        #expect(script.timesMadeSafe.withLock { $0 } == 0)
        #expect(script.timesReconnected.withLock { $0 } == 0)
        #expect(
            lines.all == ["held before lamella 2 of grid 3 is mapped: coffee", "released before lamella 2 of grid 3 is mapped"])
    }

    @Test func aLongHoldMakesTheMicroscopeSafeOnceAndSaysThatNothingMayBeReliedOn() async throws {
        let lines = Lines()
        let script = Script([.hold("lunch"), .hold("siesta"), .goOn], isPatient: true)
        let passage = try await gate(script, patience: .zero, lines).pass(checkpoint)
        #expect(passage == Gate.Passage(skipped: nil, wasMadeSafe: true))
        #expect(script.timesMadeSafe.withLock { $0 } == 1)
        #expect(script.timesReconnected.withLock { $0 } == 2)
        #expect(lines.all.contains("while it waits, the microscope has beam blanked"))
    }

    @Test func aSkipIsReportedWithItsReasonAlsoAfterALongHold() async throws {
        let lines = Lines()
        let script = Script([.hold("lunch"), .skip("ice")], isPatient: true)
        let passage = try await gate(script, patience: .zero, lines).pass(checkpoint)
        #expect(passage == Gate.Passage(skipped: "ice", wasMadeSafe: true))
        #expect(lines.all.last == "lamella 2 of grid 3 left out: ice")
    }

    @Test func aStopEndsTheSessionWithItsReason() async throws {
        let gate = gate(Script([.stop("the user is here")]), patience: .zero, Lines())
        let error = await #expect(throws: WorkflowError.self) { try await gate.pass(checkpoint) }
        #expect(error?.code == .stopped)
        #expect(error?.message == "The session was stopped: the user is here.")
    }

    @Test func aHeldSessionCanBeCancelled() async throws {
        let gate = gate(Script([.hold("for ever")], isPatient: true), patience: .seconds(3600), Lines())
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await gate.pass(Checkpoint.grid(slot: 1)) }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
