import ArgumentParser
import Foundation
import InferenceWorker
import Logging
import SerialEMMicroscope
import Store
import Workflow

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a session; run again, it goes on from the last finished step.")

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
        let worker = InferenceWorker(executable: try workerPath(), logger: quietLogger("inference"))
        let models: SessionModels
        do {
            models = try SessionModels(settings: settings, predictor: worker)
        } catch {
            await worker.shutdown()
            throw error
        }
        // Nothing is written before somebody who speaks SerialEM's protocol has answered.
        let microscope = try await SerialEMMicroscope.connect(
            host: settings.host, port: settings.port, logger: quietLogger("serialem"))
        try FileManager.default.createDirectory(atPath: settings.sessionFolder, withIntermediateDirectories: true)
        let text = try String(contentsOfFile: settingsFile, encoding: .utf8)
        let store = try SessionStore(path: settings.sessionFolder + "/session.sqlite", settings: text)
        let name = URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
        let log = try SessionLog(path: "\(settings.sessionFolder)/\(name).log")
        let session = Session(settings: settings, models: models, journal: store) { log.take($0) }
        var failure: (any Error)?
        do { try await session.run(on: microscope) } catch { failure = error }
        // Asked of the worker while it still runs.
        let workerPeak = await worker.processIdentifier().flatMap { PeakMemory.ofProcess($0) }
        await worker.shutdown()
        if let peak = PeakMemory.sentence(own: PeakMemory.ofProcess(), worker: workerPeak) { log.take(.note(peak)) }
        if let failure { throw failure }
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

    private func quietLogger(_ label: String) -> Logger {
        var logger = Logger(label: label)
        logger.logLevel = .warning
        return logger
    }
}
