import ArgumentParser
import Daemon
import Foundation
import InferenceWorker
import Logging
import Workflow

struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Analyses maps for a session on another machine, with 'analysis: workers' or 'slurm' in its settings.",
        discussion: """
            It takes one map after the other over HTTP, fetches models that it lacks, and brings the results; no disk has to be shared. \
            A worker that is killed costs nothing but time: another one gets its map. SIGTERM and Control-C end it, and its map is given back.
            The session's token stands in a file of mode 600, or in the environment as TOMOPILOT_WORKER_TOKEN.
            Exit status: 0 where it was ended or has done what it was for; 1 where the session was not there for too long or does not want it.
            """)

    @Option(help: "Where the session serves its workers: its analysis_host and analysis_port.")
    var url = "http://127.0.0.1:48901"

    @Option(help: "A file that holds the token of analysis_token_file, if the session wants one.")
    var tokenFile: String?

    @Flag(help: "Ends after one job.")
    var once = false

    @Option(help: "Takes this job only, by its number; Slurm's jobs are started so.")
    var job: Int?

    @Option(help: "Minutes for which it looks for a session that is not there.")
    var patience = 10.0

    @Option(help: "The folder that keeps models which sessions send; ~/.tomopilot/worker if not given.")
    var folder: String?

    @Option(help: "A name for the session's log; that of the machine, or Slurm's, if not given.")
    var name: String?

    @Option(help: "Threads that a network may use; as many as there are cores if not given.")
    var threads: Int?

    @Option(help: .hidden)
    var infer: String?

    func validate() throws {
        guard 0 ... 100_000 ~= patience else { throw ValidationError("--patience is \(patience); it must be 0 to 100000 minutes.") }
        if let threads, !(1 ... 256).contains(threads) { throw ValidationError("--threads is \(threads); it must be 1 to 256.") }
        guard let parts = URLComponents(string: url), parts.scheme == "http", parts.host?.isEmpty == false, (1 ... 65_535).contains(parts.port ?? 80) else {
            throw ValidationError("--url is '\(url)'; it must be an address such as http://microscope.example.org:48901.")
        }
    }

    func run() async throws {
        do {
            try await work()
        } catch {
            throw fail(error)
        }
    }

    private func work() async throws {
        let environment = ProcessInfo.processInfo.environment
        let node = environment["SLURMD_NODENAME"] ?? ProcessInfo.processInfo.hostName
        let slurm = environment["SLURM_JOB_ID"].map { "Slurm's job \($0) on \(node)" }
        let plain = "\(ProcessInfo.processInfo.hostName), process \(ProcessInfo.processInfo.processIdentifier)"
        let token: String? = if let tokenFile { try SecretFile.token(tokenFile) } else { try SecretFile.read(nil, orVariable: WorkerToken.variable, key: "") }
        let inference = InferenceWorker(
            executable: try InferenceProgram.path(named: infer), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            logger: Logger(label: "inference") { _ in SwiftLogNoOpLogHandler() })
        let terminal = Terminal()
        let worker = AnalysisWorker(
            options: .init(
                address: url.hasSuffix("/") ? String(url.dropLast()) : url, token: token, name: name ?? slurm ?? plain, node: node, job: job, once: once || job != nil,
                patience: .seconds(patience * 60), models: folder ?? NSHomeDirectory() + "/.tomopilot/worker"),
            predictor: inference) { terminal.show($0) }
        enum Part { case worker, signal }
        do {
            try await withThrowingTaskGroup(of: Part.self) { group in
                group.addTask {
                    do { try await worker.run() } catch is CancellationError {}
                    return .worker
                }
                group.addTask {
                    if let name = await StopSignal.next() { terminal.show("\(name): the worker ends") }
                    return .signal
                }
                // The first to come ends the other; a job that the worker has is given back before it is through.
                _ = try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } catch {
            await inference.shutdown()
            throw error
        }
        await inference.shutdown()
    }
}
