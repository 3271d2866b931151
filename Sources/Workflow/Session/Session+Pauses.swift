import Microscope

/// A person who pauses a session now, in the middle of a step.
extension Session {
    /// Does the grids; where a person pauses now, everything that is under way is cut as soon as SerialEM has finished its
    /// command, the microscope is made safe, and later it goes on from the last finished step: what was cut is settled by asking
    /// SerialEM, as after a lost connection.
    func throughPauses(of microscope: GuardedMicroscope, _ unbroken: Unbroken, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let gate = Gate(
            supervisor: supervisor, makeSafe: { [measures = settings.safety.measures] in await microscope.makeSafe(measures) }, reconnect: {},
            patience: .zero, report: report, unbroken: unbroken, watch: { await microscope.watchWhileHeld() })
        var wasCut = false
        while true {
            let isResumed = wasCut
            wasCut = try await isCut(unless: unbroken) {
                if isResumed { try await reconnect(microscope, unbroken) }
                try await body()
            }
            guard wasCut else { return }
            _ = try await gate.pass(.interruption)
            report(.note("the session goes on from the last finished step"))
        }
    }

    private enum Part { case done, pause }

    /// Does something to its end, or until a person pauses now; says whether it was cut.
    private func isCut(unless unbroken: Unbroken, _ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await body()
                return .done
            }
            group.addTask { [supervisor] in
                while !Task.isCancelled {
                    await supervisor.untilPausedNow()
                    if supervisor.isPausedNow, !unbroken.isUp { break }
                    // Cancelled, the loop ends.
                    try? await Task.sleep(for: .milliseconds(50))
                }
                return .pause
            }
            defer { group.cancelAll() }
            guard try await group.next() == .pause else { return false }
            try Task.checkCancellation()
            group.cancelAll()
            do {
                return try await group.next() != .done
            } catch {
                try Task.checkCancellation()
                // Whatever noticed first that it was cut; real trouble is met again.
                return true
            }
        }
    }
}
