import Foundation
import Store
import Workflow

/// A life of the service that ended without a word: people are told at the next start, and a session that ends the service at each
/// start is not begun for ever.
extension SessionService {
    /// Tells people how the last life ended; returns the session that is not gone on with, if it is left for that.
    func take(_ crash: QueueStore.Crash) async throws -> QueuedSession? {
        let what = "The service ended without warning (a crash, a kill or a power cut; it had run since \(Self.words(crash.started)))"
        guard let session = crash.session else {
            let hold = try await store.hold()
            let unsafe = try await sessionThatLeftTheMicroscopeUnsafe()
            let next =
                unsafe != nil
                ? "The microscope is not safe; it is made safe as soon as SerialEM takes commands. The queue waits: tomopilot resume."
                : hold == nil ? "It goes on with the queue." : "The queue stays held: tomopilot resume."
            await attempt {
                try await alarm("\(what) while no session ran.", next: next, kind: "crash", session: nil)
            }
            return nil
        }
        let doing = crash.activities.map { "'\($0.title)' since \(Self.words($0.begun))" }.joined(separator: " and ")
        let grid = crash.activities.compactMap(\.grid).last
        let place = (grid.map { " on grid \($0)" } ?? "") + (doing.isEmpty ? ", between two steps" : ", doing \(doing)")
        let times = crash.count <= 1 ? "" : " It is the \(Self.ordinal(crash.count)) time in this session without a finished step between."
        let text = "\(what) in session '\(session.name)'\(place).\(times)"
        guard crash.count >= mostCrashes else {
            let last = crash.count == mostCrashes - 1 ? " Once more without a finished step, and the session is left." : ""
            let next = try await store.hold() == nil ? "The session goes on from its last finished step.\(last)" : "The session waits, as it did before: tomopilot resume."
            await attempt {
                try await alarm(
                    text, next: next, kind: "crash", session: session, grid: grid,
                    step: crash.activities.last?.title)
            }
            return nil
        }
        let reason = "the service ended \(crash.count) times in it without a finished step between, at last\(place)"
        try await store.set(session.id, to: .failed, reason: reason, at: .now)
        let isHeld = try await store.hold() != nil
        let holds = session.onFailure == .stop
        if holds { try await store.setHold("session '\(session.name)' failed: \(reason)") }
        await attempt {
            try await alarm(
                "\(text) The session is left.",
                next: "The microscope is made safe, and the queue \(holds || isHeld ? "waits until somebody resumes it" : "goes on with the next session"); "
                    + "'tomopilot queue retry \(session.id)' goes on with this one.", kind: "crash", session: session, grid: grid,
                step: crash.activities.last?.title)
        }
        return session
    }

    private static func words(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current).year().month().day().time(includingFractionalSeconds: false))
    }

    private static func ordinal(_ number: Int) -> String { number == 2 ? "second" : number == 3 ? "third" : "\(number)th" }
}
