import Dispatch
import Foundation
import InferenceWire
import Logging
import Processes

/// The worker's process as seen from the queue that waits for it.
///
/// Unchecked: `process` is touched on `queue` only, which is serial; the compiler cannot know that.
final class WorkerLine: @unchecked Sendable {
    private let executable: String
    private let threads: Int
    let device: InferenceDevice?
    private let deadline: Duration
    private let logger: Logger
    private let queue = DispatchQueue(label: "tomopilot.inference")
    private var process: WorkerProcess?

    init(executable: String, threads: Int, device: InferenceDevice?, deadline: Duration, logger: Logger) {
        self.executable = executable
        self.threads = threads
        self.device = device
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

    /// A request as it goes to the process.
    struct Request: Sendable {
        let model: String
        let frame: [UInt8]
    }

    func predict(_ request: Request) throws -> Tensor {
        switch try answer(to: request.frame, about: request.model) {
        case .output(let tensor): return tensor
        case .refusal(let reason): throw InferenceWorkerError.refused(model: request.model, reason: reason)
        case .memoryExhausted(let reason): throw InferenceWorkerError.memoryExhausted(model: request.model, reason: reason)
        case .machine: throw InferenceWorkerError.line("The inference program answered something else than it was asked for.")
        }
    }

    /// What there is on the machine, as the program sees it.
    func machine() throws -> InferenceMachine {
        guard case .machine(let machine) = try answer(to: MachineRequest.encoded, about: "") else {
            throw InferenceWorkerError.line("The inference program answered something else than it was asked for.")
        }
        return machine
    }

    private func answer(to frame: [UInt8], about model: String) throws -> PredictionAnswer {
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
                return try decoded(reply, from: running)
            }
            lastEnding = running.reap()
            process = nil
            logger.warning(
                "inference worker died",
                metadata: ["worker.ending": "\(lastEnding)", "worker.attempt": "\(attempt)", "model.path": "\(model)"])
        }
        throw InferenceWorkerError.workerDied(lastEnding)
    }

    func finish() {
        process?.finish()
        process = nil
    }

    private func decoded(_ reply: [UInt8], from running: WorkerProcess) throws -> PredictionAnswer {
        do {
            return try PredictionAnswer.decode(reply)
        } catch {
            // Whoever answers nonsense once is not asked again.
            _ = running.reap()
            process = nil
            throw InferenceWorkerError.line(error.description)
        }
    }

    private func start() throws -> WorkerProcess {
        let started = try WorkerProcess(executable: executable, threads: threads, device: device)
        logger.info("inference worker started", metadata: ["worker.pid": "\(started.identifier)"])
        return started
    }
}
