import Microscope
import Store
import Workflow

/// A microscope that a session left as it was: people are told, nothing is begun, and it is made safe as soon as SerialEM takes
/// commands, which it does not while it acquires.
extension SessionService {
    /// Leaves the microscope safe after a session that is not gone on with. Its end is written down before: what ended the service
    /// may be an answer of SerialEM.
    func leaveSafe(after session: QueuedSession) async throws {
        let state = await makeSafe(session, until: Ending(service: self) { nil })
        await log(state, after: session)
        guard !state.failures.isEmpty else { return }
        try await tellUnsafe(after: session, outcome: nil)
        try await makeSafeLater(after: session)
    }

    /// Tells people of a microscope that was left unsafe, and holds the queue where the session does not go on by itself.
    func tellUnsafe(after session: QueuedSession, outcome: SessionOutcome?) async throws {
        let reason = Self.unsafeAfter(session.name)
        // A session that goes on by itself when the service does is not held up by what kept the microscope busy meanwhile.
        let holds = outcome != .interrupted
        // Who stopped, aborted or paused, or what failed, holds the queue on when the microscope is safe.
        if holds { try await store.setHold(try await store.hold().map { "\($0); \(reason)" } ?? reason) }
        await attempt {
            try await alarm(
                "\(reason).",
                next: holds
                    ? "Look at the microscope; it is made safe as soon as SerialEM takes commands, unless somebody resumes the queue before. The queue waits for that."
                    : "The session goes on when the service starts again: look at the microscope until then.",
                kind: "microscope", session: session)
        }
    }

    /// Tries until SerialEM takes commands, and lets the queue go on then if it is held for this alone.
    ///
    /// It ends with the service, as soon as a person resumes the queue, and where SerialEM answers and the microscope is not safe
    /// all the same: then the queue stays held.
    func makeSafeLater(after session: QueuedSession) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        var told: [String]?
        while try await store.hold() != nil, !ends {
            let state = await makeSafe(
                session, until: Ending(service: self) { [store] in try await store.hold() == nil ? "somebody looks after the microscope" : nil })
            guard let hold = try await store.hold(), !ends else { return }
            if state.failures != told { await log(state, after: session) }
            told = state.failures
            if state.failures.isEmpty {
                let waited = "SerialEM takes commands again after \(words(clock.now - begin))"
                let reason = Self.unsafeAfter(session.name)
                let isOnlyReason = hold == reason
                try await store.setHold(isOnlyReason ? nil : hold.replacing("; \(reason)", with: ""))
                await attempt { try await log(waited + (isOnlyReason ? ", and the queue goes on" : "; the queue waits on"), kind: "microscope", session: session.id) }
                changes.send()
                return
            }
            guard state.reached.isEmpty, clock.now - begin < Self.longestAbsence else { return }
            try await Task.sleep(for: retry, clock: clock)
        }
    }

    /// The session after which the queue is held because the microscope could not be made safe.
    func sessionThatLeftTheMicroscopeUnsafe() async throws -> QueuedSession? {
        guard let hold = try await store.hold() else { return nil }
        return try await store.sessions(all: true).last { hold.hasSuffix(Self.unsafeAfter($0.name)) }
    }

    /// How long a SerialEM that does not answer is tried again.
    private static var longestAbsence: Duration { .seconds(48 * 3600) }

    func log(_ state: SafeState, after session: QueuedSession) async {
        for failure in state.failures { await attempt { try await log(failure, kind: "microscope", level: .warning, session: session.id) } }
        guard state.failures.isEmpty else { return }
        await attempt { try await log("the microscope is left with \(state.reached.joined(separator: ", "))", kind: "session", session: session.id) }
    }

    /// Why the queue is held after a session that left the microscope as it was; whoever lets that session go on has looked at it.
    static func unsafeAfter(_ name: String) -> String { "the microscope could not be made safe after session '\(name)'" }

    /// Ends a wait when the service ends, or where there is a reason to.
    struct Ending: Supervisor {
        let service: SessionService
        let reason: @Sendable () async throws -> String?

        func verdict(at checkpoint: Checkpoint) async -> Verdict {
            if service.ends { return .stop("the service ends") }
            do {
                return try await reason().map { .stop($0) } ?? .goOn
            } catch {
                // Where the service's own file cannot be read, nobody has resumed anything.
                return .goOn
            }
        }
        func untilReleased(at checkpoint: Checkpoint) {}
    }

    func makeSafe(_ session: QueuedSession, until end: Ending) async -> SafeState {
        do {
            return await safeguard(try folders.settings(session.settings, name: session.name, base: session.base), end)
        } catch {
            return SafeState(reached: [], failures: [sentence(error)])
        }
    }
}
