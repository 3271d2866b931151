import Foundation

/// Says that somebody works in the store, and finds out whether anybody does.
///
/// The lock is on the folder itself and goes with the process, however that ends: what is half made there and locked by nobody was left by one that was killed.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Shares the store with others that work in it. A file system without locks is used without one, and its leftovers stay.
    static func shared(_ folder: String) -> StoreLock? { StoreLock(folder, LOCK_SH) }

    /// Has the store alone; nil where somebody works in it, or where that cannot be known.
    static func alone(_ folder: String) -> StoreLock? { StoreLock(folder, LOCK_EX | LOCK_NB) }

    private init?(_ folder: String, _ operation: Int32) {
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        var status = flock(opened, operation)
        while status != 0, errno == EINTR { status = flock(opened, operation) }
        guard status == 0 else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}

extension ModelStore {
    /// Removes what additions and removals have left that were killed; nothing while another one is under way.
    public func sweep() {
        let left = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in Self.makeshifts.contains(where: name.hasPrefix) }
        guard !left.isEmpty, let lock = StoreLock.alone(folder) else { return }
        withExtendedLifetime(lock) {
            for name in left { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        }
    }

    /// How the names of folders begin in which a model is made or taken apart.
    private static let makeshifts = [".adding-", ".removing-"]
}
