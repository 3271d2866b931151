import Foundation

/// Keeps a session folder for one run at a time: two would throw each other off the microscope.
///
/// The lock is on the folder itself and goes with the process, however that ends.
public final class SessionLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``WorkflowError`` if another run has the folder. A file system without locks is used without one.
    /// - Parameter busy: what to say if another run has it.
    public init(folder: String, busy: String? = nil) throws {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw WorkflowError.refused("The folder \(folder) cannot be opened: \(String(cString: strerror(errno))).")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            throw WorkflowError.refused(busy ?? "Another tomopilot runs the session in \(folder); end it, or use another session_dir.")
        }
    }

    deinit { close(descriptor) }
}
