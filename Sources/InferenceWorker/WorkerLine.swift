import Dispatch
import Foundation
import InferenceWire
import Logging
import Processes
import Locks

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

    /// Who waits for an answer, and may give up at any moment.
    private final class Call: Sendable {
        private enum State { case waiting, asking(WorkerProcess), cancelled }
        private let state = Locked(State.waiting)

        /// Its process is asked now.
        func begin(_ process: WorkerProcess) throws(CancellationError) {
            let isCancelled = state.withLock { state in
                if case .cancelled = state { return true }
                state = .asking(process)
                return false
            }
            if isCancelled { throw CancellationError() }
        }

        /// The process is asked no more, and not ended by this call from now on; says whether it was.
        func end() -> Bool {
            state.withLock { state in
                if case .cancelled = state { return true }
                state = .waiting
                return false
            }
        }

        func cancel() {
            state.withLock { state in
                // Under the lock, so that it is never the process of the next call.
                if case .asking(let process) = state { process.kill() }
                state = .cancelled
            }
        }
    }

    /// Asks for a prediction. A network cannot be interrupted: cancelled, the process that runs it is ended, and another one
    /// is started for whoever asks next.
    func predict(_ request: Request) async throws -> Tensor {
        let call = Call()
        return try await withTaskCancellationHandler {
            try await perform { line in try line.predict(request, for: call) }
        } onCancel: {
            call.cancel()
        }
    }

    private func predict(_ request: Request, for call: Call) throws -> Tensor {
        switch try answer(to: request.frame, about: request.model, for: call) {
        case .output(let tensor): return tensor
        case .refusal(let reason): throw InferenceWorkerError.refused(model: request.model, reason: reason)
        case .memoryExhausted(let reason): throw InferenceWorkerError.memoryExhausted(model: request.model, reason: reason)
        case .machine: throw InferenceWorkerError.line("The inference program answered something else than it was asked for.")
        }
    }

    /// What there is on the machine, as the program sees it.
    func machine() throws -> InferenceMachine {
        guard case .machine(let machine) = try answer(to: MachineRequest.encoded, about: "", for: Call()) else {
            throw InferenceWorkerError.line("The inference program answered something else than it was asked for.")
        }
        return machine
    }

    private func answer(to frame: [UInt8], about model: String, for call: Call) throws -> PredictionAnswer {
        var lastEnding = InferenceWorkerError.Ending.status(0)
        for attempt in 1 ... 2 {
            let running = try process ?? start()
            process = running
            try call.begin(running)
            let reply: [UInt8]?
            do {
                reply = try running.exchange(frame, deadline: deadline)
            } catch {
                process = nil
                if call.end() { throw CancellationError() }
                throw error
            }
            if call.end() {
                _ = running.reap()
                process = nil
                throw CancellationError()
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
