import Foundation
import Microscope
import Store
import Workflow

/// After a power cut the service may be there before the disk on which its sessions lie, and a disk of the network may go away
/// while they run.
extension SessionService {
    /// How often a session is taken up again whose folder comes and goes.
    private static let mostReturns = 5

    func outcomeDespiteMissingFolders(of session: QueuedSession, isResumed: Bool, helm: Helm) async throws -> SessionOutcome {
        if isResumed, session.hasJournal, let end = try await untilFolderIsThere(of: session, helm: helm) { return end }
        var outcome = try await outcomeDespiteFullDisks(of: session, helm: helm)
        var returns = 0
        while case .withoutFolder = outcome, returns < Self.mostReturns {
            returns += 1
            current?.steps = []
            if let end = try await untilFolderIsThere(of: session, helm: helm) { return end }
            outcome = try await outcomeDespiteFullDisks(of: session, helm: helm)
        }
        return outcome
    }

    /// Waits for the journal of a session that was begun, and keeps the microscope safe meanwhile; returns how the session ends
    /// where it does not go on.
    private func untilFolderIsThere(of session: QueuedSession, helm: Helm) async throws -> SessionOutcome? {
        let journal = session.journal
        let isThere: @Sendable () -> Bool = { FileManager.default.fileExists(atPath: journal) }
        guard !isThere(),
            let settings = try? folders.settings(session.settings, name: session.name, base: session.base)
        else { return nil }
        let missing = sentence(SessionRun.missing(journal))
        let limit = Duration.seconds(settings.safety.hours * 3600)
        current?.obstacle = missing
        await attempt {
            try await alarm(
                "session '\(session.name)' does not go on: \(missing)",
                next: "It goes on by itself once the journal is there, which is looked for every \(words(retry)) for \(words(limit)); nothing is exposed until then.",
                kind: "folder", session: session)
        }
        let state = await makeSafe(
            session,
            until: Ending(service: self) {
                if isThere() { return "the journal is there again" }
                if helm.cancellation != nil { return "the session ends" }
                if case .stop(let reason) = helm.verdict(at: .map(slot: 0)) { return reason }
                return nil
            })
        if !isThere() { await log(state, after: session) }
        if state.failures.isEmpty { current?.isSafe = true }
        switch try await wait(for: helm, every: retry, limit: limit, until: isThere) {
        case .there: break
        case .none: return .failed(missing, isMicroscope: true)
        case .ended(let end): return end
        }
        // The session says itself how it leaves the microscope.
        current?.isSafe = nil
        current?.obstacle = nil
        await attempt { try await log("\(journal) is there again; session '\(session.name)' goes on", kind: "folder", session: session.id) }
        return nil
    }
}
