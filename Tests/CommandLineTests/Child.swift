import Foundation
import Synchronization

/// A child process. Foundation's `Process` learns of an end only when nobody else holds a socket that every program inherits
/// which is started at that moment, so one that lives on keeps the others from being seen to end.
final class Child: Sendable {
    let identifier: pid_t
    private let ended = Mutex<Int32?>(nil)

    /// Starts a program with files for what it says.
    init(_ arguments: [String], output: String, error: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_APPEND, 0)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var identifier: pid_t = 0
        let failure = posix_spawn(&identifier, arguments[0], &actions, nil, &words, environ)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        self.identifier = identifier
    }

    /// Whether it has not ended.
    var isRunning: Bool {
        ended.withLock { ended in
            var status: Int32 = 0
            if ended == nil, waitpid(identifier, &status, WNOHANG) == identifier { ended = status }
            return ended == nil
        }
    }

    /// What it exited with, or the number of the signal that ended it; zero while it runs.
    var status: Int32 { ended.withLock { ($0 ?? 0) & 0x7f == 0 ? ($0 ?? 0) >> 8 & 0xff : ($0 ?? 0) & 0x7f } }

    /// Sends it a signal, unless it has ended.
    func signal(_ number: Int32) { if isRunning { kill(identifier, number) } }
}
