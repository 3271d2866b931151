internal import NIOCore
internal import Locks

/// The place of one client. SerialEM has one: a newcomer takes it, but only between two requests.
final class Seat: Sendable {
    private struct State {
        var isExecuting = false
        var isEvicted = false
    }
    private let state = Locked(State())
    private let channel: any Channel
    private let eviction: (waiting: AsyncStream<Void>, happened: AsyncStream<Void>.Continuation)

    init(channel: any Channel) {
        self.channel = channel
        let (waiting, happened) = AsyncStream.makeStream(of: Void.self)
        eviction = (waiting, happened)
    }

    /// Whether a newcomer has taken the place. Control stays on then.
    var isEvicted: Bool { state.withLock { $0.isEvicted } }

    /// While a command runs, nobody takes the place.
    func setExecuting(_ on: Bool) {
        state.withLock { $0.isExecuting = on }
    }

    /// Gives the place to a newcomer: at once, or after the reply to the command that runs.
    func evict() async {
        defer { eviction.happened.finish() }
        // A client that left before the newcomer came is not evicted. Its end may not have been read yet: after one turn
        // of its event loop it has.
        for _ in 0 ..< 2 { try? await channel.eventLoop.submit {}.get() }
        guard channel.isActive else { return }
        let closesNow = state.withLock { state in
            state.isEvicted = true
            return !state.isExecuting
        }
        if closesNow { channel.close(promise: nil) }
    }

    /// Waits until a newcomer has taken the place.
    func untilEvicted() async { for await _ in eviction.waiting {} }
}

/// Lets one client after the other be served.
actor Turn {
    private var taken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    func take() async {
        guard taken else { taken = true; return }
        await withCheckedContinuation { waiting.append($0) }
    }
    func pass() {
        if waiting.isEmpty { taken = false } else { waiting.removeFirst().resume() }
    }
}
