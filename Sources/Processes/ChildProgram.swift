import CMemory
public import Foundation
import Locks

/// A program that runs as a child of this one.
///
/// Foundation's `Process` learns of an end only when nobody else holds a socket that every program inherits which is started at
/// that moment, so one that lives on keeps the others from being seen to end, and leaves them as zombies. This one asks the
/// system for the end of just its own child.
public final class ChildProgram: Sendable {
    /// How a program ended.
    public enum Ending: Sendable, Hashable {
        case status(Int32)
        case signal(Int32)
    }

    /// What stands at one of its three standard descriptors.
    public enum Stream: Sendable {
        /// Nothing to read, and nobody who reads.
        case nothing
        /// These bytes to read, then the end.
        case bytes(Data)
        /// What it writes is added to this file.
        case file(String)
        /// One that is open here.
        case descriptor(Int32)
    }

    public let identifier: pid_t
    private let leadsGroup: Bool
    private let ended = Locked<Ending?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the first is its path.
    ///   - environment: nil gives it ``inheritedEnvironment``.
    ///   - leadsGroup: whether a signal goes to everything that it has started, too.
    /// - Throws: `POSIXError` where it cannot be started.
    public init(
        _ arguments: [String], environment: [String: String]? = nil, input: Stream = .nothing, output: Stream = .nothing,
        error: Stream = .nothing, leadsGroup: Bool = false
    ) throws(POSIXError) {
        #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of a pool take no signals, and a program that is started from one would take none either.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | (leadsGroup ? Int16(POSIX_SPAWN_SETPGROUP) : 0))
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        for (number, stream) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, error)] {
            switch stream {
            case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0)
            case .bytes(let data):
                let file = try Self.file(holding: data)
                opened.append(file)
                posix_spawn_file_actions_adddup2(&actions, file, number)
            case .file(let path): posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
            case .descriptor(let open): posix_spawn_file_actions_adddup2(&actions, open, number)
            }
        }
        // A child that outlives this program must not keep its port or its files. One that is closed already by then is no error.
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var words = arguments.map { strdup($0) } + [nil]
        var variables = (environment ?? Self.inheritedEnvironment).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var identifier: pid_t = 0
        let failure = posix_spawn(&identifier, arguments.first ?? "", &actions, &attributes, &words, &variables)
        guard failure == 0 else { throw Self.error(failure) }
        self.identifier = identifier
        self.leadsGroup = leadsGroup
    }

    /// The environment of this program without the variables that are meant for it alone (`TOMOPILOT_…`): passwords are among
    /// them, and whoever may list processes could read them from there.
    public static var inheritedEnvironment: [String: String] { inherited(of: ProcessInfo.processInfo.environment) }

    static func inherited(of environment: [String: String]) -> [String: String] { environment.filter { !$0.key.hasPrefix("TOMOPILOT_") } }

    private static func error(_ number: Int32) -> POSIXError { POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO) }

    /// A file without a name: unlike a pipe it takes any amount at once, and nobody has to read it.
    private static func file(holding data: Data) throws(POSIXError) -> Int32 {
        #if os(Linux)
        // In memory: who is told of a full disk must not need room on it.
        let file = cmemory_file()
        guard file >= 0 else { throw error(errno) }
        #else
        var name = Array((FileManager.default.temporaryDirectory.path + "/input-XXXXXX").utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else { throw error(errno) }
        unlink(name)
        #endif
        let isWritten = data.withUnsafeBytes { bytes -> Bool in
            var done = 0
            while done < bytes.count {
                let count = pwrite(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(done))
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        guard isWritten else {
            defer { close(file) }
            throw error(errno)
        }
        return file
    }

    /// How it ended; nil while it runs.
    public var ending: Ending? {
        ended.withLock { ended in
            guard ended == nil else { return ended }
            var status: Int32 = 0
            switch waitpid(identifier, &status, WNOHANG) {
            case identifier:
                let signal = status & 0x7f
                ended = signal == 0 ? .status(status >> 8 & 0xff) : .signal(signal)
            // Somebody else has waited for it, and its status is gone.
            case -1 where errno == ECHILD: ended = .status(255)
            default: break
            }
            return ended
        }
    }

    public var isRunning: Bool { ending == nil }

    /// Sends it a signal, unless it has ended: its number may be another's by then.
    public func signal(_ number: Int32) {
        ended.withLock { ended in
            // It is waited for under this lock only, so the number is still its own.
            if ended == nil { kill(leadsGroup ? -identifier : identifier, number) }
        }
    }

    /// Waits for the end; holds up no thread.
    ///
    /// - Throws: `CancellationError`; the program runs on then.
    public func end() async throws -> Ending {
        while true {
            if let ending { return ending }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for the end, and kills it after some time; nil if it had to be killed. Holds up no thread.
    public func end(within limit: Duration) async -> Ending? {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while !Task.isCancelled, clock.now < deadline {
            if let ending { return ending }
            // Cancelled, the loop ends.
            try? await clock.sleep(for: .milliseconds(20))
        }
        signal(SIGKILL)
        // What is killed ends within moments; it is waited for, so that no zombie stays.
        while isRunning { await Task.yield() }
        return nil
    }

    /// Waits for the end on the calling thread, which must be one that may be held up.
    public func wait() -> Ending {
        while true {
            if let ending { return ending }
            var information = siginfo_t()
            // Leaves the end to be taken above, under the lock.
            waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT)
        }
    }
}
