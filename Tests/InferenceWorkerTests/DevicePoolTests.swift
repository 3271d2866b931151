import Foundation
import InferenceWire
import Logging
import Synchronization
import Testing

@testable import InferenceWorker

@Suite struct DevicePoolTests {
    /// How many pieces of work each line has, at this moment and at most.
    private final class Books: Sendable {
        struct State { var now: [Int: Int] = [:]; var most = 0; var mostOfOne = 0 }
        let state = Mutex(State())
        func begin(_ line: Int) {
            state.withLock {
                $0.now[line, default: 0] += 1
                $0.mostOfOne = max($0.mostOfOne, $0.now[line] ?? 0)
                $0.most = max($0.most, $0.now.values.reduce(0, +))
            }
        }
        func end(_ line: Int) { state.withLock { $0.now[line, default: 0] -= 1 } }
    }
    private struct Fault: Error {}

    @Test("No device has two pieces of work at once, and none is lost where work fails", arguments: [1, 2, 3, 8])
    func everyDevice(_ devices: Int) async throws {
        let pool = DevicePool(Array(0 ..< devices))
        let books = Books()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0 ..< 5 * devices {
                group.addTask {
                    do {
                        return try await pool.perform { line in
                            books.begin(line)
                            defer { books.end(line) }
                            for _ in 0 ..< 5 { await Task.yield() }
                            if number.isMultiple(of: 3) { throw Fault() }
                            return true
                        }
                    } catch is Fault { return false }
                }
            }
            var done = 0
            for try await succeeded in group { done += succeeded ? 1 : 0 }
            #expect(done == 5 * devices - (5 * devices + 2) / 3)
        }
        books.state.withLock {
            #expect($0.mostOfOne == 1)
            #expect($0.most <= devices)
            #expect($0.now.values.allSatisfy { $0 == 0 })
        }
    }

    @Test("As many pieces of work as there are devices are under way at once, and the next one waits")
    func allAtOnce() async throws {
        let pool = DevicePool([0, 1, 2])
        let (arrivals, arrived) = AsyncStream<Int>.makeStream()
        // The first three to arrive are on three devices; only then is anybody let go.
        try await withThrowingTaskGroup(of: Void.self) { group in
            let opener = Gate()
            for _ in 0 ..< 4 {
                group.addTask {
                    try await pool.perform { line in
                        arrived.yield(line)
                        await opener.wait()
                    }
                }
            }
            var lines: Set<Int> = []
            for await line in arrivals.prefix(3) { lines.insert(line) }
            #expect(lines == [0, 1, 2])
            await opener.open()
            try await group.waitForAll()
        }
    }

    @Test("The first free device is taken, those who wait get one in their order, and the end comes after all of them")
    func order() async throws {
        let pool = DevicePool([0, 1])
        #expect(try await pool.perform { $0 } == 0)
        #expect(try await pool.perform { $0 } == 0)
        let finished = Mutex<[Int]>([])
        await pool.close { line in finished.withLock { $0.append(line) } }
        #expect(finished.withLock { $0 } == [0, 1])
        await #expect(throws: DevicePool<Int>.Closed.self) { try await pool.perform { $0 } }
        await pool.close { line in finished.withLock { $0.append(line) } }
        #expect(finished.withLock { $0.count } == 2)
    }

    /// Lets nobody pass until it is opened.
    private actor Gate {
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []
        func wait() async {
            guard !isOpen else { return }
            await withCheckedContinuation { waiting.append($0) }
        }
        func open() {
            isOpen = true
            for waiter in waiting { waiter.resume() }
            waiting = []
        }
    }

    // MARK: programs that say they have GPUs

    /// Keeps what a worker warns of.
    private struct Keeper: LogHandler {
        let lines: Kept
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.texts.withLock { $0.append("\(event.message)") } }
    }
    private final class Kept: Sendable { let texts = Mutex<[String]>([]) }

    /// A worker that has `gpus` GPUs by its own words, on which no network finds room, and writes down which device it was started for.
    private func program(gpus: Int, in folder: String) throws -> String {
        let path = folder + "/worker"
        try """
            #!/usr/bin/env python3
            import struct, sys
            device = sys.argv[sys.argv.index("--device") + 1] if "--device" in sys.argv else "chosen"
            open("\(folder)/started", "a").write(device + "\\n")
            def send(frame):
                sys.stdout.buffer.write(struct.pack("<I", len(frame)) + frame)
                sys.stdout.buffer.flush()
            while True:
                head = sys.stdin.buffer.read(4)
                if len(head) < 4:
                    break
                frame = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
                if frame == bytes([2]):
                    send(bytes([4]) + struct.pack("<II", \(gpus), 4) + b"fake")
                elif device == "cpu":
                    send(bytes([1, 1]) + struct.pack("<If", 1, 7.0))
                else:
                    text = b"CUDA out of memory."
                    send(bytes([3]) + struct.pack("<I", len(text)) + text)
            """.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    @Test("A network that finds no room on a GPU runs on the processor, and the log says so", arguments: [1, 3])
    func exhausted(_ gpus: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let kept = Kept()
        let worker = InferenceWorker(
            executable: try program(gpus: gpus, in: folder), threads: 1, deadline: .seconds(60), logger: Logger(label: "test") { _ in Keeper(lines: kept) }, looksForGPUs: true)
        #expect(try await worker.machine() == InferenceMachine(library: "fake", gpus: gpus))
        let answer = try await worker.predict(model: "/m", input: Tensor(shape: [1], filledWith: 1))
        #expect(answer.values == [7])
        // The next one goes there at once, and nobody is told twice.
        _ = try await worker.predict(model: "/m", input: Tensor(shape: [1], filledWith: 1))
        #expect(kept.texts.withLock { $0 }.count == 1)
        #expect(kept.texts.withLock { $0 }.contains { $0.contains("runs on the processor now") })
        await worker.shutdown()
        await #expect(throws: InferenceWorkerError.shutDown) { try await worker.predict(model: "/m", input: Tensor(shape: [1], filledWith: 1)) }
        let started = try String(contentsOfFile: folder + "/started", encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(started == ["chosen", "cpu"])
    }

    @Test("Where no GPU is looked for, too little memory is an error of the one request")
    func exhaustedProcessor() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let worker = InferenceWorker(
            executable: try program(gpus: 0, in: folder), threads: 1, deadline: .seconds(60), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, looksForGPUs: false)
        await #expect(throws: InferenceWorkerError.memoryExhausted(model: "/m", reason: "CUDA out of memory.")) {
            try await worker.predict(model: "/m", input: Tensor(shape: [1], filledWith: 1))
        }
        await worker.shutdown()
    }

    @Test("Devices are named and read back, and a machine without a GPU runs networks on its processor")
    func names() {
        for device in [InferenceDevice.processor, .gpu(0), .gpu(7)] { #expect(InferenceDevice(device.description) == device) }
        for text in ["", "gpu", "gpu--1", "gpu-64", "cuda:0"] { #expect(InferenceDevice(text) == nil) }
        #expect(InferenceMachine(library: "x", gpus: 0).devices == [.processor])
        #expect(InferenceMachine(library: "x", gpus: 2).devices == [.gpu(0), .gpu(1)])
    }
}
