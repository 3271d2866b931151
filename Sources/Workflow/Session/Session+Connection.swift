import Microscope

/// A connection that is lost in the night: somebody else took the place, the network had a hiccup, SerialEM was started again.
extension Session {
    /// Losses one after the other that a session goes on after; more of them are no accident.
    private static var mostLosses: Int { 20 }
    /// How long a session has to have gone on after a loss for the next one to be the first again.
    private static var calm: Duration { .seconds(600) }
    /// After how long a person is told; a network's hiccup is shorter.
    private static var shortAbsence: Duration { .seconds(60) }

    /// Does the grids, from the last finished step again where the connection was lost, or the microscope was left to itself for long:
    /// what was being done then is settled by asking SerialEM, as after a crash of ours.
    func throughLosses(of microscope: any Microscope, _ unbroken: Unbroken, _ body: () async throws -> Void) async throws {
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
                try await reconnect(microscope, unbroken)
                if error.code == .stalled { report(.cleared("SerialEM answers again")) }
                report(.note("connected to SerialEM again; the session goes on from the last finished step"))
            } catch let error as WorkflowError where error.code == .leftAlone {
                report(.note("\(error.message) It looks at what it relies on, and goes on from the last finished step."))
                try await reconnect(microscope, unbroken)
            }
        }
    }

    /// Connects again, and waits for a SerialEM that is not there or busy.
    func reconnect(_ microscope: any Microscope, _ unbroken: Unbroken) async throws {
        let clock = ContinuousClock()
        var begin = clock.now
        var isTold = false
        var acquisition: AcquisitionWatch?
        defer { if acquisition != nil { unbroken.end() } }
        while true {
            do {
                try await microscope.reconnect()
                // Blanks the beam, which an exposure without its end may have left on.
                _ = try await microscope.begin()
                if isTold { report(.cleared("SerialEM is there again")) }
                return
            } catch let error as MicroscopeError where [.unreachable, .lost, .stalled, .busy].contains(error.code) {
                // Where it is busy, an acquisition may have begun whose start could not be confirmed any more.
                let begun = error.code == .busy ? try await AcquisitionWatch.underWay(settings, entry: engine.journal.entry) : nil
                if (begun != nil) != (acquisition != nil) {
                    begun != nil ? unbroken.begin() : unbroken.end()
                    acquisition = begun
                    // What it did before does not count for how long it is away.
                    begin = clock.now
                }
                let limit = acquisition?.limit ?? .seconds(settings.safety.hours * 3600)
                let waited = clock.now - begin
                guard waited < limit else { throw error }
                // A stop holds wherever it is asked for.
                if case .stop(let reason) = await supervisor.verdict(at: .map(slot: 0)) { throw WorkflowError.stopped(reason) }
                if let acquisition {
                    acquisition.look(.busy, after: waited).forEach(report)
                } else {
                    if !isTold, waited > Self.shortAbsence {
                        isTold = true
                        report(.obstructed(error.message, next: "It tries again until SerialEM is there, for \(words(limit)), and goes on by itself."))
                    }
                    report(.waiting("waits for SerialEM"))
                }
                try await Task.sleep(for: .seconds(2), clock: clock)
            }
        }
    }
}
