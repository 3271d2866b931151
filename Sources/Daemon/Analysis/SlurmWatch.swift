import AnalysisJobs
import Workflow

/// Keeps the jobs of a session and Slurm's jobs in step: each open job gets one of Slurm's, one that dies gets another elsewhere,
/// and what nobody needs any more is cancelled.
actor SlurmWatch {
    private struct Submission {
        /// Our job.
        let job: Int
        /// How often that was lost before.
        let losses: Int
    }

    private let desk: JobDesk
    private let queue: SlurmQueue
    private let address: String
    private let report: @Sendable (JobEvent) -> Void
    /// By Slurm's numbers.
    private var submissions: [String: Submission] = [:]
    /// Those that Slurm did not know the last time.
    private var missing: Set<String> = []
    private var trouble: String?
    private var isClear = false
    private var lastLook: ContinuousClock.Instant?
    /// A worker that has brought its result ends by itself within this, and Slurm's books say so.
    private static let farewell: Duration = .seconds(4)

    /// - Parameter address: where the session listens, as a URL.
    init(desk: JobDesk, queue: SlurmQueue, address: String, report: @escaping @Sendable (JobEvent) -> Void) {
        self.desk = desk
        self.queue = queue
        self.address = address
        self.report = report
    }

    /// How often Slurm is asked what became of jobs; more often is impolite.
    private static let interval: Duration = .seconds(5)

    /// Works until the task is cancelled; what is left of the session at Slurm is cancelled first. ``end()`` comes after it.
    func run(every interval: Duration) async throws {
        while true {
            await trying { try await self.step() }
            try await Task.sleep(for: interval)
        }
    }

    /// Cancels what is still there.
    func end() async {
        var waiting: Set<String> = []
        for (number, submission) in submissions where await desk.isDone(submission.job) { waiting.insert(number) }
        // One that was submitted in the moment of the end is not among ours.
        let ours = (try? await queue.jobs().filter(\.isAlive).map(\.number)) ?? Array(submissions.keys)
        if isClear { await cancel(ours.filter { !waiting.contains($0) }) }
        let clock = ContinuousClock()
        let deadline = clock.now + Self.farewell
        while !waiting.isEmpty, clock.now < deadline {
            guard let jobs = try? await queue.jobs() else { break }
            waiting.formIntersection(jobs.filter(\.isAlive).map(\.number))
            if !waiting.isEmpty { try? await Task.sleep(for: .milliseconds(500), clock: clock) }
        }
        await cancel(Array(waiting))
        submissions = [:]
    }

    /// Told of before, or of no matter: a worker that is not cancelled finds that nobody needs it.
    private func cancel(_ numbers: [String]) async {
        guard !numbers.isEmpty else { return }
        try? await queue.cancel(numbers.sorted())
    }

    /// Jobs of a run of this session that died: nobody waits for their results, and each step that waited hands in its map again.
    private func clearAway() async throws {
        guard !isClear else { return }
        let left = try await queue.jobs().filter(\.isAlive)
        if !left.isEmpty { try await queue.cancel(left.map(\.number)) }
        isClear = true
        guard !left.isEmpty else { return }
        report(.note("\(left.count) \(left.count == 1 ? "job" : "jobs") of an earlier run cancelled at Slurm"))
    }

    /// What Slurm does not do now it may do in a moment; a job that it never does is not taken, which has an end.
    private func trying(_ body: () async throws -> Void) async {
        do {
            try await body()
            if trouble != nil { report(.note("Slurm answers again")) }
            trouble = nil
        } catch is CancellationError {
        } catch {
            let text = sentence(error)
            if trouble != text { report(.warning("Slurm: \(text)")) }
            trouble = text
        }
    }

    private func step() async throws {
        // Before the first is submitted: all that bear the session's name now are another run's.
        try await clearAway()
        try await cancelUnwanted()
        let now = ContinuousClock.now
        if !submissions.isEmpty, lastLook.map({ now - $0 >= Self.interval }) ?? true {
            lastLook = now
            try await lookAtSubmissions()
        }
        let busy = Set(submissions.values.map(\.job))
        for opening in await desk.openings() where !busy.contains(opening.number) { try await submit(opening) }
    }

    private func submit(_ opening: JobDesk.Opening) async throws {
        // They are what workers say.
        var avoided = opening.nodes.filter { !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) } }
        let number: String
        do {
            number = try await queue.submit(opening.number, address: address, avoiding: avoided)
        } catch where !avoided.isEmpty {
            // There may be no other node; then that one has to do.
            avoided = []
            number = try await queue.submit(opening.number, address: address, avoiding: [])
        }
        submissions[number] = Submission(job: opening.number, losses: opening.losses)
        await desk.tell(opening.number, "given to Slurm as job \(number)\(avoided.isEmpty ? "" : ", not on \(avoided.joined(separator: ", "))")")
    }

    private func cancelUnwanted() async throws {
        let openings = await desk.openings()
        var doomed: [String] = []
        for (number, submission) in submissions {
            guard await desk.isWanted(submission.job) else {
                // One that has brought its result ends by itself.
                if !(await desk.isDone(submission.job)) { doomed.append(number) }
                continue
            }
            // It was lost while this one should have done it: its worker was not heard of.
            if let opening = openings.first(where: { $0.number == submission.job }), opening.losses > submission.losses { doomed.append(number) }
        }
        guard !doomed.isEmpty else { return }
        try await queue.cancel(doomed.sorted())
        for number in doomed { submissions[number] = nil }
    }

    private func lookAtSubmissions() async throws {
        let known = Dictionary(try await queue.jobs().map { ($0.number, $0) }) { first, _ in first }
        for (number, submission) in submissions.sorted(by: { $0.key < $1.key }) {
            let job = known[number]
            guard job?.isAlive != true else {
                missing.remove(number)
                continue
            }
            // A job may be told of a moment after it was given.
            if job == nil, missing.insert(number).inserted { continue }
            missing.remove(number)
            submissions[number] = nil
            guard await desk.isWanted(submission.job) else { continue }
            let node = job.flatMap { $0.nodes.isEmpty ? nil : $0.nodes }
            let isTaken = await desk.isTaken(submission.job)
            let hint = job?.state == "FAILED" && !isTaken ? " before it took its map (is slurm_worker there, and is this computer reached from there?)" : ""
            let state = job.map { "ended as \($0.state)\(hint)" } ?? "is not known to Slurm any more"
            await desk.lose(submission.job, on: node, because: "Slurm's job \(number)\(node.map { " on \($0)" } ?? "") \(state)")
        }
    }
}
