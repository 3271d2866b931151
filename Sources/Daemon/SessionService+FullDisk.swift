import Foundation
import Store
import Workflow

/// A full disk ends no session: the microscope is safe meanwhile, people are told, and once there is room the session goes on.
extension SessionService {
    /// What has to fit on the disk before a session goes on: the first map would fill a smaller room again.
    private static let room = 64 << 20
    /// How often a session is tried again that does not come a step further.
    private static let mostTries = 3

    func outcomeDespiteFullDisks(of session: QueuedSession, helm: Helm) async throws -> SessionOutcome {
        var tries = 0
        while true {
            let before = current?.stepsDone ?? 0
            let outcome = await outcome(of: session, helm: helm)
            guard case .withoutRoom(let reason) = outcome, current?.isSafe ?? true,
                let settings = try? folders.settings(session.settings, name: session.name, base: session.base)
            else { return outcome }
            tries = (current?.stepsDone ?? 0) > before ? 1 : tries + 1
            // There is room where it is looked for, and none where it is needed.
            guard tries <= Self.mostTries else { return outcome }
            let limit = Duration.seconds(settings.safety.hours * 3600)
            current?.steps = []
            current?.obstacle = reason
            await attempt {
                try await alarm(
                    "session '\(session.name)' cannot write: \(reason)",
                    next: "It goes on by itself once there is room, which is looked for every \(words(retry * (tries * tries))) for \(words(limit)).",
                    kind: "disk", session: session)
            }
            switch try await wait(for: helm, every: retry * (tries * tries), limit: limit, until: { Self.thereIsRoom(in: settings.sessionFolder) }) {
            case .there: break
            case .none: return outcome
            case .ended(let end): return end
            }
            current?.obstacle = nil
            await attempt { try await log("there is room again; session '\(session.name)' goes on", kind: "disk", session: session.id) }
        }
    }

    enum Waited { case there, none, ended(SessionOutcome) }

    /// Waits until something is there, the time is over, or the session has to end.
    func wait(for helm: Helm, every pause: Duration, limit: Duration, until isThere: @escaping @Sendable () -> Bool) async throws -> Waited {
        let clock = ContinuousClock()
        let begin = clock.now
        repeat {
            guard clock.now - begin < limit else { return .none }
            let deadline = clock.now + pause
            while clock.now < deadline {
                if ends { return .ended(.interrupted) }
                if case .abort(let reason) = helm.cancellation { return .ended(.stopped(reason)) }
                if case .stop(let reason) = helm.verdict(at: .map(slot: 0)) { return .ended(.stopped(reason)) }
                try await Task.sleep(for: min(pause, .milliseconds(200)), clock: clock)
            }
            // A write to a disk of the network may take its time.
        } while await !withTaskExecutorPreference(threads, operation: { isThere() })
        return .there
    }

    /// Tries it, since a quota and a limit on the size of files are not seen from the disk's free space.
    private static nonisolated func thereIsRoom(in folder: String) -> Bool {
        // Where the folder is not there, that is what the session is going to speak of.
        guard FileManager.default.fileExists(atPath: folder) else { return true }
        let file = "\(folder)/.room-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        return (try? Data(count: room).write(to: URL(fileURLWithPath: file))) != nil
    }
}
