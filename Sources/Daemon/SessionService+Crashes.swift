import Foundation
import Store
import Workflow

/// A life of the service that ended without a word: people are told at the next start, and a session that ends the service at each
/// start is not begun for ever.
extension SessionService {
    /// So many times more often a life may end before it has done anything: mains that flicker while the computer starts must not
    /// cost the session, and yet no session is begun for ever.
    private static var idleFactor: Int { 10 }

    /// Tells people how the last life ended, and leaves the session if it came to that.
    func take(_ crash: QueueStore.Crash) async throws {
        let what = "The service ended without warning (a crash, a kill or a power cut; it had run since \(Self.moment(crash.started)))"
        guard let session = crash.session else {
            let still = try await standstill()
            let next =
                still.unsafe != nil
                ? "The microscope is not safe; it is made safe as soon as SerialEM takes commands. The queue waits: tomopilot resume."
                : still.hold == nil ? "It goes on with the queue." : "The queue stays held: tomopilot resume."
            await attempt {
                try await alarm("\(what) while no session ran.", next: next, kind: "crash", session: nil)
            }
            return
        }
        let doing = crash.activities.map { "'\($0.title)' since \(Self.moment($0.begun))" }.joined(separator: " and ")
        let grid = crash.activities.compactMap(\.grid).last
        let between = crash.hasWorked ? ", between two steps" : ", before it did anything for it"
        let place = (grid.map { " on grid \($0)" } ?? "") + (doing.isEmpty ? between : ", doing \(doing)")
        let most = crash.hasWorked ? mostCrashes : mostCrashes * Self.idleFactor
        let times = crash.count <= 1 ? "" : " It is the \(Self.ordinal(crash.count)) time \(crash.hasWorked ? "in this session without a finished step between" : "that it ended so before it did anything")."
        let text = "\(what) in session '\(session.name)'\(place).\(times)"
        if let ending = session.ending {
            await attempt {
                try await alarm(
                    text, next: "A person had \(ending == .abort ? "aborted" : "stopped") the session: it ends, and the microscope is made safe as soon as SerialEM takes commands.", kind: "crash", session: session,
                    grid: grid, step: crash.activities.last?.title)
            }
            return
        }
        guard crash.count >= most else {
            let last = crash.count == most - 1 ? " Once more without a finished step, and the session is left." : ""
            let next = try await standstill().words == nil ? "The session goes on from its last finished step.\(last)" : "The session waits, as it did before: tomopilot resume."
            await attempt {
                try await alarm(
                    text, next: next, kind: "crash", session: session, grid: grid,
                    step: crash.activities.last?.title)
            }
            return
        }
        let reason = "the service ended \(crash.count) times in it without a finished step between, at last\(place)"
        let holds = session.onFailure == .stop
        let isHeld = try await standstill().hold != nil || holds
        // Nobody knows how the microscope was left: it is taken for unsafe until it is known to be safe.
        safetyWait = SafetyWait(session: session, isFirst: true)
        try await end(
            session, as: .failed, reason: reason, hold: holds ? "session '\(session.name)' failed: \(reason)" : nil, isUnsafe: true,
            telling: [
                notice(
                    "\(text) The session is left.",
                    next: "The microscope is made safe as soon as SerialEM takes commands, which it does not while it acquires, and the queue "
                        + "\(isHeld ? "waits until somebody resumes it" : "goes on with the next session"); "
                        + "'tomopilot queue retry \(session.id)' goes on with this one.", kind: "crash", session: session, grid: grid,
                    step: crash.activities.last?.title)
            ])
    }

    /// Ends a session that a person stopped or aborted in a life of the service that was over before the session.
    func endAsAsked() async throws {
        guard let session = try await store.next(), let ending = session.ending else { return }
        let reason = ending == .abort ? Self.abortion : Self.stop
        safetyWait = SafetyWait(session: session, isFirst: true)
        try await end(session, as: .stopped, reason: reason, isUnsafe: true, telling: [])
        await attempt { try await log("session '\(session.name)' ended early: \(reason)", kind: "session", session: session.id) }
    }

    static func moment(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current).year().month().day().time(includingFractionalSeconds: false))
    }

    private static func ordinal(_ number: Int) -> String {
        switch (number, number % 10, number / 10 % 10) {
        case (2, _, _): "second"
        case (3, _, _): "third"
        case (_, 1, 0), (_, 1, 2...): "\(number)st"
        case (_, 2, 2...): "\(number)nd"
        case (_, 3, 2...): "\(number)rd"
        default: "\(number)th"
        }
    }
}
