import Synchronization

/// Whoever supervises a session, and what people have ever left out of it: the journal keeps that, whoever runs the session next.
final class KeptSkips: Supervisor {
    private let base: any Supervisor
    private let journal: any Journal
    private let report: @Sendable (RunEvent) -> Void
    private let written = Mutex<Set<Skip>>([])

    init(_ base: any Supervisor, journal: any Journal, report: @escaping @Sendable (RunEvent) -> Void) {
        self.base = base
        self.journal = journal
        self.report = report
    }

    var skips: [Skip] { base.skips }
    var resumption: String { base.resumption }

    func untilReleased(at checkpoint: Checkpoint) async throws { try await base.untilReleased(at: checkpoint) }

    func verdict(at checkpoint: Checkpoint) async -> Verdict {
        let verdict = await base.verdict(at: checkpoint)
        do {
            for skip in base.skips where written.withLock({ !$0.contains(skip) }) {
                try await journal.remember(skip)
                written.withLock { _ = $0.insert(skip) }
            }
            guard verdict == .goOn, let kept = try await journal.skips().last(where: { $0.covers(checkpoint) }) else { return verdict }
            return .skip(kept.reason)
        } catch {
            // The supervisor still knows what was asked in this run; the journal's own trouble ends the session at its next step.
            report(.warning("what people left out of the session cannot be kept or read: \(sentence(error))"))
            return verdict
        }
    }
}
