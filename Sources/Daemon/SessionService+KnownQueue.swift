import Store

/// What the service's file says of the queue.
struct KnownQueue: Sendable {
    let standstill: Standstill
    let sessions: [QueuedSession]
    let lastEvent: Int64
}

/// Who asks what the service does is answered also while another program has the file open, as a backup, from what was known last.
extension SessionService {
    private static let patience: Duration = .seconds(3)

    /// - Returns: the queue, and whether that is what was known last since the file cannot be read now.
    func knownQueue() async throws -> (queue: KnownQueue, isOld: Bool) {
        // Without a session all that there is to say is in the file, and what was known last may say 'idle' of a queue that is not.
        guard current != nil else { return (try await readQueue(), false) }
        // One that waits says what was there when it began; who asks later has to learn what came since.
        if let reading = lateReading {
            let isLate: Bool
            do { isLate = try await Self.result(of: reading) == nil } catch is CancellationError { throw CancellationError() } catch { isLate = false }
            if isLate, let last = lastQueue { return (last, true) }
            lateReading = nil
        }
        let reading = Task { try await self.readQueue() }
        guard let last = lastQueue else { return (try await reading.value, false) }
        if let queue = try await Self.result(of: reading) { return (queue, false) }
        lateReading = reading
        return (last, true)
    }

    private func readQueue() async throws -> KnownQueue {
        let queue = KnownQueue(standstill: try await store.standstill(), sessions: try await store.sessions(), lastEvent: try await store.lastEvent())
        lastQueue = queue
        return queue
    }

    /// What comes of a reading; nil where it takes too long, and it goes on then.
    private static nonisolated func result(of reading: Task<KnownQueue, any Error>) async throws -> KnownQueue? {
        let (ends, continuation) = AsyncStream.makeStream(of: Result<KnownQueue, any Error>?.self)
        let watch = Task { continuation.yield(await reading.result) }
        let timer = Task {
            // Cancelled, nobody asks any more.
            try? await Task.sleep(for: patience)
            continuation.yield(nil)
        }
        defer {
            watch.cancel()
            timer.cancel()
        }
        for await end in ends { return try end?.get() }
        throw CancellationError()
    }
}
