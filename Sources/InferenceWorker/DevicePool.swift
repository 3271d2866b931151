/// Lines to the devices of a machine. Work goes to a device that is free; where none is it waits, and gets one in its order.
actor DevicePool<Line: Sendable> {
    /// Thrown where work comes after the end.
    struct Closed: Error {}

    private let lines: [Line]
    /// Places of lines that do nothing.
    private var free: [Int]
    private var waiting: [CheckedContinuation<Int, Never>] = []
    private var isClosed = false

    /// - Parameter lines: the first ones are taken first.
    init(_ lines: [Line]) {
        self.lines = lines
        free = Array(lines.indices)
    }

    /// Does a piece of work on a line that nobody else has meanwhile.
    func perform<Result: Sendable>(_ work: @Sendable (Line) async throws -> Result) async throws -> Result {
        guard !isClosed else { throw Closed() }
        let place = await take()
        defer { give(place) }
        return try await work(lines[place])
    }

    /// Takes no more work, waits for what there is, and finishes each line.
    func close(_ finish: @Sendable (Line) async -> Void) async {
        guard !isClosed else { return }
        isClosed = true
        for _ in lines { await finish(lines[await take()]) }
    }

    private func take() async -> Int {
        if let first = free.min() {
            free.removeAll { $0 == first }
            return first
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func give(_ place: Int) {
        if waiting.isEmpty {
            free.append(place)
        } else {
            waiting.removeFirst().resume(returning: place)
        }
    }
}
