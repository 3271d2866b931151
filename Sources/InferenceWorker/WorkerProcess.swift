import Foundation
import InferenceWire
import Synchronization

/// One running worker: a child process whose standard input and output are one socket. Calls block.
final class WorkerProcess: Sendable {
    let identifier: pid_t
    private let socket: Int32
    private let line: FrameLine

    /// A process may be signalled only while it has not been waited for; afterwards its number may be another's.
    private enum Watch { case idle, armed, expired }
    private let watch = Mutex(Watch.idle)
    private let alarms = DispatchQueue(label: "tomopilot.inference.deadline")

    init(executable: String, threads: Int) throws(InferenceWorkerError) {
        guard FileManager.default.isExecutableFile(atPath: executable) else { throw .workerNotFound(path: executable) }
        var ends: [Int32] = [-1, -1]
        // Close-on-exec, or a second worker would hold the first one's line open.
        #if os(Linux)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .startFailed(path: executable, number: errno) }
        defer { close(ends[1]) }
        do {
            identifier = try Self.spawn(executable, arguments: ["--threads", String(threads)], threads: threads, line: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        socket = ends[0]
        line = FrameLine(input: ends[0], output: ends[0], isSocket: true)
    }

    deinit { close(socket) }

    /// Sends a request and waits for the answer; nil if the process ended instead.
    func exchange(_ request: [UInt8], deadline: Duration) throws(InferenceWorkerError) -> [UInt8]? {
        watch.withLock { $0 = .armed }
        let alarm = DispatchWorkItem { [weak self] in
            // The queue keeps a cancelled alarm until its time; it must not keep the process's socket with it.
            guard let self else { return }
            watch.withLock { state in
                guard state == .armed else { return }
                state = .expired
                kill(self.identifier, SIGKILL)
            }
        }
        // Thirty years at most, so that no deadline overflows the clock.
        let milliseconds = Int(min(1e12, max(0, (deadline / .milliseconds(1)).rounded())))
        alarms.asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: alarm)
        var answer: [UInt8]?
        var failure: WireError?
        do {
            try line.send(request)
            answer = try line.receive()
        } catch {
            failure = error
        }
        alarm.cancel()
        let expired = watch.withLock { state in
            defer { state = .idle }
            return state == .expired
        }
        if expired {
            _ = reap()
            throw .deadlinePassed(seconds: Double(milliseconds) / 1000)
        }
        switch failure {
        case nil, .brokenLine, .system: return answer
        case .some(let error):
            _ = reap()
            throw .line(error.description)
        }
    }

    /// Stops the process if it still runs and says how it ended. To be called once, at the end.
    func reap() -> InferenceWorkerError.Ending {
        // A process that has ended by itself keeps its own status; the signal then does nothing.
        kill(identifier, SIGKILL)
        return wait()
    }

    /// Closes the line, after which the process ends by itself, and waits for it.
    func finish() {
        Foundation.shutdown(socket, Int32(SHUT_RDWR))
        _ = wait()
    }

    private func wait() -> InferenceWorkerError.Ending {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
    }

    private static func spawn(
        _ executable: String, arguments: [String], threads: Int, line: Int32
    ) throws(InferenceWorkerError) -> pid_t {
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = String(threads)
        environment["OPENBLAS_NUM_THREADS"] = String(threads)
        // Threads that spin while they wait slow a busy machine down.
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
        #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        #else
        var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, line, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, line, STDOUT_FILENO)
        // A worker that outlives a service that was killed must not keep its port or its files. One that is closed already by
        // then is no error.
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, executable, &actions, nil, &argv, &envp)
        guard result == 0 else { throw .startFailed(path: executable, number: result) }
        return child
    }
}
