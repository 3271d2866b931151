import Dispatch

/// Threads for the session that runs: its analysis may take every thread of the shared pool for seconds, and whoever asks
/// the service for its status would wait for them.
final class SessionThreads: TaskExecutor {
    private let queue = DispatchQueue(label: "tomopilot.session", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
