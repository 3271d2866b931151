import Foundation
import Workflow

/// Slurm's commands as a session uses them.
///
/// All jobs of a session bear one name that no other session has, so that what a session left behind that died is found by it.
struct SlurmQueue: Sendable {
    let settings: AnalysisSettings
    /// The name of all jobs of the session.
    let name: String
    let token: String?

    /// What Slurm says of a job.
    struct Job: Sendable, Hashable {
        let number: String
        let state: String
        let nodes: String

        /// States in which a job will run or runs, by `man squeue`; all others are ends.
        private static let alive: Set = [
            "PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD",
        ]
        var isAlive: Bool { Self.alive.contains(state) }
    }

    /// - Parameter folder: of the session.
    static func name(ofSession folder: String) -> String {
        // FNV-1a: the same in each run, as Swift's own hashes are not.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in (ProcessInfo.processInfo.hostName + "\n" + folder).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "tomopilot-" + String(hash, radix: 16)
    }

    /// Gives Slurm a job that runs a worker for one of ours; returns Slurm's number.
    ///
    /// - Parameter avoiding: nodes where it was lost.
    func submit(_ number: Int, address: String, avoiding nodes: [String]) async throws -> String {
        let script = """
            #!/bin/sh
            exec \(Self.quoted(settings.worker)) worker --url \(Self.quoted(address)) --once --job \(number) --patience \(settings.leaseSeconds / 60)

            """
        // Cluster options of whoever started this program are not meant for its jobs.
        let answer = try await SystemCommand.run(submission(number, avoiding: nodes), input: script, secrets: token.map { [WorkerToken.variable: $0] } ?? [:])
        let id = answer.output.split(whereSeparator: { $0 == ";" || $0.isNewline }).first.map(String.init) ?? ""
        guard answer.status == 0, !id.isEmpty, id.allSatisfy(\.isNumber) else { throw Self.failure("sbatch", answer) }
        return id
    }

    /// When and where Slurm would run a job if it were given one now, in its own words; it is given none.
    func test() async throws -> String {
        let answer = try await SystemCommand.run(submission(0, avoiding: []) + ["--test-only"], input: "#!/bin/sh\n")
        guard answer.status == 0 else { throw Self.failure("sbatch", answer) }
        let said = (answer.error + answer.output).split(whereSeparator: \.isNewline).last.map(String.init) ?? "it would take the job"
        return said.replacing("sbatch: ", with: "")
    }

    private func submission(_ number: Int, avoiding nodes: [String]) -> [String] {
        let excluded = settings.excludedNodes + nodes
        var arguments = [
            "sbatch", "--parsable", "--no-requeue", "--job-name=\(name)", "--comment=\(number)", "--chdir=/tmp", "--output=/dev/null", "--nodes=1", "--ntasks=1",
            "--time=\(max(1, Int(settings.limitMinutes.rounded(.up))))", "--export=ALL",
        ]
        if !settings.partition.isEmpty { arguments.append("--partition=\(settings.partition)") }
        if !excluded.isEmpty { arguments.append("--exclude=\(excluded.joined(separator: ","))") }
        return arguments + settings.arguments
    }

    /// The session's jobs, those that have ended some minutes ago too.
    func jobs() async throws -> [Job] {
        let answer = try await SystemCommand.run(["squeue", "--noheader", "--name=\(name)", "--user=\(NSUserName())", "--states=all", "--format=%i|%T|%N"])
        guard answer.status == 0 else { throw Self.failure("squeue", answer) }
        return answer.output.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            return parts.count == 3 ? Job(number: String(parts[0]), state: String(parts[1]), nodes: String(parts[2])) : nil
        }
    }

    /// Cancels jobs; none given, all of the session.
    func cancel(_ numbers: [String] = []) async throws {
        let answer = try await SystemCommand.run(["scancel", "--name=\(name)", "--user=\(NSUserName())"] + numbers)
        // One that has ended by itself meanwhile is no trouble.
        let complaints = answer.error.split(whereSeparator: \.isNewline).filter { line in !Self.harmless.contains { line.contains($0) } }
        guard answer.status == 0 || answer.status == 1 && !answer.error.isEmpty && complaints.isEmpty else { throw Self.failure("scancel", answer) }
    }

    private static let harmless = ["already completing or completed", "Invalid job id"]

    private static func failure(_ program: String, _ answer: SystemCommand.Answer) -> WorkflowError {
        guard let status = answer.status else { return .refused("\(program) gave no answer within 30 s") }
        guard status != 127 else { return .refused("\(program) is not on this computer") }
        let said = answer.error.split(whereSeparator: \.isNewline).last.map(String.init) ?? "it said nothing"
        return .refused("\(program) ended with status \(status): \(said.prefix(300))")
    }

    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}

/// Where a worker finds its token.
package enum WorkerToken {
    /// The name in its environment.
    package static let variable = "TOMOPILOT_WORKER_TOKEN"
}
