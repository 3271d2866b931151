import Dispatch
public import InferenceWire
public import Logging
import Processes

/// Runs networks in a process of its own (`tomopilot-infer`), so that neither libtorch's memory nor its crashes are the
/// service's.
///
/// The process starts with the first request and is started again once if it dies over one. Requests are answered in
/// their order; all waiting happens on a thread of its own.
public actor InferenceWorker: Predicting {
    private let line: WorkerLine
    private var isShutDown = false

    /// - Parameters:
    ///   - executable: path of `tomopilot-infer`.
    ///   - threads: threads that one operation of a network may use.
    ///   - deadline: the longest time one request may take once it is its turn.
    public init(executable: String, threads: Int = 2, deadline: Duration = .seconds(600), logger: Logger) {
        line = WorkerLine(executable: executable, threads: max(1, threads), deadline: deadline, logger: logger)
    }

    public func predict(model: String, input: Tensor) async throws -> Tensor {
        guard !isShutDown else { throw InferenceWorkerError.shutDown }
        try Task.checkCancellation()
        let request = PredictionRequest(model: model, input: input)
        return try await line.perform { line in try line.predict(request) }
    }

    /// The number of the running process, nil if none runs.
    public func processIdentifier() async -> Int32? {
        try? await line.perform { line in line.processIdentifier }
    }

    /// Waits for the requests that are under way and ends the process.
    public func shutdown() async {
        isShutDown = true
        try? await line.perform { line in line.finish() }
    }
}

/// The worker's process as seen from the queue that waits for it.
///
/// Unchecked: `process` is touched on `queue` only, which is serial; the compiler cannot know that.
private final class WorkerLine: @unchecked Sendable {
    private let executable: String
    private let threads: Int
    private let deadline: Duration
    private let logger: Logger
    private let queue = DispatchQueue(label: "tomopilot.inference")
    private var process: WorkerProcess?

    init(executable: String, threads: Int, deadline: Duration, logger: Logger) {
        self.executable = executable
        self.threads = threads
        self.deadline = deadline
        self.logger = logger
    }

    deinit { process?.finish() }

    /// Does blocking work on the queue.
    func perform<Result: Sendable>(_ work: @escaping @Sendable (WorkerLine) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work(self) }) }
        }
    }

    var processIdentifier: Int32? { process?.identifier }

    func predict(_ request: PredictionRequest) throws -> Tensor {
        let frame = request.encoded()
        var lastEnding = InferenceWorkerError.Ending.status(0)
        for attempt in 1 ... 2 {
            let running = try process ?? start()
            process = running
            let reply: [UInt8]?
            do {
                reply = try running.exchange(frame, deadline: deadline)
            } catch {
                process = nil
                throw error
            }
            if let reply {
                return try tensor(of: reply, from: running, model: request.model)
            }
            lastEnding = running.reap()
            process = nil
            logger.warning(
                "inference worker died",
                metadata: ["worker.ending": "\(lastEnding)", "worker.attempt": "\(attempt)", "model.path": "\(request.model)"])
        }
        throw InferenceWorkerError.workerDied(lastEnding)
    }

    func finish() {
        process?.finish()
        process = nil
    }

    private func tensor(of reply: [UInt8], from running: WorkerProcess, model: String) throws -> Tensor {
        let answer: PredictionAnswer
        do {
            answer = try PredictionAnswer.decode(reply)
        } catch {
            // Whoever answers nonsense once is not asked again.
            _ = running.reap()
            process = nil
            throw InferenceWorkerError.line(error.description)
        }
        switch answer {
        case .output(let tensor): return tensor
        case .refusal(let reason): throw InferenceWorkerError.refused(model: model, reason: reason)
        }
    }

    private func start() throws -> WorkerProcess {
        let started = try WorkerProcess(executable: executable, threads: threads)
        logger.info("inference worker started", metadata: ["worker.pid": "\(started.identifier)"])
        return started
    }
}
