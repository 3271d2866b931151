import Store
import Locks
import Workflow

/// What a person wants of the session that runs; the session asks at its checkpoints.
final class Helm: Supervisor {
    /// Why the session is cancelled.
    enum Cancellation: Sendable, Hashable {
        /// A person aborted it.
        case abort(String)
        /// The service ends; the next one goes on with the session.
        case serviceEnds
    }

    private struct State {
        var paused: String?
        var isPausedNow = false
        var stopped: String?
        var skips: [Skip]
        var takenBack: [SkippedPart]
        var cancellation: Cancellation?
    }
    private let state: Locked<State>
    private let changed = Signal()

    let resumption: String

    /// - Parameter session: its number in the queue.
    init(session: Int64, skips: [Skip], takenBack: [SkippedPart] = []) {
        state = Locked(State(skips: skips, takenBack: takenBack))
        resumption = "'tomopilot queue retry \(session)'"
    }

    var isPaused: Bool { state.withLock { $0.paused != nil } }
    var isStopping: Bool { state.withLock { $0.stopped != nil } }
    var skips: [Skip] { state.withLock { $0.skips } }
    var takenBack: [SkippedPart] { state.withLock { $0.takenBack } }
    var cancellation: Cancellation? { state.withLock { $0.cancellation } }

    var isPausedNow: Bool { state.withLock { $0.isPausedNow } }

    /// - Parameter now: in the middle of a step; once said, it stays so until the session goes on.
    func pause(_ reason: String, now: Bool = false) {
        change { state in
            state.paused = reason
            state.isPausedNow = state.isPausedNow || now
        }
    }
    func resume() {
        change { state in
            state.paused = nil
            state.isPausedNow = false
        }
    }
    func stop(_ reason: String) { change { $0.stopped = reason } }
    func skip(_ skip: Skip) {
        change { state in
            state.skips.removeAll { $0.part == skip.part }
            state.takenBack.removeAll { $0 == skip.part }
            state.skips.append(skip)
        }
    }
    func takeBack(_ part: SkippedPart) {
        change { state in
            state.skips.removeAll { $0.part == part }
            state.takenBack.removeAll { $0 == part }
            state.takenBack.append(part)
        }
    }
    /// The first reason holds: a session that is aborted stays so when the service ends a moment later.
    func cancel(_ reason: Cancellation) { change { $0.cancellation = $0.cancellation ?? reason } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        changed.send()
    }

    func verdict(at checkpoint: Checkpoint) -> Verdict {
        state.withLock { state in
            if let reason = state.stopped { return .stop(reason) }
            if let reason = state.paused { return .hold(reason) }
            if let skip = state.skips.last(where: { $0.covers(checkpoint) }) { return .skip(skip.reason) }
            return .goOn
        }
    }

    func untilReleased(at checkpoint: Checkpoint) async throws {
        for await _ in changed.changes() {
            if case .hold = verdict(at: checkpoint) { continue }
            return
        }
        throw CancellationError()
    }

    func untilPausedNow() async {
        for await _ in changed.changes() where isPausedNow { return }
    }

    /// Waits until the session has to be cancelled, or the waiting task is.
    func untilCancelled() async {
        for await _ in changed.changes() where cancellation != nil { return }
    }
}
