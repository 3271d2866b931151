import CMemory
import Foundation
package import Microscope
import ServiceLifecycle
package import Store
import Locks
package import Workflow

/// Works through the queue, one session at a time, and goes on after its own end with the session that was under way.
///
/// It ends when SerialEM has finished the command in progress and the microscope is safe; the session stays under way.
package actor SessionService: Service {
    /// Runs one session to its end, and returns what was asked for and neither done nor left out by a person; tests put their own in its place.
    package typealias Runner = @Sendable (
        _ settings: SessionSettings, _ text: String, _ beginning: JournalBeginning, _ supervisor: any Supervisor, _ report: @escaping @Sendable (RunEvent) -> Void
    ) async throws -> [String]

    /// Leaves the microscope of a session safe that does not run; tests put their own in its place.
    package typealias Safeguard = @Sendable (
        _ settings: SessionSettings, _ supervisor: any Supervisor, _ report: @escaping @Sendable (SafetyObstacle) async -> Void
    ) async -> SafeState

    /// Says of settings what a session would refuse before it comes to a microscope; tests put their own in its place.
    package typealias Examiner = @Sendable (SessionSettings) throws -> Void

    let store: QueueStore
    let folders: AllowedFolders
    let desk: AlarmDesk
    private let reminder: Duration?
    let stepLimit: StepLimit
    private let run: Runner
    let examine: Examiner
    let safeguard: Safeguard
    let terminal: Terminal
    let threads = SessionThreads()
    /// A session, the queue or the log changed.
    nonisolated let changes = Signal()
    private nonisolated let isEnding = Locked(false)
    var current: CurrentSession?
    /// Whether a session ran since memory was given back.
    private var hasWorked = false
    /// What people were told last of the service's own files.
    private(set) var unwritten: String?
    /// What a person asked of the queue and is not written down yet.
    var unwrittenWish: Wish?
    /// Whether whoever asked was told that it is not written down yet.
    var isWishLate = false
    /// How many such wishes there were.
    var wishes = 0
    /// Writes one down.
    var writing: Task<Void, any Error>?
    /// What the service's file said last of the queue.
    var lastQueue: KnownQueue?
    /// One that took too long.
    var lateReading: Task<KnownQueue, any Error>?
    /// Whether its end has to be written down.
    private var hasBegunLife = false
    /// The microscope that is waited for to be made safe.
    var safetyWait: SafetyWait?
    /// The session after which it is not tried any more.
    var unsafeGivenUp: Int64?
    let retry: Duration
    let mostCrashes: Int

    /// - Parameters:
    ///   - receivers: told of every alarm.
    ///   - reminder: how often people are told again of what waits for them; nil never.
    ///   - stepLimit: when a step is overdue.
    ///   - retry: how soon is tried again what could not be written.
    ///   - mostCrashes: after so many lives of the service that ended in a session with no step finished between, the session is left; ten times
    ///     as many where they ended before they did anything for it.
    ///   - examine: looks at the models of a session that is added.
    ///   - safeguard: makes the microscope of a session safe.
    ///   - run: runs one session.
    package init(
        store: QueueStore, folders: AllowedFolders, desk: AlarmDesk = AlarmDesk([]), reminder: Duration? = nil, terminal: Terminal,
        stepLimit: StepLimit = StepLimit(), retry: Duration = .seconds(10), mostCrashes: Int = 3, examine: @escaping Examiner = { _ in },
        safeguard: @escaping Safeguard = { _, _, _ in SafeState(reached: [], failures: []) }, run: @escaping Runner
    ) {
        self.store = store
        self.folders = folders
        self.desk = desk
        self.reminder = reminder
        self.stepLimit = stepLimit
        self.terminal = terminal
        self.retry = retry
        self.mostCrashes = mostCrashes
        self.examine = examine
        self.safeguard = safeguard
        self.run = run
    }

    package func run() async throws {
        defer { changes.finish() }
        // Before anything can raise a new alarm.
        await takeUndelivered()
        do {
            try await work()
        } catch {
            // Also where the API's port is taken: it was no crash.
            let store = store
            if hasBegunLife { await attempt { try await Task { try await store.endLife() }.value } }
            throw error
        }
        try await log("the service ends", kind: "service")
        try await store.endLife()
    }

    private func work() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.deliverAlarms() }
                group.addTask { await self.writeWishes() }
                if let reminder = self.reminder { group.addTask { await self.remind(every: reminder) } }
                // Whoever reads events learns now and then that the line is alive.
                group.addTask { [changes] in
                    while true {
                        try await Task.sleep(for: .seconds(15))
                        changes.send()
                        await self.rest()
                    }
                }
                defer { group.cancelAll() }
                try await self.beginLife()
                try await self.workThroughQueue()
            }
        } onGracefulShutdown: {
            self.end()
        }
    }

    /// Writes down that the service lives, and takes up how it ended before. A crash often leaves a full disk: people are told of
    /// both, and it goes on once there is room.
    private func beginLife() async throws {
        try await insist("write down that it starts") { try await log("the service starts", kind: "service") }
        if store.isNew { await tellOfEarlierSessions() }
        let crash = try await insist("write down that it starts") { try await store.beginLife(at: .now) }
        hasBegunLife = true
        if let crash { try await insist("write down how it ended before") { try await take(crash) } }
        try await insist("write down how a person ended a session") { try await endAsAsked() }
    }

    /// Does something that has to be written down, and tries until it is.
    private func insist<Value: Sendable>(_ what: String, _ body: () async throws -> Value) async throws -> Value {
        var pause = retry
        while true {
            do {
                let value = try await body()
                unwritten = nil
                return value
            } catch let error where !(error is CancellationError) {
                if ends { throw error }
                try await wait(after: error, doing: what, for: pause)
                pause = min(pause * 2, retry * Self.mostPatience)
            }
        }
    }

    /// So many times as long as the first pause is the longest after something could not be written.
    private static var mostPatience: Int { 30 }

    /// Lets SerialEM finish its command and leaves the microscope safe; the session goes on with the next start.
    private nonisolated func end() {
        isEnding.withLock { $0 = true }
        changes.send()
    }

    nonisolated var ends: Bool { isEnding.withLock { $0 } }

    private func workThroughQueue() async throws {
        for await _ in changes.changes() {
            do {
                while !ends {
                    // Also where nothing is to be done, so that it is known before the night.
                    try store.requireFile()
                    try await writeWish()
                    if let unsafe = try await standstill().unsafe, unsafe.id != unsafeGivenUp { try await makeSafe(after: unsafe) }
                    guard !ends, let session = try await store.next() else { break }
                    unwritten = nil
                    try await perform(session)
                }
                unwritten = nil
            } catch let error where !(error is CancellationError) {
                // The service answers and tells people also while it cannot write.
                if !ends { try await wait(after: error, doing: "look for the next session") }
            }
            if ends { return }
        }
        try Task.checkCancellation()
    }

    /// Gives memory back once after a session, when what was still under way at its end is over.
    private func rest() {
        guard hasWorked, current == nil else { return }
        hasWorked = false
        cmemory_give_back()
    }

    /// Tells people that the service's own files cannot be used, and gives them a while.
    private func wait(after error: any Error, doing what: String, for pause: Duration? = nil) async throws {
        let pause = pause ?? retry
        let text = "The service cannot \(what): \(sentence(error))"
        if unwritten != text {
            unwritten = text
            // It has been handed to those who deliver it before it is thrown that it cannot be logged.
            do { try await alarm(text, next: "It tries again and again, in \(words(retry)) and then every \(words(retry * Self.mostPatience)) at the latest.", kind: "service", session: current?.session) } catch { report(error) }
        }
        let clock = ContinuousClock()
        let deadline = clock.now + pause
        while !ends, clock.now < deadline { try await Task.sleep(for: min(pause, .milliseconds(200)), clock: clock) }
        changes.send()
    }

    /// Runs a session to its end.
    private func perform(_ session: QueuedSession) async throws {
        let helm = Helm(session: session.id, skips: try await store.skips(of: session.id), takenBack: try await store.takenBack(of: session.id))
        current = CurrentSession(session: session, helm: helm)
        hasWorked = true
        defer {
            current = nil
            changes.send()
        }
        // After the session is known to those who pause, so that no pause falls between.
        if let hold = try await standstill().words { helm.pause(hold) }
        let isResumed = session.state.isUnderWay
        current?.goesOn = isResumed
        try await store.set(session.id, to: .running, reason: nil, at: .now)
        try await log(
            isResumed ? "session '\(session.name)' goes on where the service ended" : "session '\(session.name)' starts",
            kind: "session", session: session.id)
        let outcome = try await outcomeDespiteMissingFolders(of: session, isResumed: isResumed, helm: helm)
        // Not written down, it would be taken for one that was under way, and be run again.
        try await insist("write down how session '\(session.name)' ended") { try await settle(session, outcome) }
    }

    private enum Part { case session(SessionOutcome), other }

    /// Runs a session with what watches it.
    func outcome(of session: QueuedSession, helm: Helm) async -> SessionOutcome {
        let (events, continuation) = AsyncStream.makeStream(of: RunEvent.self)
        // The recorder is not cancelled with the session: what a stopped session says last is what people want to read.
        return await withTaskGroup(of: Void.self) { recorder in
            recorder.addTask { for await event in events { await self.take(event) } }
            let outcome = await withTaskGroup(of: Part.self) { group in
                group.addTask(executorPreference: threads) {
                    .session(await self.runToEnd(session, helm: helm) { continuation.yield($0) })
                }
                group.addTask {
                    await helm.untilCancelled()
                    return .other
                }
                group.addTask {
                    await self.untilEnding(telling: helm)
                    return .other
                }
                group.addTask {
                    await self.watchSteps()
                    return .other
                }
                var outcome = SessionOutcome.interrupted
                while let part = await group.next() {
                    // The first to come is the session's end or a reason to cancel it.
                    group.cancelAll()
                    if case .session(let end) = part { outcome = end }
                }
                return outcome
            }
            continuation.finish()
            await recorder.waitForAll()
            // What follows within the same turn, as when there is room again, goes on in its place.
            current?.goesOn = true
            return outcome
        }
    }

    private nonisolated func untilEnding(telling helm: Helm) async {
        for await _ in changes.changes() where ends {
            helm.cancel(.serviceEnds)
            return
        }
    }

    private func runToEnd(
        _ session: QueuedSession, helm: Helm, report: @escaping @Sendable (RunEvent) -> Void
    ) async -> SessionOutcome {
        do {
            try folders.requireSessions()
        } catch {
            // The next session would meet the same.
            return .failed(sentence(error), isMicroscope: true)
        }
        do {
            // Asked again: a link may lead elsewhere since the session was queued.
            let settings = try folders.settings(session.settings, name: session.name, base: session.base)
            current?.plan = SessionPlan(settings)
            // Asked anew: a session that has waited for room has begun it before.
            let wasBegun = try await store.session(session.id)?.hasJournal ?? session.hasJournal
            let beginning = JournalBeginning(wasBegun: wasBegun, goesOn: current?.goesOn ?? false) { [store] in try await store.beginJournal(of: session.id) }
            current?.acquisitionLimit = .seconds(settings.acquisitionHours * 3600)
            return .done(missing: try await run(settings, session.settings, beginning, helm, report))
        } catch {
            return SessionOutcome(error: error, cancellation: helm.cancellation, serviceEnds: Task.isCancelled)
        }
    }

    /// Writes down how a session ended, tells people, and holds the queue where going on would be wrong.
    private func settle(_ session: QueuedSession, _ outcome: SessionOutcome) async throws {
        // Of one that was under way and never came to the microscope again, nobody knows how it was left.
        let isSafe = current?.isSafe ?? (!session.state.isUnderWay || outcome == .interrupted)
        let name = "session '\(session.name)'"
        // People are told of what was tried and failed; what is going to be tried goes before the next session, and they are told then.
        let isUntried = !isSafe && current?.isSafe == nil
        if isUntried { safetyWait = SafetyWait(session: session, isFirst: true) }
        // The next life of the service ends it.
        let isStopping = current?.helm.isStopping ?? false
        let unsafe = isSafe || isUntried ? [] : [unsafeNotice(after: session, goesOn: outcome == .interrupted && !isStopping)]
        switch outcome {
        case .interrupted:
            for notice in unsafe { await attempt { try await tell(notice) } }
            await attempt { try await log("\(name) is interrupted and \(isStopping ? "ends, as was asked for," : "goes on") when the service starts again", kind: "session", session: session.id) }
        case .done(let missing):
            let reason = missing.isEmpty ? nil : "not done: \(missing.joined(separator: "; "))"
            let lack = reason.map {
                notice("\(name) has come to its end, \($0).", next: "'tomopilot queue retry \(session.id)' tries again what can still be done.", kind: "session", session: session)
            }
            try await end(session, as: .done, reason: reason, isUnsafe: !isSafe, telling: [lack].compactMap(\.self) + unsafe)
            await attempt { try await log("\(name) is done", kind: "session", session: session.id) }
        case .stopped(let reason):
            try await end(session, as: .stopped, reason: reason, isUnsafe: !isSafe, telling: unsafe)
            await attempt { try await log("\(name) ended early: \(reason)", kind: "session", session: session.id) }
        case .failed(let reason, _), .withoutRoom(let reason), .withoutFolder(let reason):
            let holds = session.onFailure.map { $0 == .stop } ?? outcome.wouldMeetNext
            let failure = notice(
                "\(name) failed: \(reason)",
                next: Self.next(holds: holds, isSafe: isSafe)
                    + "; 'tomopilot queue retry \(session.id)' tries this one again.",
                kind: "session", session: session)
            try await end(session, as: .failed, reason: reason, hold: holds ? "\(name) failed: \(reason)" : nil, isUnsafe: !isSafe, telling: [failure] + unsafe)
        }
    }

    private static func next(holds: Bool, isSafe: Bool) -> String {
        let then = isSafe ? "" : ", once the microscope is made safe"
        return holds ? "The queue waits until somebody resumes it" : "The queue goes on with the next session\(then)"
    }

    /// What cannot be logged is shown, and undoes nothing that was written down.
    func attempt(_ body: () async throws -> Void) async {
        do { try await body() } catch { report(error) }
    }

    /// Adds a line to the log and shows it.
    func log(_ text: String, kind: String, level: LoggedEvent.Level = .note, session: Int64? = nil) async throws {
        try await store.log(text, kind: kind, level: level, session: session, at: .now)
        if kind == "service" || kind == "queue" || kind == "session" { terminal.show("SERVICE    \(text)") }
        changes.send()
    }

    /// Shows what went wrong with the log itself.
    func report(_ error: any Error) { terminal.show("WARNING    \(sentence(error))") }
}
