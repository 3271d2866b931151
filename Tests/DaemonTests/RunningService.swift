@testable import Daemon
import Foundation
import FoundationNetworking
import Logging
import Microscope
import ModelStore
import ServiceLifecycle
import Store
import Synchronization
import Testing
@testable import Workflow

/// A folder of its own for each test, gone afterwards.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("service-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.resolvingSymlinksInPath().path)
}

/// Sessions that only pass checkpoints, one for each grid of their settings, with a step between, which lasts until the
/// test lets it end.
final class ScriptedSessions: Sendable {
    private struct State {
        var allowed = 0
        var waiters: [AsyncStream<Void>.Continuation] = []
        var done: [String] = []
        var failure: (any Error)?
        var lastingFailure: (any Error)?
        var isSafe = true
        var news: [RunEvent] = []
        var inspection: Inspection?
        var refusal: String?
        var missing: [String] = []
        var writesJournals = false
        var earlyFailure: (any Error)?
    }
    private let state = Mutex(State())
    private let begun = Signal()

    /// What was done, such as `a grid 1`.
    var done: [String] { state.withLock { $0.done } }
    /// Ends the next session by this.
    func fail(with error: any Error) { state.withLock { $0.failure = error } }
    /// Ends every session by this.
    func failAlways(with error: any Error) { state.withLock { $0.lastingFailure = error } }
    /// Ends the next session by this before it has come to the microscope.
    func failEarly(with error: any Error) { state.withLock { $0.earlyFailure = error } }
    /// Tells this when the next session begins.
    func tell(_ event: RunEvent) { state.withLock { $0.news.append(event) } }
    /// The next session leaves the microscope so.
    func leave(safe: Bool) { state.withLock { $0.isSafe = safe } }

    /// Sessions begin a journal, and refuse to go on without.
    func writeJournals() { state.withLock { $0.writesJournals = true } }

    /// Sessions end without this.
    func lack(_ what: String) { state.withLock { $0.missing = [what] } }

    /// The next session waits at this gate before its first grid.
    func inspect(_ inspection: Inspection) { state.withLock { $0.inspection = inspection } }

    /// What people change at the gate cannot be used, and why; nil where it can.
    func refuse(_ reason: String?) { state.withLock { $0.refusal = reason } }

    /// Lets so many steps end, those that run and those to come.
    func allow(steps: Int) {
        let waiters = state.withLock { state in
            state.allowed += steps
            return state.waiters
        }
        for waiter in waiters { waiter.yield() }
    }

    private func takeTurn() -> Bool {
        state.withLock { state in
            guard state.allowed > 0 else { return false }
            state.allowed -= 1
            return true
        }
    }

    private func step() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { $0.waiters.append(continuation) }
        continuation.yield()
        for await _ in stream where takeTurn() { return }
        throw CancellationError()
    }

    var runner: SessionService.Runner {
        { [self] settings, _, beginning, supervisor, report in
            if let failure = state.withLock({ $0.earlyFailure.take() }) { throw failure }
            if state.withLock({ $0.writesJournals }) {
                let journal = settings.sessionFolder + "/session.sqlite"
                if beginning.wasBegun, !FileManager.default.fileExists(atPath: journal) { throw SessionRun.missing(journal) }
                try await beginning.write()
                try FileManager.default.createDirectory(atPath: settings.sessionFolder, withIntermediateDirectories: true)
                try Data().write(to: URL(fileURLWithPath: journal))
            }
            defer { report(.microscopeLeft(isSafe: state.withLock { $0.isSafe })) }
            for event in state.withLock({ state in
                defer { state.news = [] }
                return state.news
            }) { report(event) }
            if let failure = state.withLock({ $0.lastingFailure ?? $0.failure.take() }) { throw failure }
            let gate = Gate(
                supervisor: supervisor, makeSafe: { .init(reached: [], failures: []) }, reconnect: {}, patience: .seconds(3600), report: report)
            let name = URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
            if let inspection = state.withLock({ $0.inspection.take() }) {
                let watch = PeopleWatch(
                    inspection, over: supervisor, limit: .seconds(3600), reminder: .seconds(1800), interval: .milliseconds(5),
                    check: { [self] in if let reason = state.withLock({ $0.refusal }) { throw WorkflowError.refused(reason) } },
                    report: report)
                report(.inspecting(inspection))
                _ = try await gate.under(watch).pass(.inspection(slot: inspection.slot, of: inspection.subject))
                report(.inspected(inspection, outcome: "the session goes on"))
            }
            for slot in settings.gridList where try await gate.pass(.grid(slot: slot)).skipped == nil {
                let id = StepIdentifier.grid(slot, "whole-grid-map")
                report(.started(id, title: "Map grid \(slot)", exposing: true))
                try await step()
                report(.finished(id, title: "Map grid \(slot)", duration: .seconds(1)))
                state.withLock { $0.done.append("\(name) grid \(slot)") }
            }
            return state.withLock { $0.missing }
        }
    }
}

