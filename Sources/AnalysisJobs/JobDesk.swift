public import Foundation
public import InferenceWire

/// What a person should read of a job.
public enum JobEvent: Sendable, Hashable {
    case note(String)
    case warning(String)
}

/// The jobs of a session while workers do them: the session hands jobs in and waits, workers take them and bring results.
public actor JobDesk {
    /// How a job ended for the session.
    public enum Outcome: Sendable {
        /// - Parameter probabilities: a file with them, which the session removes; nil where none were wanted.
        case done(JobResult, probabilities: String?)
        /// No worker did it, and why.
        case missed(String)
    }

    /// A job that somebody should take.
    public struct Opening: Sendable, Hashable {
        public let number: Int
        public let title: String
        /// How often and where it was lost before.
        public let losses: Int
        public let nodes: [String]
    }

    private struct Content {
        let job: AnalysisJob
        let image: Data
        let model: ModelFolder
        let report: @Sendable (JobEvent) -> Void
        let outcome: AsyncStream<Outcome>.Continuation
    }

    private var book: LeaseBook
    private var contents: [Int: Content] = [:]
    private var last = 0
    /// Jobs of which a worker has brought the result.
    private var done: Set<Int> = []
    /// Files with probabilities of jobs that have not ended, and their digests once they are whole.
    private var files: [Int: [String: String]] = [:]
    /// Why nobody can take jobs; nil while somebody can.
    private var closed: String?
    private let now: @Sendable () -> Duration
    private let key: @Sendable () -> String

    /// - Parameters:
    ///   - now: the time since some beginning.
    ///   - key: makes a key that nobody can guess.
    public init(limits: LeaseBook.Limits, now: @escaping @Sendable () -> Duration = JobDesk.sinceStart(), key: @escaping @Sendable () -> String = JobDesk.randomKey) {
        book = LeaseBook(limits: limits)
        self.now = now
        self.key = key
    }

    public static func sinceStart() -> @Sendable () -> Duration {
        let begin = ContinuousClock.now
        return { ContinuousClock.now - begin }
    }

    public static let randomKey: @Sendable () -> String = {
        (0 ..< 4).map { _ in
            let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    // MARK: the session's side

    /// Hands in a job and waits for its end; cancelled, it takes the job back.
    ///
    /// - Parameter image: grey levels, one byte a pixel, row by row from the top.
    public func perform(
        _ job: AnalysisJob, image: [UInt8], model: ModelFolder, report: @escaping @Sendable (JobEvent) -> Void
    ) async throws -> Outcome {
        if let closed { return .missed(closed) }
        last += 1
        let number = last
        let (outcomes, outcome) = AsyncStream.makeStream(of: Outcome.self)
        contents[number] = Content(job: job, image: Data(image), model: model, report: report, outcome: outcome)
        book.open(number, at: now())
        for await outcome in outcomes { return outcome }
        // Cancelled: the stream ended without an outcome.
        book.withdraw(number)
        contents[number] = nil
        throw CancellationError()
    }

    /// Nobody can take jobs any more: those that are here end, and later ones at once.
    public func close(because reason: String) {
        closed = reason
        for number in contents.keys.sorted() {
            book.withdraw(number)
            end(number, .missed(reason))
        }
    }

    /// Looks at the clock; to be called often.
    public func look() { for change in book.look(at: now()) { take(change) } }

    public func openings() -> [Opening] {
        book.openJobs.compactMap { number in contents[number].map { Opening(number: number, title: $0.job.title, losses: book.losses(of: number), nodes: book.nodes(of: number)) } }
    }

    public func isWanted(_ number: Int) -> Bool { book.contains(number) }
    public func isTaken(_ number: Int) -> Bool { book.lease(of: number) != nil }
    /// Whether a worker has brought its result.
    public func isDone(_ number: Int) -> Bool { done.contains(number) }

    /// Whoever should have done a job is known to be gone.
    public func lose(_ number: Int, on node: String?, because reason: String) {
        if let change = book.lose(number, on: node ?? book.lease(of: number)?.node, reason: reason, at: now()) { take(change) }
    }

    /// Tells people something about a job.
    public func tell(_ number: Int, _ text: String) { contents[number].map { $0.report(.note("\($0.job.title): \(text)")) } }

    // MARK: the workers' side

    /// Gives a worker a job; nil where there is none for it.
    ///
    /// - Throws: ``AnalysisJobError`` where it has another version.
    public func take(_ request: JobRequest) throws -> JobOffer? {
        try JobSchema.require(request.schema, of: "The worker \(request.worker)")
        look()
        guard let lease = book.take(request.job, worker: Self.plain(request.worker, 100), node: Self.plain(request.node, 100), key: key(), at: now()) else { return nil }
        guard let content = contents[lease.job] else { return nil }
        content.report(.note("\(content.job.title): taken by \(lease.worker)"))
        return JobOffer(number: lease.job, lease: lease.key, seconds: book.limits.lease / .seconds(1), job: content.job)
    }

    /// - Throws: ``AnalysisJobError`` where the lease holds no more, as from all that follow.
    public func image(_ lease: String) throws -> Data { try content(lease).image }

    /// The path of a file of the job's model.
    public func modelFile(_ name: String, _ lease: String) throws -> String {
        let content = try content(lease)
        guard content.job.model.files.contains(name) else { throw AnalysisJobError("The model of this job has no file '\(name.prefix(100))'.") }
        return content.model.path + "/" + name
    }

    public func renew(_ lease: String) throws -> JobRenewal {
        guard book.renew(lease, at: now()) != nil else { throw Self.over }
        return JobRenewal(seconds: book.limits.lease / .seconds(1))
    }

    /// How many bytes a result of the job may have.
    public func largestResult(_ lease: String) throws -> Int {
        let job = try content(lease).job
        return JobResult.longestHead + (job.kind == .segmentation ? job.width * job.height : 0)
    }

    /// Where the probabilities of the job are put on their way, and how many bytes they have.
    public func probabilityFile(_ lease: String) throws -> (path: String, bytes: Int) {
        let content = try content(lease)
        guard let bytes = content.job.probabilityBytes(classes: content.model.description.outputs) else {
            throw AnalysisJobError("No probabilities are wanted of '\(content.job.title)'.")
        }
        let path = Self.path(ofProbabilities: lease)
        if let job = book.holding(lease, at: now())?.job { files[job, default: [:]][path] = "" }
        return (path, bytes)
    }

    /// The probabilities have come; their digest was made on the way.
    public func takeProbabilities(_ lease: String, sha256: String) throws {
        _ = try content(lease)
        if let job = book.holding(lease, at: now())?.job { files[job, default: [:]][Self.path(ofProbabilities: lease)] = sha256 }
    }

    private static func path(ofProbabilities lease: String) -> String { FileManager.default.temporaryDirectory.appendingPathComponent("probabilities-\(lease)").path }

    /// Takes a result, once.
    public func finish(_ lease: String, with data: Data) throws {
        let content = try content(lease)
        let result: JobResult
        let file = content.job.probabilities ? Self.path(ofProbabilities: lease) : nil
        do {
            result = try JobResult(data, of: content.job, classes: content.model.description.classes.count)
            if let file {
                let job = book.holding(lease, at: now())?.job ?? 0
                guard let wanted = result.probabilitiesSha256, files[job]?[file] == wanted else {
                    throw AnalysisJobError("The probabilities of '\(content.job.title)' are missing or were damaged on their way (SHA-256 differs).")
                }
            }
        } catch {
            // One that is not there need not be removed.
            if let file { try? FileManager.default.removeItem(atPath: file) }
            if let change = book.fail(lease, reason: "\(error)", at: now()) { take(change) }
            throw error
        }
        guard let done = book.finish(lease, at: now()) else { throw Self.over }
        content.report(.note("\(content.job.title): done by \(done.worker) in \(words(.seconds(max(0, min(1e9, result.seconds)))))"))
        self.done.insert(done.job)
        end(done.job, .done(result, probabilities: file))
    }

    /// A worker could not do its job.
    public func fail(_ lease: String, because reason: String) throws {
        guard let change = book.fail(lease, reason: Self.plain(reason, 500), at: now()) else { throw Self.over }
        take(change)
    }

    /// A worker has no time for its job any more.
    public func giveBack(_ lease: String) throws {
        guard let change = book.giveBack(lease, at: now()) else { throw Self.over }
        take(change)
    }

    // MARK: inside

    private static let over = AnalysisJobError("This lease holds no more: the job is another's by now, or nobody's.")

    /// What a worker says becomes part of a line of the log.
    private static func plain(_ text: String, _ longest: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest).map { [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory) ? "·" : $0 }))
    }

    private func content(_ key: String) throws -> Content {
        guard let lease = book.holding(key, at: now()), let content = contents[lease.job] else { throw Self.over }
        return content
    }

    private func take(_ change: LeaseBook.Change) {
        switch change {
        case .reopened(let number, let reason):
            contents[number].map { $0.report(.warning("\($0.job.title): \(reason); another worker gets it")) }
        case .exhausted(let number, let reason): end(number, .missed(book.limits.attempts == 1 ? reason : "it was tried \(book.limits.attempts) times, the last time \(reason)"))
        case .untaken(let number): end(number, .missed("no worker took it within \(words(book.limits.wait))"))
        }
    }

    private func end(_ number: Int, _ outcome: Outcome) {
        guard let content = contents.removeValue(forKey: number) else { return }
        var mine: String?
        if case .done(_, let file) = outcome { mine = file }
        // What leases have left that were lost; some of it may never have come.
        for file in files.removeValue(forKey: number)?.keys.sorted() ?? [] where file != mine { try? FileManager.default.removeItem(atPath: file) }
        content.outcome.yield(outcome)
        content.outcome.finish()
    }
}
