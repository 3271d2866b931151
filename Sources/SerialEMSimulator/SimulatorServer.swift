public import Logging
internal import NIOCore
internal import NIOPosix
internal import SerialEMProtocol
internal import Locks
import Synchronization

/// The virtual microscope on a TCP port, as SerialEM offers its external control.
///
/// One client at a time: a newcomer takes the place of the one before, whose running command ends first.
public final class SimulatorServer: Sendable {
    /// The port that clients connect to.
    public let port: Int
    /// What answers them.
    public let microscope: VirtualMicroscope
    let logger: Logger
    private let host: String
    private let firstListener: Listener.Incoming
    /// The threads of this microscope's clients. More than one, because a newcomer comes while a command computes.
    private let clientThreads: MultiThreadedEventLoopGroup
    private let requestCount = Atomic(0)
    private let isAway = Atomic(false)
    /// For how many seconds it is away after this life; nil where the program goes down instead.
    private let pause = Locked<Double?>(nil)
    /// Seconds for which SerialEM is away, for each time that it ends unexpectedly.
    private let crashes: (wanted: AsyncStream<Double>, want: AsyncStream<Double>.Continuation)
    /// Seconds that a newcomer stays, for each that is to come.
    private let newcomers: (wanted: AsyncStream<Double>, want: AsyncStream<Double>.Continuation)

    private init(
        listener: Listener.Incoming, clientThreads: MultiThreadedEventLoopGroup, host: String, microscope: VirtualMicroscope, logger: Logger
    ) {
        firstListener = listener
        self.clientThreads = clientThreads
        self.host = host
        self.microscope = microscope
        self.logger = logger
        port = listener.channel.localAddress?.port ?? 0
        let (crashesWanted, crash) = AsyncStream.makeStream(of: Double.self, bufferingPolicy: .bufferingNewest(1))
        crashes = (crashesWanted, crash)
        let (newcomersWanted, newcomer) = AsyncStream.makeStream(of: Double.self)
        newcomers = (newcomersWanted, newcomer)
    }

    /// Takes the port; port 0 takes any free one. Nothing is answered before ``run()``.
    public static func bind(
        configuration: SimulatorConfiguration, host: String = "127.0.0.1", port: Int = 48888, faults: FaultPlan = FaultPlan(),
        logger: Logger
    ) async throws -> SimulatorServer {
        let clientThreads = MultiThreadedEventLoopGroup(numberOfThreads: 4)
        do {
            return SimulatorServer(
                listener: try await listen(host: host, port: port, clientThreads), clientThreads: clientThreads, host: host,
                microscope: VirtualMicroscope(configuration: configuration, faults: faults), logger: logger)
        } catch {
            clientThreads.shutdownGracefully { _ in }
            throw error
        }
    }

    deinit { clientThreads.shutdownGracefully { _ in } }

    private static func listen(
        host: String, port: Int, _ clientThreads: MultiThreadedEventLoopGroup
    ) async throws -> Listener.Incoming {
        do {
            return try await Listener.bind(host: host, port: port, clients: clientThreads)
        } catch {
            throw CommandFailure("The simulator cannot listen on \(host):\(port): \(error). Is the port in use? Choose another with --port.")
        }
    }

    /// Requests so far, whatever became of them.
    public var requestsSoFar: Int { requestCount.load(ordering: .relaxed) }
    func countRequest() { requestCount.add(1, ordering: .relaxed) }

    /// Lets SerialEM end unexpectedly; it is back after the seconds. False if it is away already.
    @discardableResult
    public func crash(seconds: Double) -> Bool {
        guard !isAway.exchange(true, ordering: .sequentiallyConsistent) else { return false }
        crashes.want.yield(seconds)
        return true
    }

    /// Lets another client come that stays for some seconds.
    func callNewcomer(seconds: Double) { newcomers.want.yield(seconds) }

    /// Serves clients until the task is cancelled.
    public func run() async throws {
        try await withTaskExecutorPreference(OwnThread()) { try await runOnOwnThread() }
    }

    private func runOnOwnThread() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.serveLifeAfterLife() }
            group.addTask { await self.sendNewcomers() }
            // The newcomers end with the server, and when the program goes down.
            _ = try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func serveLifeAfterLife() async throws {
        var listener = firstListener
        while let pause = try await serveUntilCrash(listener) {
            logger.notice("SerialEM has ended unexpectedly", metadata: ["simulator.seconds": "\(pause)"])
            await microscope.crash()
            do { try await Task.sleep(for: .seconds(pause)) } catch { return }
            listener = try await listenAgain()
            isAway.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Takes the port back, which a connection of another program may have been given for a moment.
    private func listenAgain() async throws -> Listener.Incoming {
        for _ in 0..<100 {
            do { return try await Self.listen(host: host, port: port, clientThreads) } catch {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return try await Self.listen(host: host, port: port, clientThreads)
    }

    /// Serves clients until SerialEM ends unexpectedly, and says for how long it is away; nil when the program goes down.
    private func serveUntilCrash(_ listener: Listener.Incoming) async throws -> Double? {
        let turn = Turn()
        return try await listener.executeThenClose { clients in
            // An acquisition belongs to no client: the one that asked for it leaves, and others come while it runs.
            let (acquisitions, acquisitionsWanted) = AsyncStream.makeStream(of: Void.self)
            pause.withLock { $0 = nil }
            // A discarding one: as many clients as come in a week leave nothing behind.
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask(executorPreference: OwnThread()) {
                    for await _ in acquisitions { await self.microscope.acquireUntilStopped() }
                }
                group.addTask {
                    for await seconds in self.crashes.wanted {
                        self.pause.withLock { $0 = seconds }
                        // Ends the loop below, but only after the clients that have come already.
                        listener.channel.close(promise: nil)
                        return
                    }
                }
                var present: Seat?
                for try await client in clients {
                    await present?.evict()
                    let seat = Seat(channel: client)
                    present = seat
                    group.addTask {
                        await turn.take()
                        await withTaskExecutorPreference(ClientExecutor(client)) { await self.serve(client, seat, acquisitionsWanted) }
                        await turn.pass()
                    }
                }
                group.cancelAll()
            }
            return pause.withLock { $0 }
        }
    }

    private func serve(
        _ channel: any Channel, _ seat: Seat, _ acquisitionsWanted: AsyncStream<Void>.Continuation
    ) async {
        do {
            let client: NIOAsyncChannel<ByteBuffer, ByteBuffer> = try await Listener.take(channel)
            try await client.executeThenClose { incoming, outgoing in
                var conversation = Conversation(
                    incoming: incoming.makeAsyncIterator(), outgoing: outgoing, channel: channel)
                while !seat.isEvicted, let packet = try await conversation.packet() {
                    defer { seat.setExecuting(false) }
                    try await self.answer(packet, &conversation, seat, acquisitionsWanted)
                }
            }
        } catch {
            logger.debug("client gone", metadata: ["simulator.reason": "\(error)"])
        }
        // Control stays on for a newcomer. Nobody is in control during an acquisition, and the next client shall not wait
        // for an exposure.
        if !seat.isEvicted, !microscope.isAcquiring { await microscope.clientLeft() }
    }

    /// Clients that do nothing but take the place of the one before.
    private func sendNewcomers() async {
        for await seconds in newcomers.wanted {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.beNewcomer() }
                group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func beNewcomer() async {
        do {
            try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: host == "0.0.0.0" ? "127.0.0.1" : host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
                .executeThenClose { incoming, _ in for try await _ in incoming {} }
        } catch {
            logger.debug("newcomer gone", metadata: ["simulator.reason": "\(error)"])
        }
    }
}
