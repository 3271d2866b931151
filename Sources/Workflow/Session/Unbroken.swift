import Locks

/// Where a pause does not cut what a session does: held at a checkpoint, where nothing is under way, and while SerialEM acquires by
/// itself and takes no command.
final class Unbroken: Sendable {
    private let depth = Locked(0)

    var isUp: Bool { depth.withLock { $0 > 0 } }

    func begin() { depth.withLock { $0 += 1 } }
    func end() { depth.withLock { $0 -= 1 } }

    func during<T: Sendable>(_ body: () async throws -> T) async rethrows -> T {
        begin()
        defer { end() }
        return try await body()
    }
}
