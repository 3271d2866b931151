import Foundation
import ImageFiles
package import Store
import Workflow

/// What people ask of the service; each request is refused with a sentence where it cannot be done.
extension SessionService {
    /// What it does now.
    ///
    /// - Parameter remark: what whoever asked for something should know of it.
    package func status(remark: String? = nil) async throws -> ServiceStatus {
        let (queue, isOld) = try await knownQueue()
        let still = wished(queue.standstill)
        let waiting = queue.sessions
        let remarks = [remark, isOld ? "The service's file is in use by another program, such as a backup; the queue is told as it was known last." : nil].compactMap(\.self)
        let now = ContinuousClock.now
        let session = current.flatMap { running in waiting.first { $0.id == running.session.id } }
        return ServiceStatus(
            state: state(still, isQueueEmpty: waiting.isEmpty), reason: safetyWait?.isFirst == true ? still.hold?.reason : still.words, session: (session ?? current?.session).map(SessionEntry.init),
            pausesNow: current?.helm.isPausedNow ?? false, phase: current?.phase, place: current?.place?.description, fraction: current?.fraction, obstacle: current?.obstacle ?? current?.delay?.reason ?? (current == nil ? safetyWait?.text : nil) ?? unwritten,
            inspection: current?.openInspection.map(InspectionEntry.init), question: current?.openQuestion.map(QuestionEntry.init),
            steps: (current?.steps ?? []).map {
                StepInProgress(
                    title: $0.title, seconds: Self.seconds(now - $0.begin), usualSeconds: $0.usual.map(Self.seconds),
                    limitSeconds: Self.seconds($0.limit))
            },
            queued: waiting.count { $0.state == .queued }, remark: remarks.isEmpty ? nil : remarks.joined(separator: " "), lastEvent: queue.lastEvent)
    }

    /// To a tenth: nobody reads more.
    private static func seconds(_ duration: Duration) -> Double { (duration / .seconds(0.1)).rounded() / 10 }

    private func state(_ still: Standstill, isQueueEmpty: Bool) -> ServiceStatus.State {
        if ends { return .ending }
        guard let current else {
            // The microscope is being made safe, and nobody has to do anything for that.
            let isFirst = safetyWait?.isFirst == true
            if still.hold != nil || still.unsafe != nil && !isFirst { return .held }
            return isQueueEmpty && !isFirst && unwritten == nil ? .idle : .starting
        }
        if current.helm.cancellation != nil { return .aborting }
        if current.helm.isStopping { return .stopping }
        if current.helm.isPaused { return current.isWaiting ? .paused : .pausing }
        if current.inspection != nil { return .inspecting }
        if current.question != nil { return .asking }
        return .running
    }

    /// What the session under way is going to do, and where it is in that.
    package func plan() throws -> PlanListing {
        guard let current, let plan = current.plan else { throw ServiceError(.conflict, "No session runs, so there is no plan.") }
        return PlanListing(session: current.session.id, place: current.place?.description, parts: plan.parts)
    }

    /// Checks settings strictly and puts a session at the end of the queue.
    package func add(name: String?, settings text: String, base: String?, onFailure: String?) async throws -> SessionEntry {
        let base = base ?? folders.sessions
        guard base.hasPrefix("/") else {
            throw ServiceError(.badRequest, "'base' is '\(base)'; it must be the absolute path of the folder that relative paths begin at.")
        }
        let failure = onFailure.flatMap(QueuedSession.OnFailure.init)
        guard failure != nil || onFailure == nil else {
            throw ServiceError(.badRequest, "'on_failure' is '\(onFailure ?? "")'; it must be stop or continue.")
        }
        let settings = try await settings(text, name: name ?? "settings", base: base)
        let name = name ?? URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
        try Self.check(name, key: "name", longest: 100)
        let session = try await store.add(
            name: name, folder: settings.sessionFolder, settings: text, base: base, onFailure: failure, at: .now)
        try await log("session '\(name)' is queued", kind: "queue", session: session.id)
        return SessionEntry(session)
    }

