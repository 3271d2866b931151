import ArgumentParser
import Foundation
import InferenceWorker
import Logging
import SerialEMMicroscope
import Store
import Workflow

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a session; run again, it goes on from the last finished step.",
        discussion: """
            What happens is shown on standard error and kept in the session folder, in <folder>.log. For each grid, \
            pictures to look at first are in <session_dir>/<grid>/SPACE_maps/*_overview.png.
            Control-C stops at once and leaves the microscope as it is; the next run goes on from the last finished step.
            """)

    @Argument(help: "The settings file; 'tomopilot init' writes one.")
    var settingsFile: String

    @Option(help: "The last level to do, 1 to 5, instead of automation_level.")
    var level: Int?

    @Option(help: "The inference worker, where it does not lie beside this program.")
    var infer: String?

    func run() async throws {
        do {
            try await runSession()
        } catch {
            throw fail(error)
        }
    }

    private func runSession() async throws {
        let settings = try readSettings()
        let terminal = Terminal()
        let worker = InferenceWorker(executable: try workerPath(), logger: warnings("inference", terminal))
        let models: SessionModels
        do {
            models = try SessionModels(settings: settings, predictor: worker)
        } catch {
            await worker.shutdown()
            throw error
        }
        // Nothing is written before somebody who speaks SerialEM's protocol has answered.
        let microscope = try await SerialEMMicroscope.connect(
            host: settings.host, port: settings.port, logger: warnings("serialem", terminal))
        try FileManager.default.createDirectory(atPath: settings.sessionFolder, withIntermediateDirectories: true)
        let text = try String(contentsOfFile: settingsFile, encoding: .utf8)
        let store = try SessionStore(path: settings.sessionFolder + "/session.sqlite", settings: text)
        let name = URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
        let log = try SessionLog(path: "\(settings.sessionFolder)/\(name).log", terminal: terminal)
        let session = Session(settings: settings, models: models, journal: store) { log.take($0) }
        do {
            try await session.run(on: microscope)
        } catch {
            await worker.shutdown()
            throw error
        }
        await worker.shutdown()
    }

    private func readSettings() throws -> SessionSettings {
        let text: String
        do {
            text = try String(contentsOfFile: settingsFile, encoding: .utf8)
        } catch {
            throw WorkflowError.refused("The settings file '\(settingsFile)' cannot be read; 'tomopilot init' writes one.")
        }
        let settings = try SessionSettings(yaml: text, file: settingsFile)
        guard let level else { return settings.withAbsolutePaths(from: settingsFile) }
        guard 1 ... 5 ~= level else { throw WorkflowError.refused("--level is \(level); it must be 1 to 5.") }
        return settings.withAbsolutePaths(from: settingsFile).withLevel(level)
    }

    private func workerPath() throws -> String {
        if let infer { return infer }
        let own = (Bundle.main.executablePath ?? CommandLine.arguments[0]) as NSString
        let path = own.deletingLastPathComponent + "/tomopilot-infer"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw WorkflowError.refused("The inference worker is not at \(path); name it with --infer.")
        }
        return path
    }

    private func warnings(_ label: String, _ terminal: Terminal) -> Logger {
        Logger(label: label) { WarningHandler(label: $0, terminal: terminal) }
    }
}
