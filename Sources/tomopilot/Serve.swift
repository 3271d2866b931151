import ArgumentParser
import Daemon
import ImageFiles
import Logging
import ModelStore
import ServiceLifecycle
import Store
import Workflow

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the service: works through a queue of sessions and is controlled over HTTP.",
        discussion: """
            Everything it has to remember is in --folder; started again with it, it goes on with the session that was under way. \
            SIGTERM and Control-C end it when SerialEM has finished its command and the microscope is safe; a second one ends it at once.
            """)

    @Option(help: "The folder of the service's own files: queue and log.")
    var folder: String

    @Option(help: "The folder below which all session folders lie; <folder>/sessions if not given.")
    var sessions: String?

    @Option(help: "A folder with models that settings may name, besides those below --sessions and those of the store ('tomopilot models').")
    var models: String?

    @Option(help: "The port to listen at; 0 takes a free one.")
    var port = 48900

    @Option(help: "The address to listen at. One that other machines reach wants --token-file.")
    var host = "127.0.0.1"

    @Option(help: "A file that holds the token which every request must bring.")
    var tokenFile: String?

    @Option(help: "A program that is told of alarms: JSON on its standard input.")
    var alarmCommand: String?

    @Option(help: "A file that says who else is told of alarms, as 'tomopilot init --alarms' writes it.")
    var alarms: String?

    @Option(help: "A file that says how workers analyse maps, with the keys 'analysis_...' and 'slurm_...' of 'tomopilot init'; sessions ask for them with 'analysis'.")
    var analysis: String?

    @Option(help: "Minutes after which a step is overdue at the earliest; else after three times its usual time.")
    var overdue = 10.0

    @Option(help: "Minutes after which people are told again of a step that is overdue.")
    var overdueReminder = 60.0

    @Option(help: "After how many ends of the service without warning, with no step finished between, a session is left; ten times as many where nothing had been begun.")
    var crashLimit = 3

    @Option(help: "The inference worker, where it does not lie beside this program.")
    var infer: String?

    func validate() throws {
        guard 0.001 ... 10_000 ~= overdue else { throw ValidationError("--overdue is \(overdue); it must be 0.001 to 10000 minutes.") }
        guard 0.001 ... 10_000 ~= overdueReminder else {
            throw ValidationError("--overdue-reminder is \(overdueReminder); it must be 0.001 to 10000 minutes.")
        }
        guard 1 ... 1000 ~= crashLimit else { throw ValidationError("--crash-limit is \(crashLimit); it must be 1 to 1000.") }
        guard 0 ... 65535 ~= port else { throw ValidationError("--port is \(port); it must be 0 to 65535.") }
    }

    func run() async throws {
        do {
            try await serve()
        } catch {
            throw fail(error)
        }
    }

    private func serve() async throws {
        OpenFiles.allowMore()
        let (receivers, reminder) = try AlarmReceivers.read(command: alarmCommand, file: alarms)
        let failedStart = FailedStart(folder: folder)
        func told(_ body: () async throws -> Void) async throws {
            do {
                try await body()
            } catch {
                await failedStart.tell(receivers, sentence(error))
                throw error
            }
        }
        try await told { try Folder.make(folder) }
        // Who starts a second one by mistake is told by the command itself.
        let lock = try SessionLock(
            folder: folder, busy: "Another tomopilot serves from \(folder); end it, or name another --folder.")
        try await told { try await serve(desk: AlarmDesk(receivers), reminder: reminder) { failedStart.forget() } }
        withExtendedLifetime(lock) {}
    }

    /// - Parameter begun: called when the API answers.
    private func serve(desk: AlarmDesk, reminder: Duration?, begun: @escaping @Sendable () -> Void) async throws {
        let terminal = Terminal()
        let worker = try InferenceProgram.path(named: infer)
        let token = try tokenFile.map(SecretFile.token)
        let sessions = sessions ?? folder + "/sessions"
        if self.sessions == nil { try Folder.make(sessions) }
        let store = try QueueStore(path: folder + "/tomopilot.sqlite")
        // The microscope of a session under way has to be made safe, whatever becomes of its disk.
        let mayBeMissing = try await store.awaitsJournal()
        let service = SessionService(
            store: store,
            folders: try AllowedFolders(
                sessions: sessions, models: models, store: .standard, analysis: try analysis.map(SettingsFile.analysis), mayBeMissing: mayBeMissing),
            desk: desk, reminder: reminder, terminal: terminal,
            stepLimit: StepLimit(least: .seconds(overdue * 60), reminder: .seconds(overdueReminder * 60)),
            mostCrashes: crashLimit, examine: SessionModels.check,
            safeguard: { await SessionRun.makeSafe($0, supervisor: $1, logger: WarningHandler.logger("serialem", terminal), report: $2) }
        ) { settings, text, beginning, supervisor, report in
            try await SessionRun(
                settings: settings, text: text, worker: worker, terminal: terminal, commandTimes: folder + "/command_times.json",
                waitingForSerialEM: .seconds(settings.safety.hours * 3600), beginning: beginning,
                logger: { WarningHandler.logger($0, terminal) }
            ).perform(supervisor: supervisor, report: report)
        }
        let logger = WarningHandler.logger("service", terminal)
        let server = try ControlServer(service: service, host: host, port: port, token: token, logger: logger) { port in
            begun()
            terminal.show("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
        }
        // Ended in reverse order: the API answers until the microscope is safe.
        try await Self.untilStopped(ServiceGroup(services: [server, service], logger: logger), terminal)
    }

    /// Runs services until the first signal has ended them; the second one ends the program at once.
    private static func untilStopped(_ services: ServiceGroup, _ terminal: Terminal) async throws {
        enum Part { case services, signal }
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await services.run()
                return .services
            }
            group.addTask {
                guard let name = await StopSignal.next() else { return .signal }
                terminal.show("STOP       SerialEM finishes what it does, then the microscope is made safe; \(name) again ends at once")
                await services.triggerGracefulShutdown()
                return .signal
            }
            for try await part in group where part == .services { group.cancelAll() }
        }
    }
}