    /// Reads settings where nobody waits for it: a text of 1 MiB takes a while.
    @concurrent private nonisolated func settings(_ text: String, name: String, base: String) async throws -> SessionSettings {
        do {
            let settings = try folders.settings(text, name: name, base: base)
            // A model that is not there would be found out at night.
            try examine(settings)
            return settings
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.badRequest, sentence(error))
        }
    }

    /// The queue; with `all` also what has ended.
    package func queue(all: Bool) async throws -> QueueListing {
        QueueListing(sessions: try await store.sessions(all: all).map(SessionEntry.init))
    }

    /// Takes a session that waits out of the queue.
    package func remove(_ id: Int64) async throws -> QueueListing {
        let session = try await store.remove(id, reason: "removed by a person", at: .now)
        try Self.requireWaiting(session, id, to: "removed", instead: "stop or abort it")
        try await log("session '\(session?.name ?? "")' is removed from the queue", kind: "queue", session: id)
        return try await queue(all: false)
    }

    /// Lets a session that has ended go on where it was, before all that wait. A hold that came from it is lifted; any other
    /// stays.
    package func retry(_ id: Int64) async throws -> QueueListing {
        try await writeWish()
        let session: QueuedSession?
        do {
            session = try await store.retry(id)
        } catch is QueueStore.NothingLeft {
            throw ServiceError(
                .conflict, "Session \(id) is done, and nothing of it is left to be tried again; for another level, or for files that were changed, add its settings again.")
        }
        guard let session else { throw ServiceError(.notFound, "There is no session \(id).") }
        switch session.state {
        case .failed, .stopped, .done: break
        case .queued: throw ServiceError(.conflict, "Session \(id) waits already; it goes on when its turn comes.")
        case .running, .paused: throw ServiceError(.conflict, "Session \(id) is \(session.state.rawValue); it goes on by itself or by resume.")
        case .removed: throw ServiceError(.conflict, "Session \(id) was removed; add its settings again.")
        }
        try await log("a person lets session '\(session.name)' go on where it ended", kind: "queue", session: id)
        return try await queue(all: false)
    }

    /// Moves a session that waits to another place among those that wait, counted from 1.
    package func move(_ id: Int64, to place: Int) async throws -> QueueListing {
        guard place >= 1 else { throw ServiceError(.badRequest, "'to' is \(place); it must be a place in the queue, from 1.") }
        let session = try await store.move(id, to: place)
        try Self.requireWaiting(session, id, to: "moved", instead: "it has the microscope")
        let listing = try await queue(all: false)
        // Beyond the last it comes last; one that has begun meanwhile has no place.
        let got = listing.sessions.filter { $0.state == .queued }.firstIndex { $0.id == id }.map { $0 + 1 } ?? place
        try await log("session '\(session?.name ?? "")' is moved to place \(got)", kind: "queue", session: id)
        return listing
    }

    /// The session waits at its next checkpoint, or where it is, and no other is started.
    ///
    /// - Parameter now: no further command is sent after the one that SerialEM works on, and the microscope is made safe at once.
    package func pause(now: Bool = false) async throws -> ServiceStatus {
        let reason = now ? "paused at once by a person" : "paused by a person"
        try await hold(.hold(Standstill.Hold(reason: reason))) { self.current?.helm.pause(reason, now: now) }
        try await log("a person asks to pause\(now ? " at once" : "")", kind: "queue", session: current?.session.id)
        return try await status()
    }

    /// The session goes on, and the queue too.
    package func resume() async throws -> ServiceStatus {
        try await hold(.release) { self.current?.helm.resume() }
        try await log("a person lets the queue go on", kind: "queue", session: current?.session.id)
        let ending = current.flatMap { $0.helm.isStopping || $0.helm.cancellation != nil ? $0.session : nil }
        return try await status(
            remark: ending.map { "Session '\($0.name)' ends all the same, as was asked for before, and the queue goes on after it; 'tomopilot queue retry \($0.id)' goes on with it." })
    }

    /// The session finishes its step and ends with the microscope safe; no other is started until a person resumes.
    package func stop() async throws -> ServiceStatus {
        let running = try requireCurrent("stopped")
        let reason = Standstill.Hold(reason: "session '\(running.session.name)' was stopped by a person", session: running.session.id)
        try await hold(.hold(reason, ending: .stop)) { running.helm.stop(Self.stop) }
        try await log("a person stops session '\(running.session.name)' at its next checkpoint", kind: "queue", session: running.session.id)
        return try await status()
    }

    /// The session ends as soon as SerialEM has finished its command, with the microscope safe; no other is started until
    /// a person resumes. Where none runs and the microscope is still to be made safe, the wait for that ends.
    package func abort() async throws -> ServiceStatus {
        if current == nil, let session = safetyWait?.session {
            let reason = "the wait for SerialEM after session '\(session.name)' was aborted by a person"
            try await hold(.hold(Standstill.Hold(reason: reason, session: session.id))) { self.safetyWait?.isAborted = true }
            try await log("a person aborts the wait for SerialEM after session '\(session.name)'", kind: "queue", session: session.id)
            return try await status()
        }
        let running = try requireCurrent("aborted")
        let session = running.session
        let reason = Standstill.Hold(reason: "session '\(session.name)' was aborted by a person", session: session.id)
        try await hold(.hold(reason, ending: .abort)) { running.helm.cancel(.abort(Self.abortion)) }
        try await log("a person aborts session '\(running.session.name)'", kind: "queue", session: running.session.id)
        return try await status()
    }

    static let abortion = "A person aborted it."
    static let stop = "a person asked for it"

    /// Confirms what the session waits for, and nothing else; answers when the session has gone on, or has said why it does not.
    package func confirm(_ confirmation: Confirmation) async throws -> ServiceStatus {
        let wanted = "the \(confirmation.subject.rawValue) of grid \(confirmation.grid)"
        guard let inspection = current?.inspection else {
            throw ServiceError(.conflict, "Nothing waits to be confirmed, so \(wanted) cannot be.")
        }
        guard inspection.slot == confirmation.grid, inspection.subject == confirmation.subject else {
            throw ServiceError(.conflict, "\(wanted.prefix(1).uppercased() + wanted.dropFirst()) do not wait to be confirmed: \(inspection.what) do.")
        }
        // The file outlives a crash of the service; the session sees it within a second.
        try AtomicFile.write("", to: inspection.marker)
        try await log("a person confirms \(inspection.what)", kind: "inspection", session: current?.session.id)
        try await requireTaken(inspection.refusals) { running in
            running.inspection.flatMap { $0.slot == inspection.slot && $0.subject == inspection.subject ? ($0.refusals, $0.refusal) : nil }
        }
        return try await status()
    }

    /// Takes what a person says of the step that the session asks about, and of no other; answers as `confirm` does.
    package func answer(_ answer: AnswerToQuestion) async throws -> ServiceStatus {
        guard let question = current?.question else {
            throw ServiceError(.conflict, "The session asks about no step, so '\(answer.step.prefix(200))' needs no answer.")
        }
        guard question.step.path == answer.step else {
            throw ServiceError(.conflict, "The session does not ask about step '\(answer.step.prefix(200))' but about \(question.step), \(question.what).")
        }
        if let reason = answer.reason { try Self.check(reason, key: "reason", longest: 500) }
        // The file outlives a crash of the service; the session sees it within a second.
        try AtomicFile.write(StepQuestion.marking(answer.answer, reason: answer.reason), to: question.marker)
        try await log(
            "a person says '\(answer.answer.rawValue)' of \(question.what)" + (answer.reason.map { ": \($0)" } ?? ""), kind: "question",
            session: current?.session.id)
        try await requireTaken(question.refusals) { running in
            running.question.flatMap { $0.step == question.step ? ($0.refusals, $0.refusal) : nil }
        }
        // What happened is looked for once more, and asked about again where it is not found.
        for _ in 0 ..< 20 where answer.answer == .happened {
            if let again = current?.question, again.step == question.step, again.refusals > question.refusals {
                throw ServiceError(.conflict, again.refusal ?? "What was said cannot be used; the log says why.")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await status()
    }

    /// Waits for the session to look at what a person did, but not for ever: one that is paused looks later, and says then
    /// what it finds.
    ///
    /// - Parameters:
    ///   - refusals: how often it had refused before.
    ///   - waiting: what it still waits for; nil once it does not any more.
    private func requireTaken(_ refusals: Int, stillWaiting waiting: (CurrentSession) -> (refusals: Int, refusal: String?)?) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(10)
        while clock.now < deadline, let running = current, !running.helm.isPaused, let now = waiting(running) {
            guard now.refusals <= refusals else {
                throw ServiceError(.conflict, now.refusal ?? "What was said cannot be used; the log says why.")
            }
            try await Task.sleep(for: .milliseconds(50), clock: clock)
        }
    }

    /// The log after a line, oldest first.
    package func events(after id: Int64, limit: Int) async throws -> [LoggedEvent] {
        try await store.events(after: id, limit: limit)
    }

    func requireCurrent(_ what: String) throws -> CurrentSession {
        guard let current else { throw ServiceError(.conflict, "No session runs, so none can be \(what).") }
        return current
    }

    private static func requireWaiting(_ session: QueuedSession?, _ id: Int64, to what: String, instead: String) throws {
        guard let session else { throw ServiceError(.notFound, "There is no session \(id) in the queue.") }
        guard session.state != .queued else { return }
        let reason = session.state.isUnderWay ? "is \(session.state.rawValue); \(instead)" : "is \(session.state.rawValue) and waits no more"
        throw ServiceError(.conflict, "Session \(id) cannot be \(what): it \(reason).")
    }

    static func check(_ text: String, key: String, longest: Int) throws {
        // One letter may have any number of accents, each with bytes of its own.
        guard !text.allSatisfy(\.isWhitespace), text.utf8.count <= longest, text.unicodeScalars.allSatisfy(\.isPrinted) else {
            throw ServiceError(.badRequest, "'\(key)' must be one line of 1 to \(longest) bytes, without control or format characters.")
        }
    }
}
