import AnalysisJobs
import CMemory
import Foundation
import ImageFiles
import InferenceWorker
package import Logging
package import Microscope
import SerialEMMicroscope
import Store
package import Workflow

/// One session from its settings to its end: models, microscope, lock, journal, log. In the foreground and in the service.
package struct SessionRun: Sendable {
    private let settings: SessionSettings
    private let text: String
    private let worker: String
    private let terminal: Terminal
    private let logger: @Sendable (String) -> Logger
    private let commandTimes: String?
    private let absence: Duration?
    private let beginning: JournalBeginning

    /// - Parameters:
    ///   - text: the settings as they were written, for the journal.
    ///   - worker: path of `tomopilot-infer`.
    ///   - terminal: shows what happens.
    ///   - commandTimes: the file that keeps how long SerialEM's commands take here; nil forgets it with the session.
    ///   - absence: how long a session that was begun waits for a SerialEM that is not there, as after a power cut; nil not at all.
    ///   - beginning: what is known of the session's journal.
    ///   - logger: makes the logger of a part, by its label.
    package init(
        settings: SessionSettings, text: String, worker: String, terminal: Terminal, commandTimes: String? = nil, waitingForSerialEM absence: Duration? = nil,
        beginning: JournalBeginning = .unknown, logger: @escaping @Sendable (String) -> Logger
    ) {
        self.settings = settings
        self.text = text
        self.worker = worker
        self.terminal = terminal
        self.logger = logger
        self.commandTimes = commandTimes
        self.absence = absence
        self.beginning = beginning
    }

    /// Runs until the session's end, which leaves the microscope safe; cancelled, until SerialEM has finished its command.
    /// Returns what was asked for and neither done nor left out by a person, a sentence for each grid.
    @discardableResult
    package func perform(
        supervisor: any Supervisor = FreeRun(), report: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> [String] {
        let worker = InferenceWorker(executable: worker, logger: logger("inference"))
        do {
            let missing = try await analysing(report) { analysis in try await perform(worker, analysis, supervisor, report) }
            await worker.shutdown()
            return missing
        } catch {
            await worker.shutdown()
            throw error
        }
    }

    /// Does something with whoever analyses maps.
    private func analysing(
        _ report: @escaping @Sendable (RunEvent) -> Void, _ body: @escaping @Sendable (any MapAnalysis) async throws -> [String]
    ) async throws -> [String] {
        guard let analysis = settings.analysis else { return try await body(LocalAnalysis()) }
        let terminal = terminal
        // The session's own log is not there yet, or no more.
        let host = try AnalysisHost(settings: analysis, folder: settings.sessionFolder) { event in
            switch event {
            case .note(let text): terminal.show("           \(text)")
            case .warning(let text): terminal.show("WARNING    \(text)")
            }
            report(RunEvent(event))
        }
        return try await host.during(body)
    }

    /// How long a SerialEM is waited for that is not there, or works on the last command of a session that is no more.
    private static let longestCommand: Duration = .seconds(900)
    /// How long another tomopilot is waited for that may only look, as 'tomopilot doctor' does.
    private static let shortLook: Duration = .seconds(15)

    /// Leaves the microscope of a session safe that does not run, as soon as SerialEM takes commands.
    ///
    /// - Parameters:
    ///   - supervisor: may stop the wait for SerialEM.
    ///   - report: told what is waited for.
    package static func makeSafe(
        _ settings: SessionSettings, supervisor: any Supervisor, logger: Logger, report: @escaping @Sendable (SafetyObstacle) async -> Void
    ) async -> SafeState {
        do {
            let acquisition = await longestAcquisition(of: settings)
            let lock = try await MicroscopeLock.waiting(shortLook, host: settings.host, port: settings.port)
            defer { withExtendedLifetime(lock) {} }
            let told: @Sendable (MicroscopeError.Code, Duration) async -> Void = { reason, limit in
                let end = Date.now + limit / .seconds(1)
                await report(reason != .busy ? .absent(until: end) : acquisition != nil ? .acquires(until: end) : .busy(until: end))
            }
            let microscope = try await onceThere(longestCommand, busy: max(acquisition ?? .zero, longestCommand), supervisor, waiting: told) {
                try await SerialEMMicroscope.connect(host: settings.host, port: settings.port, logger: logger)
            }
            let state = await microscope.makeSafe(settings.safety.measures)
            await microscope.disconnect()
            return state
        } catch {
            return SafeState(reached: [], failures: [sentence(error)])
        }
    }

    /// Why a session does not run whose journal was begun and is not there; without it everything would be exposed again.
    static func missing(_ journal: String) -> WorkflowError {
        let folder = Folder.of(journal)
        return .unusableJournal(
            journal, "is not there, though the session was begun with it, so everything would be exposed again: mount \(folder), or put it back, and let "
                + "'tomopilot queue retry' go on with the session; or remove it from the queue and add its settings again, to begin anew")
    }

    /// Whether the journal knows of anything that was done.
    ///
    /// - Throws: ``WorkflowError`` where it does not, and something was.
    private func wasBegun(_ journal: String) throws -> Bool {
        let isThere = FileManager.default.fileExists(atPath: journal)
        if beginning.wasBegun, !isThere { throw Self.missing(journal) }
        let knowsSteps = try SessionStore.knowsSteps(path: journal)
        if !knowsSteps { try requireNoSession(in: settings.sessionFolder, hasJournal: isThere) }
        return knowsSteps
    }

    private static func journal(of settings: SessionSettings) -> String { settings.sessionFolder + "/session.sqlite" }

    /// An acquisition that an earlier run started goes on in SerialEM without anybody, for hours.
    private static func acquisition(of settings: SessionSettings) async throws -> AcquisitionWatch? {
        let path = journal(of: settings)
        return try await AcquisitionWatch.underWay(settings) { try SessionStore.entry(for: $0, path: path) }
    }

    /// How long an acquisition of an earlier run may take; nil where there is none. A journal that cannot be read keeps nobody from
    /// making the microscope safe: SerialEM may then acquire.
    private static func longestAcquisition(of settings: SessionSettings) async -> Duration? {
        do {
            return try await acquisition(of: settings)?.limit
        } catch {
            return settings.gridList.map { .seconds(settings.of(grid: $0).acquisitionHours * 3600) }.max()
        }
    }

    private func perform(
        _ worker: InferenceWorker, _ analysis: any MapAnalysis, _ supervisor: any Supervisor, _ report: @escaping @Sendable (RunEvent) -> Void
    ) async throws -> [String] {
        let path = Self.journal(of: settings)
        let wasBegun = try self.wasBegun(path)
        // Asked before the microscope is touched; a folder that is made later is asked for again.
        let isThere = FileManager.default.fileExists(atPath: settings.sessionFolder)
        var lock = isThere ? try SessionLock(folder: settings.sessionFolder) : nil
        let microscopeLock = try await MicroscopeLock.waiting(Self.shortLook, host: settings.host, port: settings.port)
        let models = try SessionModels(settings: settings, predictor: worker, analysis: analysis)
        try await models.check()
        let acquisition = try await Self.acquisition(of: settings)
        let terminal = terminal
        // Nothing is written before somebody who speaks SerialEM's protocol has answered.
        let microscope = try await Self.onceThere(
            wasBegun ? absence : nil, busy: acquisition?.limit, watching: acquisition, supervisor,
            { event in
                if case .note(let words) = event { terminal.show("           \(words)") }
                report(event)
            }
        ) {
            try await SerialEMMicroscope.connect(host: settings.host, port: settings.port, commandTimes: commandTimes, logger: logger("serialem"))
        }
        // It may have taken hours, and the folder may be gone meanwhile.
        guard try self.wasBegun(path) == wasBegun else { throw Self.missing(path) }
        if !beginning.wasBegun { try await beginning.write() }
        try Folder.make(settings.sessionFolder)
        if !isThere { lock = try SessionLock(folder: settings.sessionFolder) }
        let store = try SessionStore(path: path, settings: text)
        let name = URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
        let log = try SessionLog(path: "\(settings.sessionFolder)/\(name).log", terminal: terminal, report: report)
        let session = Session(settings: settings, models: models, journal: store, supervisor: supervisor, goesOn: beginning.goesOn) {
            log.take($0)
            report($0)
        }
        let ending: Result<[String], any Error>
        do { ending = .success(try await session.run(on: microscope)) } catch { ending = .failure(error) }
        // Maps of hundreds of megabytes came and went; what the C library keeps of that is given back.
        cmemory_give_back()
        // Asked of the worker while it still runs.
        let workerPeak = await worker.processIdentifier().flatMap { PeakMemory.ofProcess($0) }
        if let peak = PeakMemory.sentence(own: PeakMemory.ofProcess(), worker: workerPeak) { log.take(.note(peak)) }
        withExtendedLifetime((lock, microscopeLock)) {}
        return try ending.get()
    }

    /// A folder with maps and without the journal that says what was exposed for them: all of it would be exposed again.
    private func requireNoSession(in folder: String, hasJournal: Bool) throws {
        // A folder that is not there yet holds no session.
        for grid in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(grid)")) ?? []
            guard files.contains("\(grid).mrc"), files.contains("SPACE_maps") else { continue }
            let text =
                "\(folder) holds the map \(grid)/\(grid).mrc of a session and \(hasJournal ? "a journal that knows nothing of it" : "no journal of it") (session.sqlite), "
                + "so everything would be exposed again: put the journal back, or use another session_dir."
            // One that was begun has lost its journal, and what emptied that may do so again; one that is new names a wrong folder.
            throw beginning.wasBegun ? WorkflowError.lostJournal(text) : WorkflowError.refused(text)
        }
    }

    /// Connects, and waits for a SerialEM that is not there, as after a power cut the service is often there first, or that is busy
    /// with what an earlier run of the session started.
    ///
    /// - Parameters:
    ///   - absence: how long one that is not there is waited for; nil not at all.
    ///   - busy: how long one that is busy is waited for; nil not at all.
    ///   - acquisition: what it is busy with, if it is known; told of while it is waited for.
    ///   - interval: how often is tried.
    ///   - patience: after how long people are told.
    ///   - waiting: told why is waited, and how long at most, whenever that changes.
    static func onceThere<Connected: Sendable>(
        _ absence: Duration?, busy: Duration? = nil, watching acquisition: AcquisitionWatch? = nil, _ supervisor: any Supervisor,
        interval: Duration = .seconds(2), patience: Duration = .seconds(60), _ report: @Sendable (RunEvent) -> Void = { _ in },
        waiting: @Sendable (MicroscopeError.Code, Duration) async -> Void = { _, _ in }, _ connect: () async throws -> Connected
    ) async throws -> Connected {
        let clock = ContinuousClock()
        var begin = clock.now
        var last: MicroscopeError.Code?
        var isTold = false
        var isKnownToAcquire = false
        while true {
            do {
                let microscope = try await connect()
                if isTold { report(.cleared("SerialEM is there again")) }
                if last != nil { report(.waiting("SerialEM takes commands again")) }
                return microscope
            } catch let error as MicroscopeError where error.code == .unreachable || error.code == .busy {
                // What it did before does not count for how long it is away.
                let isOther = last != error.code
                if isOther { begin = clock.now }
                last = error.code
                let waited = clock.now - begin
                guard let limit = error.code == .busy ? busy : absence, waited < limit else { throw error }
                if isOther { await waiting(error.code, limit) }
                // A stop holds wherever it is asked for.
                if case .stop(let reason) = await supervisor.verdict(at: .map(slot: 0)) { throw WorkflowError.stopped(reason) }
                if error.code == .busy {
                    if !isKnownToAcquire { report(.note("SerialEM acquires what an earlier run of this session started; waiting for its end")) }
                    isKnownToAcquire = true
                    acquisition?.look(.busy, after: waited).forEach(report)
                } else {
                    if !isTold, waited > patience {
                        isTold = true
                        report(.obstructed(error.message, next: "It tries again until SerialEM is there, for \(words(limit)), and goes on by itself."))
                    }
                    report(.waiting("waits for SerialEM"))
                }
                try await Task.sleep(for: interval, clock: clock)
            }
        }
    }
}
