import Microscope

/// A connection that is lost in the night: somebody else took the place, the network had a hiccup, SerialEM was started again.
extension Session {
    /// Losses that a session goes on after; more of them are no accident.
    private static var mostLosses: Int { 20 }
    /// How long a SerialEM that does not answer is waited for; a person who starts it again needs minutes.
    private static var longestAbsence: Duration { .seconds(600) }
    /// After how long a person is told; a network's hiccup is shorter.
    private static var shortAbsence: Duration { .seconds(60) }

    /// Does the grids, from the last finished step again where the connection was lost: what was being done then is settled
    /// by asking SerialEM, as after a crash of ours.
    func throughLosses(of microscope: any Microscope, _ body: () async throws -> Void) async throws {
        var losses = 0
        while true {
            do {
                return try await body()
            } catch let error as MicroscopeError where [.lost, .stalled].contains(error.code) && losses < Self.mostLosses {
                losses += 1
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
                // Where it is busy, an acquisition has begun whose start could not be confirmed any more.
                let limit = error.code == .busy ? Duration.seconds(settings.acquisitionHours * 3600) : Self.longestAbsence
                guard clock.now - begin < limit else { throw error }
                if error.code != .busy, !isTold, clock.now - begin > Self.shortAbsence {
                    isTold = true
                    let minutes = Int(Self.longestAbsence / .seconds(60))
                    report(.obstructed(error.message, next: "It tries again until SerialEM is there, for \(minutes) minutes, and goes on by itself."))
                }
                report(.waiting(error.code == .busy ? "SerialEM acquires" : "waits for SerialEM"))
                try await Task.sleep(for: .seconds(2), clock: clock)
            }
        }
    }
}
