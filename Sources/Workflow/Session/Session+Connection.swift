import Microscope

/// A connection that is lost in the night: somebody else took the place, the network had a hiccup, SerialEM was started again.
extension Session {
    /// Losses one after the other that a session goes on after; more of them are no accident.
    private static var mostLosses: Int { 20 }
    /// How long a session has to have gone on after a loss for the next one to be the first again.
    private static var calm: Duration { .seconds(600) }
    /// After how long a person is told; a network's hiccup is shorter.
    private static var shortAbsence: Duration { .seconds(60) }

    /// Does the grids, from the last finished step again where the connection was lost: what was being done then is settled
    /// by asking SerialEM, as after a crash of ours.
    func throughLosses(of microscope: any Microscope, _ body: () async throws -> Void) async throws {
        var losses = 0
        while true {
            let begin = ContinuousClock.now
            do {
                return try await body()
            } catch let error as MicroscopeError where [.lost, .stalled, .busy].contains(error.code) && losses < Self.mostLosses {
                losses = ContinuousClock.now - begin > Self.calm ? 1 : losses + 1
                if error.code == .stalled {
                    report(.obstructed(error.message, next: "It connects again, asks SerialEM what happened, and goes on."))
                } else {
                    report(.warning("\(error.message) The session goes on when SerialEM is there again."))
                }
                try await reconnect(microscope)
                if error.code == .stalled { report(.cleared("SerialEM answers again")) }
                report(.note("connected to SerialEM again; the session goes on from the last finished step"))
            }
        }
    }

    private func reconnect(_ microscope: any Microscope) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        var isTold = false
        while true {
            do {
                try await microscope.reconnect()
                // Blanks the beam, which an exposure without its end may have left on.
                _ = try await microscope.begin()
                if isTold { report(.cleared("SerialEM is there again")) }
                return
            } catch let error as MicroscopeError where [.unreachable, .lost, .stalled, .busy].contains(error.code) {
                // Where it is busy, an acquisition may have begun whose start could not be confirmed any more.
                let acquires = error.code == .busy ? try await hasBegunAcquisition() : false
                let limit = Duration.seconds((acquires ? settings.acquisitionHours : settings.safety.hours) * 3600)
                guard clock.now - begin < limit else { throw error }
                // A stop holds wherever it is asked for.
                if case .stop(let reason) = await supervisor.verdict(at: .map(slot: 0)) { throw WorkflowError.stopped(reason) }
                if !acquires, !isTold, clock.now - begin > Self.shortAbsence {
                    isTold = true
                    report(.obstructed(error.message, next: "It tries again until SerialEM is there, for \(words(limit)), and goes on by itself."))
                }
                report(.waiting(acquires ? "SerialEM acquires" : "waits for SerialEM"))
                try await Task.sleep(for: .seconds(2), clock: clock)
            }
        }
    }

    /// Whether the journal knows of an acquisition that was begun and not finished.
    private func hasBegunAcquisition() async throws -> Bool {
        for slot in settings.gridList {
            let step = StepIdentifier.grid(slot, "acquisition")
            if try await engine.wasBegun(step), try await engine.lastOutput(of: step, as: [AcquiredTarget].self) == nil { return true }
        }
        return false
    }
}
