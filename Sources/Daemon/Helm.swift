import Store
import Synchronization
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
        var stopped: String?
        var skips: [Skip]
        var cancellation: Cancellation?
    }
    private let state: Mutex<State>
    private let changed = Signal()

    let resumption: String

    /// - Parameter session: its number in the queue.
    init(session: Int64, skips: [Skip]) {
        state = Mutex(State(skips: skips))
        resumption = "'tomopilot queue retry \(session)'"
    }

    var isPaused: Bool { state.withLock { $0.paused != nil } }
    var isStopping: Bool { state.withLock { $0.stopped != nil } }
    var skips: [Skip] { state.withLock { $0.skips } }
    var cancellation: Cancellation? { state.withLock { $0.cancellation } }

    func pause(_ reason: String) { change { $0.paused = reason } }
    func resume() { change { $0.paused = nil } }
    func stop(_ reason: String) { change { $0.stopped = reason } }
    func skip(_ skip: Skip) { change { $0.skips.append(skip) } }
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

    /// Waits until the session has to be cancelled, or the waiting task is.
    func untilCancelled() async {
        for await _ in changed.changes() where cancellation != nil { return }
    }
}
