import Microscope
import Store
import Workflow

/// A microscope that a session left as it was: people are told, nothing is begun, and it is made safe as soon as SerialEM takes
/// commands, which it does not while it acquires.
extension SessionService {
    /// What people are told of a microscope that was left unsafe.
    ///
    /// - Parameter goesOn: whether the session goes on by itself when the service does; then it is not held up by what kept the
    ///   microscope busy meanwhile.
    func unsafeNotice(after session: QueuedSession, goesOn: Bool) -> Notice {
        notice(
            "\(Standstill.unsafe(after: session.name)).",
            next: goesOn
                ? "The session goes on when the service starts again: look at the microscope until then."
                : "Look at the microscope; it is made safe as soon as SerialEM takes commands, unless somebody resumes the queue before. The queue waits for that.",
            kind: "microscope", session: session)
    }

    /// Makes the microscope safe as soon as SerialEM takes commands, and lets the queue go on then if it is held for this alone.
    ///
    /// It ends with the service, as soon as a person resumes the queue or aborts the wait, and where SerialEM answers and the
    /// microscope is not safe all the same: then the queue stays held.
    func makeSafe(after session: QueuedSession) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        if safetyWait?.session.id != session.id { safetyWait = SafetyWait(session: session) }
        defer {
            safetyWait = nil
            changes.send()
        }
        let end = Ending(service: self) {
            if await self.safetyWait?.isAborted == true { return "a person aborted it" }
            return try await self.isUnsafe(after: session) ? nil : "somebody looks after the microscope"
        }
        var told: [String]?
        while !ends, try await isUnsafe(after: session) {
            let state = await makeSafe(session, until: end)
            if ends { return }
            if state.failures.isEmpty {
                await log(state, after: session)
                try await store.setSafe(after: session.id)
                let isHeld = try await standstill().words != nil
                // Nobody was told of a wait that was none.
                guard safetyWait?.isFirst != true || safetyWait?.obstacle != nil else { return }
                let waited = "SerialEM takes commands again after \(words(clock.now - begin))"
                await attempt { try await log(waited + (isHeld ? "; the queue waits on" : ", and the queue goes on"), kind: "microscope", session: session.id) }
                return
            }
            guard try await isUnsafe(after: session) else { return }
            if safetyWait?.isAborted == true {
                unsafeGivenUp = session.id
                await attempt { try await log("the microscope is left as it is after session '\(session.name)': a person aborted the wait", kind: "microscope", level: .warning, session: session.id) }
                return
            }
            if state.failures != told { await log(state, after: session) }
            if safetyWait?.isFirst == true {
                await attempt { try await tell(unsafeNotice(after: session, goesOn: false)) }
                safetyWait?.isFirst = false
                changes.send()
            }
            told = state.failures
            guard state.reached.isEmpty, clock.now - begin < Self.longestAbsence else {
                unsafeGivenUp = session.id
                return
            }
            try await Task.sleep(for: retry, clock: clock)
        }
    }

    /// Learns what keeps the microscope from being made safe.
    private func take(_ obstacle: SafetyObstacle, of session: QueuedSession) async {
        guard safetyWait?.session.id == session.id else { return }
        let isNew = safetyWait?.obstacle == nil
        safetyWait?.obstacle = obstacle
        changes.send()
        // Who was told that it could not be made safe is not told again why.
        guard isNew, let wait = safetyWait, wait.isFirst else { return }
        if case .absent = obstacle { return }
        await attempt {
            try await alarm(
                "\(wait.text).",
                next: "The queue waits for that. 'tomopilot resume' lets it go on without, for whoever has looked at the microscope; 'tomopilot abort' ends the wait.",
                kind: "microscope", session: session)
        }
    }

    /// How long a SerialEM that does not answer is tried again.
    private static var longestAbsence: Duration { .seconds(48 * 3600) }

    func log(_ state: SafeState, after session: QueuedSession) async {
        for failure in state.failures { await attempt { try await log(failure, kind: "microscope", level: .warning, session: session.id) } }
        guard state.failures.isEmpty else { return }
        await attempt { try await log("the microscope is left with \(state.reached.joined(separator: ", "))", kind: "session", session: session.id) }
    }

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
            return await safeguard(try folders.settings(session.settings, name: session.name, base: session.base), end) { await self.take($0, of: session) }
        } catch {
            return SafeState(reached: [], failures: [sentence(error)])
        }
    }
}
