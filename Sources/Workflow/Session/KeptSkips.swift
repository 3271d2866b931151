import Locks

/// Whoever supervises a session, and what people have ever left out of it: the journal keeps that, whoever runs the session next.
final class KeptSkips: Supervisor {
    private struct Written {
        var skips: Set<Skip> = []
        var takenBack: Set<SkippedPart> = []
    }
    private let base: any Supervisor
    private let journal: any Journal
    private let report: @Sendable (RunEvent) -> Void
    private let written = Locked(Written())

    init(_ base: any Supervisor, journal: any Journal, report: @escaping @Sendable (RunEvent) -> Void) {
        self.base = base
        self.journal = journal
        self.report = report
    }

    var skips: [Skip] { base.skips }
    var takenBack: [SkippedPart] { base.takenBack }
    var resumption: String { base.resumption }
    var isPausedNow: Bool { base.isPausedNow }
    func untilPausedNow() async { await base.untilPausedNow() }

    func untilReleased(at checkpoint: Checkpoint) async throws { try await base.untilReleased(at: checkpoint) }

    func verdict(at checkpoint: Checkpoint) async -> Verdict {
        let verdict = await base.verdict(at: checkpoint)
        do {
            try await write()
            guard verdict == .goOn, let kept = try await journal.skips().last(where: { $0.covers(checkpoint) }) else { return verdict }
            return .skip(kept.reason)
        } catch {
            // The supervisor still knows what was asked in this run; the journal's own trouble ends the session at its next step.
            report(.warning("what people left out of the session cannot be kept or read: \(sentence(error))"))
            return verdict
        }
    }

    /// Whether what comes at a checkpoint is left out by people, also while the session is paused there.
    func isLeftOut(_ checkpoint: Checkpoint) async throws -> Bool {
        if case .skip = await base.verdict(at: checkpoint) { return true }
        try await write()
        return try await journal.skips().contains { $0.covers(checkpoint) }
    }

    /// Keeps what is new.
    private func write() async throws {
        for part in base.takenBack where written.withLock({ !$0.takenBack.contains(part) }) {
            try await journal.forget(part)
            written.withLock { written in
                written.takenBack.insert(part)
                written.skips = written.skips.filter { $0.part != part }
            }
            report(.takenBack(part))
        }
        for skip in base.skips where written.withLock({ !$0.skips.contains(skip) }) {
            try await journal.remember(skip)
            written.withLock { written in
                written.skips.insert(skip)
                written.takenBack.remove(skip.part)
            }
        }
    }
}
