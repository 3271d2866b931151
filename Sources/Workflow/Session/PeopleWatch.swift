import Foundation
import Locks

/// Holds a session until people have done what it asks of them, or its time is over.
///
///     waiting ── marker, files are well ──► go on
///        ▲  └─── marker, a file is not ───► told, marker taken away
///        ├────── paused by a person: the time begins anew afterwards
///        └────── time over ───────────────► skip | go on
///
/// Whoever supervises the session comes first: it may be stopped, skipped and paused here as at any checkpoint.
final class PeopleWatch<Request: PeopleRequest>: Supervisor {
    private struct State {
        var request: Request
        var begin: ContinuousClock.Instant
        var told: ContinuousClock.Instant
        var isPaused = false
        var isReleased = false
        var isOver = false
    }
    private let base: any Supervisor
    private let limit: Duration
    private let reminder: Duration?
    private let interval: Duration
    private let check: @Sendable () async throws -> Void
    private let report: @Sendable (RunEvent) -> Void
    private let state: Locked<State>
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - limit: how long is waited.
    ///   - reminder: after how long people are told again; nil never.
    ///   - interval: how often is looked.
    ///   - check: throws where what people left cannot be used.
    init(
        _ request: Request, over base: any Supervisor, limit: Duration, reminder: Duration?, interval: Duration = .seconds(1),
        check: @escaping @Sendable () async throws -> Void, report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.base = base
        self.limit = limit
        self.reminder = reminder
        self.interval = interval
        self.check = check
        self.report = report
        state = Locked(State(request: request, begin: clock.now, told: clock.now))
    }

    var isPausedNow: Bool { base.isPausedNow }
    func untilPausedNow() async { await base.untilPausedNow() }

    /// Whether nobody came in time.
    var isOver: Bool { state.withLock { $0.isOver } }

    func verdict(at checkpoint: Checkpoint) async -> Verdict {
        let verdict = await base.verdict(at: checkpoint)
        switch verdict {
        case .stop, .skip: return verdict
        case .hold:
            state.withLock { $0.isPaused = true }
            return verdict
        case .goOn: break
        }
        if state.withLock({ $0.isReleased }) { return .goOn }
        beginAnewAfterPause()
        let request = state.withLock { $0.request }
        if request.isMarked {
            guard let problem = await problem() else { return release() }
            refuse(problem)
        }
        if clock.now - state.withLock({ $0.begin }) >= limit { return await timeOut(request) }
        remind()
        return .hold(request.pending)
    }

    func untilReleased(at checkpoint: Checkpoint) async throws {
        while true {
            try await Task.sleep(for: interval, clock: clock)
            if case .hold = await verdict(at: checkpoint) { continue }
            return
        }
    }

    private func problem() async -> String? {
        do {
            try await check()
            return nil
        } catch {
            return sentence(error)
        }
    }

    private func release() -> Verdict {
        state.withLock { $0.isReleased = true }
        return .goOn
    }

    private func timeOut(_ request: Request) async -> Verdict {
        state.withLock { $0.isOver = true }
        let (reason, goesOn) = request.timeOut(after: limit)
        guard goesOn else { return .skip(reason) }
        if let problem = await problem() { return .skip("\(reason). \(problem)") }
        report(.warning("\(reason); the session goes on, as inspection_timeout says"))
        return release()
    }

    /// What somebody did cannot be used: it is told each time, and can be done again.
    private func refuse(_ problem: String) {
        let (request, isNews) = state.withLock { state in
            let isNews = state.request.refusal != problem
            state.request.refusal = problem
            state.request.refusals += 1
            return (state.request, isNews)
        }
        do {
            try request.unmark()
        } catch {
            // It is found again every second, and nobody did it anew.
            guard isNews else { return }
            report(.warning("\(request.marker) cannot be taken away: \(sentence(error))"))
        }
        report(request.announcement)
    }

    /// A person who paused the session was there; whoever comes after the pause has the whole time.
    private func beginAnewAfterPause() {
        let request: Request? = state.withLock { state in
            guard state.isPaused else { return nil }
            state.isPaused = false
            state.begin = clock.now
            state.told = clock.now
            state.request.since = .now
            state.request.until = .now + limit / .seconds(1)
            return state.request
        }
        if let request { report(request.announcement) }
    }

    private func remind() {
        guard let reminder else { return }
        let request: Request? = state.withLock { state in
            guard clock.now - state.told >= reminder else { return nil }
            state.told = clock.now
            return state.request
        }
        if let request { report(request.reminder) }
    }
}
