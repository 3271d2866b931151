import Foundation
import Synchronization

/// Holds a session at an inspection until somebody has confirmed it or its time is over.
///
///     waiting ── marker, files are well ──► go on
///        ▲  └─── marker, a file is not ───► told, marker taken away
///        ├────── paused by a person: the time begins anew afterwards
///        └────── time over ───────────────► skip | go on
///
/// Whoever supervises the session comes first: it may be stopped, skipped and paused here as at any checkpoint.
final class InspectionWatch: Supervisor {
    private struct State {
        var inspection: Inspection
        var begin: ContinuousClock.Instant
        var told: ContinuousClock.Instant
        var isPaused = false
        var isReleased = false
    }
    private let base: any Supervisor
    private let limit: Duration
    private let reminder: Duration?
    private let interval: Duration
    private let check: @Sendable () async throws -> Void
    private let report: @Sendable (RunEvent) -> Void
    private let state: Mutex<State>
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - limit: how long is waited.
    ///   - reminder: after how long people are told again; nil never.
    ///   - interval: how often is looked.
    ///   - check: throws where a file that people may have changed cannot be used.
    init(
        _ inspection: Inspection, over base: any Supervisor, limit: Duration, reminder: Duration?, interval: Duration = .seconds(1),
        check: @escaping @Sendable () async throws -> Void, report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.base = base
        self.limit = limit
        self.reminder = reminder
        self.interval = interval
        self.check = check
        self.report = report
        state = Mutex(State(inspection: inspection, begin: clock.now, told: clock.now))
    }

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
        let inspection = state.withLock { $0.inspection }
        if inspection.isMarked {
            guard let problem = await problem() else { return release() }
            refuse(problem)
        }
        if clock.now - state.withLock({ $0.begin }) >= limit { return await timeOut(inspection) }
        remind()
        return .hold("\(inspection.what) are not confirmed yet")
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

    private func timeOut(_ inspection: Inspection) async -> Verdict {
        let reason = "nobody confirmed \(inspection.what) within \(words(limit))"
        guard inspection.timeout == .goOn else { return .skip(reason) }
        if let problem = await problem() { return .skip("\(reason). \(problem)") }
        report(.warning("\(reason); the session goes on, as inspection_timeout says"))
        return release()
    }

    /// What somebody confirmed cannot be used: it is told each time, and can be confirmed again.
    private func refuse(_ problem: String) {
        let (inspection, isNews) = state.withLock { state in
            let isNews = state.inspection.refusal != problem
            state.inspection.refusal = problem
            state.inspection.refusals += 1
            return (state.inspection, isNews)
        }
        do {
            try inspection.unmark()
        } catch {
            // It is found again every second, and nobody confirmed anew.
            guard isNews else { return }
            report(.warning("\(inspection.marker) cannot be taken away: \(sentence(error))"))
        }
        report(.inspecting(inspection))
    }

    /// A person who paused the session was there; whoever comes after the pause has the whole time.
    private func beginAnewAfterPause() {
        let inspection: Inspection? = state.withLock { state in
            guard state.isPaused else { return nil }
            state.isPaused = false
            state.begin = clock.now
            state.told = clock.now
            state.inspection.since = .now
            state.inspection.until = .now + limit / .seconds(1)
            return state.inspection
        }
        if let inspection { report(.inspecting(inspection)) }
    }

    private func remind() {
        guard let reminder else { return }
        let inspection: Inspection? = state.withLock { state in
            guard clock.now - state.told >= reminder else { return nil }
            state.told = clock.now
            return state.inspection
        }
        if let inspection { report(.inspectionReminder(inspection)) }
    }
}
