import ArgumentParser
import Daemon
import Workflow

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a session; run again, it goes on from the last finished step.",
        discussion: """
            What happens is shown on standard output and kept in the session folder, in <folder>.log. For each grid, \
            pictures to look at first are in <session_dir>/<grid>/SPACE_maps/*_overview.png.
            Control-C stops when SerialEM has finished its command, and leaves the microscope in its safe_state; a second one \
            ends at once. The next run goes on from the last finished step. \
            An acquisition that PACEtomo has begun goes on in SerialEM.
            Exit status: 0 where everything that was asked for was done or left out by a person; 3 where the session came to its end and \
            something was not done, which the last line names; 1 where it stopped before its end.
            """)

    @Argument(help: "The settings file; 'tomopilot init' writes one.")
    var settingsFile: String

    @Option(help: "The last level to do, 1 to 5, instead of automation_level.")
    var level: Int?

    @Option(help: "The inference worker, where it does not lie beside this program.")
    var infer: String?

    func run() async throws {
        do {
            let terminal = Terminal()
            let missing = try await runSessionUntilStopped(terminal)
            guard !missing.isEmpty else { return }
            terminal.show("INCOMPLETE \(missing.joined(separator: "; ")); the same command tries again what can still be done")
        } catch {
            throw fail(error)
        }
        throw ExitCode(Self.incomplete)
    }

    /// The session came to its end, and something that was asked for was not done.
    private static let incomplete: Int32 = 3

    /// A signal cancels the session, which then leaves the microscope safe before the program ends.
    private func runSessionUntilStopped(_ terminal: Terminal) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            group.addTask { try await runSession(terminal) }
            group.addTask {
                guard let name = await StopSignal.next() else { return [] }
                terminal.show("STOP       SerialEM finishes what it does, then the microscope is made safe; \(name) again ends at once")
                throw WorkflowError.refused("Stopped by \(name); the same command goes on from here.")
            }
            do {
                let missing = try await group.next() ?? []
                group.cancelAll()
                return missing
            } catch {
                group.cancelAll()
                // The session's own cleanup comes before the end, and its failure has been reported.
                while (try? await group.next()) != nil {}
                throw error
            }
        }
    }

    private func runSession(_ terminal: Terminal) async throws -> [String] {
        let (settings, text) = try readSettings()
        return try await SessionRun(
            settings: settings, text: text, worker: InferenceProgram.path(named: infer), terminal: terminal,
            logger: { WarningHandler.logger($0, terminal) }
        ).perform()
    }

    private func readSettings() throws -> (settings: SessionSettings, text: String) {
        let (settings, text) = try SettingsFile.read(settingsFile)
        guard let level else { return (settings, text) }
        guard 1 ... 5 ~= level else { throw WorkflowError.refused("--level is \(level); it must be 1 to 5.") }
        return (settings.withLevel(level), text)
    }
}
