import Analysis
import AnalysisJobs
import ArgumentParser
import Daemon
import Foundation
import ImageFiles
import InferenceWire
import InferenceWorker
import Logging
import ModelStore
import Units
import Workflow

/// Images that a network is asked about, one after the other; one that cannot be used does not keep the others from it.
struct AnalysedImages: ParsableArguments {
    @Argument(help: "The images.")
    var images: [String]

    @Option(help: "The model: a model folder, or a name in the store ('tomopilot models'); the one in use if not given.")
    var model = ""

    @Option(help: "Pixel size of the images in nm, where their files do not say it, or say it wrongly.")
    var pixelSize: Double?

    @Option(help: "The section of MRC files with several, counted from 0.")
    var section: Int?

    @Option(help: "The folder for the results; beside each image if not given.")
    var out: String?

    @Option(help: "Threads that a network may use; as many as there are cores if not given.")
    var threads: Int?

    @Option(help: "A file that says which workers do it, with the keys 'analysis', 'analysis_...' and 'slurm_...' of 'tomopilot init'.")
    var analysis: String?

    @Option(help: .hidden)
    var infer: String?

    /// Does what is asked for on one image; returns a few words on it and the files that it has written.
    typealias Work = @Sendable (_ path: String, _ terminal: Terminal, _ progress: @escaping @Sendable (Double) async -> Void) async throws -> (words: String, files: [String])

    var usedThreads: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func place() throws -> AnalysisPlace { try AnalysisPlace(folder: out, pixelSize: pixelSize.map { PixelSize($0) }, section: section) }

    /// - Parameter prepare: makes the work from the model and the worker that runs it.
    func run(
        _ kind: ModelKind, option: String,
        _ prepare: @escaping @Sendable (ModelFolder, InferenceWorker, any MapAnalysis, @escaping @Sendable (JobEvent) -> Void) async throws -> Work
    ) async throws {
        try await reporting {
            if let threads, !(1 ... 256).contains(threads) { throw WorkflowError.refused("--threads is \(threads); it must be 1 to 256.") }
            let place = try place()
            try place.requireDifferentNames(images)
            let folder = try openModel(kind)
            if let out { try Folder.make(out) }
            let terminal = Terminal()
            let worker = InferenceWorker(
                executable: try InferenceProgram.path(named: infer), threads: usedThreads,
                logger: WarningHandler.logger("inference", terminal))
            let report: @Sendable (JobEvent) -> Void = { event in
                switch event {
                case .note(let text): terminal.show("           \(text)")
                case .warning(let text): terminal.show("WARNING    \(text)")
                }
            }
            let failures: Int
            if let file = analysis {
                let host = try AnalysisHost(
                    settings: try SettingsFile.analysis(file), folder: ([URL(fileURLWithPath: out ?? ".").standardizedFileURL.path, option] + images).joined(separator: "\n"), report: report)
                failures = try await host.during { analysis in try await analyseAll(prepare(folder, worker, analysis, report), terminal, atATime: analysis.width) }
            } else {
                failures = try await analyseAll(prepare(folder, worker, LocalAnalysis(), report), terminal, atATime: 1)
            }
            await worker.shutdown()
            if failures > 0 { throw ExitCode.failure }
        }
    }

    private func openModel(_ kind: ModelKind) throws -> ModelFolder {
        let base = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        let task = kind == .detector ? "finds lamellae" : "segments them"
        guard let path = try ModelStore.standard.folder(named: model, kind: kind, from: base) else {
            throw WorkflowError.refused("No model that \(task) is in use; name one with --model, or put one to use with 'tomopilot models activate NAME'.")
        }
        let folder = try ModelFolder.open(path)
        guard folder.description.kind == kind else { throw WorkflowError.refused("'\(model)' is not a model that \(task); 'tomopilot models' lists those of the store.") }
        return folder
    }

    /// Returns how many images could not be analysed.
    private func analyseAll(_ work: @escaping Work, _ terminal: Terminal, atATime width: Int) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var failures = 0
            for (number, path) in images.enumerated() {
                if number >= width, try await group.next() == false { failures += 1 }
                group.addTask {
                    do {
                        try await analyse(path, work, terminal)
                        return true
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        terminal.clearStatus()
                        _ = fail(error)
                        return false
                    }
                }
            }
            for try await isDone in group where !isDone { failures += 1 }
            return failures
        }
    }

    private func analyse(_ path: String, _ work: Work, _ terminal: Terminal) async throws {
        let begin = ContinuousClock.now
        terminal.showStatus(path)
        let result = try await work(path, terminal) { done in
            terminal.showStatus("\(path)  \(ProgressBar(done, seconds: (ContinuousClock.now - begin) / .seconds(1)))")
        }
        terminal.clearStatus()
        let seconds = String(format: "%.1f", (ContinuousClock.now - begin) / .seconds(1))
        let names = result.files.map { ($0 as NSString).lastPathComponent }.joined(separator: ", ")
        terminal.show("\(path)  \(result.words), \(seconds) s: \(names)")
    }
}

/// `[########------------]  40 %, 12 s left`.
struct ProgressBar: CustomStringConvertible {
    let description: String

    init(_ done: Double, seconds: Double) {
        let filled = Int(20 * min(1, max(0, done)))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
        let left = done > 0.01 ? ", \(Int(min(1e6, (seconds * (1 - done) / done).rounded(.up)))) s left" : ""
        description = "[\(bar)] \(Int(100 * min(1, max(0, done)))) %\(left)"
    }
}
