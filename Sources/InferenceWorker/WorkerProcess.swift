import Foundation
import InferenceWire
import Processes
import Locks

/// One running worker: a child process whose standard input and output are one socket. Calls block.
final class WorkerProcess: Sendable {
    private let child: ChildProgram
    private let socket: Int32
    private let line: FrameLine

    var identifier: pid_t { child.identifier }

    /// A deadline that comes too late for its answer kills nobody.
    private enum Watch { case idle, armed, expired }
    private let watch = Locked(Watch.idle)
    private let alarms = DispatchQueue(label: "tomopilot.inference.deadline")

    /// - Parameter device: what it runs networks on; nil: it chooses.
    init(executable: String, threads: Int, device: InferenceDevice?) throws(InferenceWorkerError) {
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
            child = try ChildProgram(
                [executable, "--threads", String(threads)] + (device.map { ["--device", $0.description] } ?? []), environment: Self.environment(threads: threads), input: .descriptor(ends[1]),
                output: .descriptor(ends[1]), error: .descriptor(STDERR_FILENO))
        } catch {
            close(ends[0])
            throw .startFailed(path: executable, number: error.code.rawValue)
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
                child.signal(SIGKILL)
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

    /// Ends the process at once, and with it the exchange that waits for its answer; it is still to be reaped.
    func kill() { child.signal(SIGKILL) }

    /// Stops the process if it still runs and says how it ended. To be called once, at the end.
    func reap() -> InferenceWorkerError.Ending {
        // A process that has ended by itself keeps its own status; the signal then does nothing.
        child.signal(SIGKILL)
        return child.wait()
    }

    /// Closes the line, after which the process ends by itself, and waits for it.
    func finish() {
        Foundation.shutdown(socket, Int32(SHUT_RDWR))
        _ = child.wait()
    }

    private static func environment(threads: Int) -> [String: String] {
        var environment = ChildProgram.inheritedEnvironment
        environment["OMP_NUM_THREADS"] = String(threads)
        // Its threads would fight with those of the second image of a batch, and spin.
        environment["OPENBLAS_NUM_THREADS"] = "1"
        // Threads that spin while they wait slow a busy machine down.
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
        // Memory that one layer gives back is what the next one takes; from the system each page of it would come anew.
        environment["MALLOC_ARENA_MAX"] = "1"
        environment["MALLOC_MMAP_THRESHOLD_"] = String(32 << 20)
        environment["MALLOC_TRIM_THRESHOLD_"] = String(256 << 20)
        return environment
    }
}
