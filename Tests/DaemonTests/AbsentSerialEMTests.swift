@testable import Daemon
import Microscope
import Synchronization
import Testing
import Workflow

/// A session that was under way waits for a SerialEM that is not there yet, as after a power cut.
@Suite struct AbsentSerialEMTests {
    private static let absent = MicroscopeError(.unreachable, "No connection to SerialEM.")

    private struct Person: Supervisor {
        let answer: Verdict
        func verdict(at checkpoint: Checkpoint) -> Verdict { answer }
        func untilReleased(at checkpoint: Checkpoint) {}
    }

    /// Connects after some attempts that fail; returns how many there were and what people were told.
    private func connect(
        after failures: Int, of error: MicroscopeError = Self.absent, waiting absence: Duration?, busy: Duration? = nil,
        by answer: Verdict = .goOn
    ) async throws -> (attempts: Int, told: [String]) {
        let told = Mutex<[String]>([])
        let attempts = try await SessionRun.onceThere(
            absence, busy: busy, Person(answer: answer), interval: .milliseconds(1), patience: .zero
        ) { event in
            switch event {
            case .obstructed(let text, _), .cleared(let text), .note(let text): told.withLock { $0.append(text) }
            default: break
            }
        } _: { [attempts = Mutex(0)] in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            guard attempt > failures else { throw error }
            return attempt
        }
        return (attempts, told.withLock { $0 })
    }

    @Test func itIsWaitedForAndPeopleAreToldOnce() async throws {
        let (attempts, told) = try await connect(after: 4, waiting: .seconds(3600))
        #expect(attempts == 5)
        #expect(told == ["No connection to SerialEM.", "SerialEM is there again"])
    }

    @Test func whoHasNothingUnderWayIsToldAtOnce() async {
        let error = await #expect(throws: MicroscopeError.self) { try await connect(after: 1, waiting: nil) }
        #expect(error == Self.absent)
    }

    @Test func itIsNotWaitedForLongerThanIsAllowed() async {
        let error = await #expect(throws: MicroscopeError.self) { try await connect(after: .max, waiting: .milliseconds(5)) }
        #expect(error == Self.absent)
    }

    @Test func itIsSaidOnceWhyAndHowLongIsWaited() async throws {
        let said = Mutex<[Duration]>([])
        let attempt = Mutex(0)
        _ = try await SessionRun.onceThere(.seconds(3600), busy: .seconds(7200), Person(answer: .goOn), interval: .milliseconds(1)) { _ in
        } waiting: { reason, limit in
            said.withLock { $0.append(limit) }
            #expect(reason == (limit == .seconds(3600) ? .unreachable : .busy))
        } _: {
            let number = attempt.withLock { count in
                count += 1
                return count
            }
            if number < 3 { throw Self.absent }
            if number < 6 { throw MicroscopeError(.busy, "SerialEM is busy.") }
        }
        #expect(said.withLock { $0 } == [.seconds(3600), .seconds(7200)])
    }

    @Test func aStopIsHeardMeanwhile() async {
        let error = await #expect(throws: WorkflowError.self) { try await connect(after: .max, waiting: .seconds(3600), by: .stop("enough")) }
        #expect(error?.code == .stopped)
    }

    @Test func anAcquisitionOfAnEarlierRunIsWaitedForWithoutAnAlarmAndAStopIsHeard() async throws {
        let isBusy = MicroscopeError(.busy, "SerialEM is busy.")
        let (attempts, told) = try await connect(after: 4, of: isBusy, waiting: nil, busy: .seconds(3600))
        #expect(attempts == 5)
        #expect(told == ["SerialEM acquires what an earlier run of this session started; waiting for its end"])
        let stopped = await #expect(throws: WorkflowError.self) {
            try await connect(after: .max, of: isBusy, waiting: nil, busy: .seconds(3600), by: .stop("enough"))
        }
        #expect(stopped?.code == .stopped)
        // What somebody else acquires is not waited for.
        let refused = await #expect(throws: MicroscopeError.self) { try await connect(after: 1, of: isBusy, waiting: .seconds(3600)) }
        #expect(refused == isBusy)
    }
}
