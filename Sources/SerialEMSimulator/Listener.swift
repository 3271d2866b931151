internal import Dispatch
internal import NIOCore
internal import NIOPosix
internal import Locks

/// A listening socket whose clients come as plain channels.
///
/// An asynchronous channel must be used before it is dropped, and those that wait in the queue of a listener that ends
/// are dropped. So a client becomes one only when somebody takes it; until then it reads nothing, and it ends with its
/// listener.
enum Listener {
    typealias Incoming = NIOAsyncChannel<any Channel, Never>
    /// - Parameter clients: the threads of clients, on which runs what a command computes.
    static func bind(host: String, port: Int, clients: any EventLoopGroup) async throws -> Incoming {
        let present = PresentClients()
        let listener: Incoming = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup, childGroup: clients)
            .serverChannelOption(.backlog, value: 2)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: Conversation.portion))
            // The header of an image has to leave in its own segment.
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: host, port: port) { client in
                present.add(client)
                return client.eventLoop.makeSucceededFuture(client)
            }
        listener.channel.closeFuture.whenComplete { _ in present.close() }
        return listener
    }

    /// Takes a client: it is read from now on.
    static func take<In: Sendable, Out: Sendable>(
        _ client: any Channel, prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> NIOAsyncChannel<In, Out> {
        let taken = try await client.eventLoop.submit {
            try prepare(client)
            return try NIOAsyncChannel<In, Out>(wrappingChannelSynchronously: client)
        }.get()
        client.setOption(.autoRead, value: true).whenFailure { _ in client.close(promise: nil) }
        return taken
    }
}

/// The clients of a listener, which end with it.
private final class PresentClients: Sendable {
    private let channels = Locked<[ObjectIdentifier: any Channel]>([:])

    func add(_ client: any Channel) {
        channels.withLock { $0[ObjectIdentifier(client)] = client }
        client.closeFuture.whenComplete { _ in _ = self.channels.withLock { $0.removeValue(forKey: ObjectIdentifier(client)) } }
    }

    func close() { for client in channels.withLock({ Array($0.values) }) { client.close(promise: nil) } }
}

/// Runs the task of a client on the thread that reads from it and writes to it: a command changes threads nowhere then.
final class ClientExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    init(_ client: any Channel) { eventLoop = client.eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs tasks on a thread of their own: those that all tasks share may be busy for longer than a client waits.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "simulator")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
