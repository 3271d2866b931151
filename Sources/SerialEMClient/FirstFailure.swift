import Synchronization

/// The reason why a connection ended, kept after its pipeline is gone.
final class FirstFailure: Sendable {
    private let stored = Mutex<ChannelFailure?>(nil)

    /// The first reason, if the connection has ended.
    var reason: ChannelFailure? { stored.withLock { $0 } }

    /// Keeps a reason unless there is an earlier one, and gives the one that is kept.
    @discardableResult
    func record(_ reason: ChannelFailure) -> ChannelFailure {
        stored.withLock { stored in
            let first = stored ?? reason
            stored = first
            return first
        }
    }
}
