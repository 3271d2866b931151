import ArgumentParser
import Foundation
import ImageFiles
import InferenceWire
import InferenceWorker
import Logging
import SerialEMMicroscope
import Store
import Workflow

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a session; run again, it goes on from the last finished step.",
        discussion: """
            What happens is shown on standard output and kept in the session folder, in <folder>.log. For each grid, \
            pictures to look at first are in <session_dir>/<grid>/SPACE_maps/*_overview.png.
            Control-C stops when SerialEM has finished its command, blanks the beam and tilts the stage to 0; a second one \
            ends at once. The next run goes on from the last finished step. \
            An acquisition that PACEtomo has begun goes on in SerialEM.
            """)

    @Argument(help: "The settings file; 'tomopilot init' writes one.")
    var settingsFile: String

    @Option(help: "The last level to do, 1 to 5, instead of automation_level.")
    var level: Int?

    @Option(help: "The inference worker, where it does not lie beside this program.")
    var infer: String?

    func run() async throws {
        do {
            try await runSessionUntilStopped()
        } catch {
            throw fail(error)
        }
    }

    /// A signal cancels the session, which then leaves the microscope safe before the program ends.
    private func runSessionUntilStopped() async throws {
        let terminal = Terminal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runSession(terminal) }
            group.addTask {
                guard let name = await StopSignal.next() else { return }
                terminal.show("STOP       SerialEM finishes what it does, then the microscope is made safe; \(name) again ends at once")
                throw WorkflowError.refused("Stopped by \(name); the same command goes on from here.")
            }
            do {
                try await group.next()
                group.cancelAll()
            } catch {
                group.cancelAll()
                // The session's own cleanup comes before the end, and its failure has been reported.
                while (try? await group.next()) != nil {}
                throw error
            }
        }
    }

    private func runSession(_ terminal: Terminal) async throws {
        let (settings, text) = try readSettings()
        let worker = InferenceWorker(executable: try WorkerPath.found(infer), logger: warnings("inference", terminal))
        do {
            try await runSession(settings, text: text, worker: worker, terminal: terminal)
        } catch {
            await worker.shutdown()
            throw error
        }
        await worker.shutdown()
    }

    private func runSession(
        _ settings: SessionSettings, text: String, worker: InferenceWorker, terminal: Terminal
    ) async throws {
        // Asked before the microscope is touched; a folder that is made later is asked for again.
        let isThere = FileManager.default.fileExists(atPath: settings.sessionFolder)
        var lock = isThere ? try SessionLock(folder: settings.sessionFolder) : nil
        let models = try SessionModels(settings: settings, predictor: worker)
        try await models.check()
        // Nothing is written before somebody who speaks SerialEM's protocol has answered.
        let microscope = try await SerialEMMicroscope.connect(
            host: settings.host, port: settings.port, logger: warnings("serialem", terminal))
        try Folder.make(settings.sessionFolder)
        if !isThere { lock = try SessionLock(folder: settings.sessionFolder) }
        let store = try SessionStore(path: settings.sessionFolder + "/session.sqlite", settings: text)
        let name = URL(fileURLWithPath: settings.sessionFolder).lastPathComponent
        let log = try SessionLog(path: "\(settings.sessionFolder)/\(name).log", terminal: terminal)
        let session = Session(settings: settings, models: models, journal: store) { log.take($0) }
        var failure: (any Error)?
        do { try await session.run(on: microscope) } catch { failure = error }
        // Asked of the worker while it still runs.
        let workerPeak = await worker.processIdentifier().flatMap { PeakMemory.ofProcess($0) }
        if let peak = PeakMemory.sentence(own: PeakMemory.ofProcess(), worker: workerPeak) { log.take(.note(peak)) }
        withExtendedLifetime(lock) {}
        if let failure { throw failure }
    }

    private func readSettings() throws -> (settings: SessionSettings, text: String) {
        let (settings, text) = try SettingsFile(path: settingsFile).read()
        guard let level else { return (settings, text) }
        guard 1 ... 5 ~= level else { throw WorkflowError.refused("--level is \(level); it must be 1 to 5.") }
        return (settings.withLevel(level), text)
    }

    private func warnings(_ label: String, _ terminal: Terminal) -> Logger {
        Logger(label: label) { WarningHandler(label: $0, terminal: terminal) }
    }
}