/// An answer of the service.
struct Answer {
    let status: Int
    let body: Data
    var text: String { String(decoding: body, as: UTF8.self) }
    var error: String? { (try? JSONDecoder().decode([String: String].self, from: body))?["error"] }
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value { try APICoding.decoded(type, from: body) }
}

/// A service on a free port, and who asks it.
struct RunningService: Sendable {
    let service: SessionService
    let port: Int
    let folder: String
    private let group: ServiceGroup

    /// Runs a body against a service; afterwards the service ends as by SIGTERM.
    static func with(
        folder: String, sessionsFolder: String? = nil, sessions: ScriptedSessions, token: String? = nil, receivers: [any AlarmReceiver] = [],
        reminder: Duration? = nil, stepLimit: StepLimit = StepLimit(), connections: Int? = nil, patience: Duration = .seconds(30),
        longestBody: Duration = APICall.longestBody, safeguard: @escaping SessionService.Safeguard = { _, _, _ in SafeState(reached: [], failures: []) },
        _ body: @Sendable (RunningService) async throws -> Void
    ) async throws {
        let terminal = Terminal(isInteractive: false, width: { 80 }, write: { _ in })
        let store = try QueueStore(path: folder + "/tomopilot.sqlite")
        let mayBeMissing = try await store.awaitsJournal()
        let service = SessionService(
            store: store,
            folders: try AllowedFolders(sessions: sessionsFolder ?? folder, models: nil, store: ModelStore(folder: folder + "/store"), mayBeMissing: mayBeMissing),
            desk: AlarmDesk(receivers, pauses: [.milliseconds(10)]), reminder: reminder, terminal: terminal, stepLimit: stepLimit,
            retry: .milliseconds(10), safeguard: safeguard, run: sessions.runner)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try ControlServer(
            service: service, host: "127.0.0.1", port: 0, token: token, connections: connections, patience: patience, longestBody: longestBody,
            logger: logger) { continuation.yield($0) }
        let group = ServiceGroup(services: [server, service], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                try await body(RunningService(service: service, port: port, folder: folder, group: group))
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// What SIGTERM does.
    func end() async { await group.triggerGracefulShutdown() }

    func ask(_ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:]) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        return Answer(status: (response as? HTTPURLResponse)?.statusCode ?? 0, body: data)
    }

    func settings(_ name: String, grids: String = "[1, 2]") -> String {
        "session_dir: ./\(name)\ngrid_list: \(grids)\nWG_model: ./m\nMM_model: ./m\n"
    }

    func parsedSettings(_ name: String) throws -> SessionSettings { try SessionSettings(yaml: settings(name), file: name) }

    /// Queues a session, which has to be taken.
    func add(_ name: String, grids: String = "[1, 2]", query: String = "") async throws {
        let answer = try await ask("POST", "/v1/queue\(query)", body: settings(name, grids: grids))
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// Waits until the status is as wanted; the service says so with each change.
    func status(_ isWanted: @Sendable (ServiceStatus) -> Bool) async throws {
        for await _ in service.changes.changes() where isWanted(try await service.status()) { return }
        Issue.record("the service ended before")
    }

    func status(_ state: ServiceStatus.State) async throws { try await status { $0.state == state } }

    /// Waits until a step runs.
    func step(_ title: String) async throws { try await status { $0.steps.contains { $0.title == title } } }

    /// `a done, b queued`.
    func queue() async throws -> String {
        let listing = try await ask("GET", "/v1/queue?all=true").value(QueueListing.self)
        return listing.sessions.sorted { $0.id < $1.id }.map { "\($0.name) \($0.state.rawValue)" }.joined(separator: ", ")
    }

    /// Waits until the log has a line.
    func logged(_ isWanted: @Sendable (LoggedEvent) -> Bool) async throws {
        for await _ in service.changes.changes() where try await log().contains(where: isWanted) { return }
        Issue.record("the service ended before")
    }

    func log() async throws -> [LoggedEvent] { try await ask("GET", "/v1/log?limit=1000").value(LogPage.self).events }
}

/// A gate for people whose files lie in a folder.
func inspection(in folder: String, _ subject: Inspection.Subject = .lamellae) -> Inspection {
    Inspection(
        subject: subject, slot: 1, grid: "G", picture: folder + "/G_overview.png", files: "the boxes", marker: folder + "/confirmed",
        markersOfTools: [], since: .now, until: .now + 3600, timeout: .skip)
}
