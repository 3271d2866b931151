public import Processes

/// Why a network could not be run in the worker process; the description is for the operator.
public enum InferenceWorkerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The program is not where the settings say.
    case workerNotFound(path: String)
    /// The program exists but could not be started; the number is errno.
    case startFailed(path: String, number: Int32)
    /// The program ended while it worked, also after it was started again.
    case workerDied(Ending)
    /// No answer within the deadline, in seconds; the program was stopped.
    case deadlinePassed(seconds: Double)
    /// The program is well but cannot load or run this network.
    case refused(model: String, reason: String)
    /// The device had not the memory that the network needs.
    case memoryExhausted(model: String, reason: String)
    /// The line broke or carried nonsense.
    case line(String)
    /// ``InferenceWorker/shutdown()`` was called before.
    case shutDown

    /// How a process ended.
    public typealias Ending = ChildProgram.Ending

    public var description: String {
        switch self {
        case .workerNotFound(let path): "The inference program is not at \(path)."
        case .startFailed(let path, let number): "The inference program \(path) could not be started (errno \(number))."
        case .workerDied(.status(127)):
            "The inference program ended with status 127; a library that it needs (libtorch) may be missing."
        case .workerDied(.status(let status)): "The inference program ended unexpectedly with status \(status)."
        case .workerDied(.signal(9)):
            "The inference program was killed (signal 9); the computer may have run out of memory."
        case .workerDied(.signal(let signal)): "The inference program crashed (signal \(signal))."
        case .deadlinePassed(let seconds): "The inference program gave no answer within \(seconds) seconds and was stopped."
        case .refused(let model, let reason):
            "The network \(model) could not be run: \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason); "
                + "is it whole, and the one that its model.json describes?"
        case .memoryExhausted(let model, let reason):
            "The network \(model) needs more memory than there is: \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)."
        case .line(let reason): reason
        case .shutDown: "The inference program has been shut down."
        }
    }
}
