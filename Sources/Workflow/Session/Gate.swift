import Microscope

/// Asks the supervisor at the checkpoints of a session and does what it says.
struct Gate: Sendable {
    /// How a checkpoint was passed.
    struct Passage: Sendable, Hashable {
        /// Why the grid or lamella is left out, if it is.
        let skipped: String?
        /// Whether the microscope was made safe meanwhile, or left to itself for long, so that nothing that was set before may be relied on.
        let wasMadeSafe: Bool
    }

    let supervisor: any Supervisor
    let makeSafe: @Sendable () async -> SafeState
    let reconnect: @Sendable () async throws -> Void
    /// How long a session may be held as it stands; then the microscope is made safe.
    let patience: Duration
    let report: @Sendable (RunEvent) -> Void
    /// Held here, nothing is under way that a pause could cut.
    var unbroken = Unbroken()
    /// Watches the microscope while the session is held, until it is cancelled.
    var watch: @Sendable () async -> Void = {}
    /// Whether the microscope was left to itself for long since that was asked last.
    var wasLeftAlone: @Sendable () async -> Bool = { false }

    /// The same gate under another supervisor.
    func under(_ supervisor: any Supervisor) -> Gate {
        Gate(supervisor: supervisor, makeSafe: makeSafe, reconnect: reconnect, patience: patience, report: report, unbroken: unbroken, watch: watch, wasLeftAlone: wasLeftAlone)
    }

    /// - Throws: ``WorkflowError`` with the code `stopped` if the session shall end here.
    func pass(_ checkpoint: Checkpoint) async throws -> Passage {
        var wasMadeSafe = false
        while true {
            try Task.checkCancellation()
            switch await supervisor.verdict(at: checkpoint) {
            case .goOn:
                let wasLeftAlone = await wasLeftAlone()
                if wasLeftAlone { try await reconnect() }
                return Passage(skipped: nil, wasMadeSafe: wasMadeSafe || wasLeftAlone)
            case .skip(let reason):
                report(.leftOut(checkpoint.subject, reason: reason))
                return Passage(skipped: reason, wasMadeSafe: wasMadeSafe)
            case .stop(let reason): throw WorkflowError.stopped(reason)
            case .hold(let reason):
                report(.held(at: checkpoint, reason: reason))
                let isSafe = wasMadeSafe
                wasMadeSafe = try await unbroken.during { try await hold(at: checkpoint, isSafe: isSafe) }
                report(.released(at: checkpoint))
                if wasMadeSafe { try await reconnect() }
            }
        }
    }

    /// Waits until the session may go on; returns whether the microscope is safe then.
    private func hold(at checkpoint: Checkpoint, isSafe: Bool) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask {
                await watch()
                return nil
            }
            group.addTask {
                if try await isReleasedSoon(at: checkpoint) { return isSafe }
                if !isSafe { await becomeSafe() }
                try await supervisor.untilReleased(at: checkpoint)
                return true
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            return isSafe
        }
    }

    private func isReleasedSoon(at checkpoint: Checkpoint) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await supervisor.untilReleased(at: checkpoint)
                return true
            }
            group.addTask {
                try await Task.sleep(for: patience)
                return false
            }
            group.addTask {
                await supervisor.untilPausedNow()
                try Task.checkCancellation()
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
    }

    /// Not cancelled with the session, as at its end: it ends by the deadlines of its commands.
    private func becomeSafe() async {
        let state = await Task { await makeSafe() }.value
        for failure in state.failures { report(.warning(failure)) }
        if !state.reached.isEmpty { report(.note("while it waits, the microscope has \(state.reached.joined(separator: ", "))")) }
    }
}
