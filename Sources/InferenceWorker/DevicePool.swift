/// Lines to the devices of a machine. Work goes to a device that is free; where none is it waits, and gets one in its order.
actor DevicePool<Line: Sendable> {
    /// Thrown where work comes after the end.
    struct Closed: Error {}

    private let lines: [Line]
    /// Places of lines that do nothing.
    private var free: [Int]
    private var waiting: [(number: Int, continuation: CheckedContinuation<Int?, Never>)] = []
    private var waits = 0
    private var isClosed = false

    /// - Parameter lines: the first ones are taken first.
    init(_ lines: [Line]) {
        self.lines = lines
        free = Array(lines.indices)
    }

    /// Does a piece of work on a line that nobody else has meanwhile. Cancelled, it waits for none.
    func perform<Result: Sendable>(_ work: @Sendable (Line) async throws -> Result) async throws -> Result {
        guard !isClosed else { throw Closed() }
        guard let place = await take(unlessCancelled: true) else { throw CancellationError() }
        defer { give(place) }
        // Who gave up while it waited takes nobody's time.
        try Task.checkCancellation()
        return try await work(lines[place])
    }

    /// Takes no more work, waits for what there is, and finishes each line.
    func close(_ finish: @Sendable (Line) async -> Void) async {
        guard !isClosed else { return }
        isClosed = true
        // Also where the session that ends was cancelled.
        for _ in lines { if let place = await take(unlessCancelled: false) { await finish(lines[place]) } }
    }

    private func take(unlessCancelled givesUp: Bool) async -> Int? {
        if let first = free.min() {
            free.removeAll { $0 == first }
            return first
        }
        waits += 1
        let number = waits
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if givesUp, Task.isCancelled {
                    continuation.resume(returning: nil)
                } else {
                    waiting.append((number, continuation))
                }
            }
        } onCancel: {
            if givesUp { Task { await self.giveUp(number) } }
        }
    }

    private func giveUp(_ number: Int) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: index).continuation.resume(returning: nil)
    }

    private func give(_ place: Int) {
        if waiting.isEmpty {
            free.append(place)
        } else {
            waiting.removeFirst().continuation.resume(returning: place)
        }
    }
}
