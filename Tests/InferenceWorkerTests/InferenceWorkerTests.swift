import Foundation
import InferenceWire
import InferenceWorker
import Logging
import Processes
import Testing

/// The programs of a build lie in the folder of its test bundle, wherever that is.
let buildFolder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath().deletingLastPathComponent()

/// `tomopilot-infer` of this build.
let workerPath: String = {
    let candidates = [buildFolder, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    let paths = candidates.map { $0.appendingPathComponent("tomopilot-infer").path }
    return paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? paths[0]
}()

func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)").path
}

@Suite struct InferenceWorkerTests {
    let logger = Logger(label: "test")

    /// What the golden network computes: channel 0 the sum of 3 x 3 pixels plus a half, channel 1 the pixel negated.
    static func expected(_ input: [Float], rows: Int, columns: Int) -> [Float] {
        var sums: [Float] = []
        for y in 0 ..< rows {
            for x in 0 ..< columns {
                var sum: Float = 0.5
                for v in max(0, y - 1) ... min(rows - 1, y + 1) {
                    for u in max(0, x - 1) ... min(columns - 1, x + 1) { sum += input[v * columns + u] }
                }
                sums.append(sum)
            }
        }
        return sums + input.map { -$0 }
    }

    @Test("A network traced in Python gives its numbers through the worker, at any size, twice")
    func roundTrip() async throws {
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        for (rows, columns) in [(8, 8), (20, 33), (256, 256)] {
            let values = (0 ..< rows * columns).map { Float(($0 * 37) % 101) / 8 }
            let output = try await worker.predict(
                model: golden("two_channels.torchscript"), input: Tensor(shape: [1, 1, rows, columns], values: values))
            #expect(output.shape == [1, 2, rows, columns])
            let difference = zip(output.values, Self.expected(values, rows: rows, columns: columns)).map { abs($0 - $1) }.max()
            #expect((difference ?? 1) < 1e-4)
        }
        let channels = try Tensor(shape: [1, 3, 4, 5], values: (0 ..< 60).map { Float($0) })
        let weighted = try await worker.predict(model: golden("three_channels.torchscript"), input: channels)
        #expect(weighted.shape == [1, 1, 4, 5])
        #expect(weighted.values == (0 ..< 20).map { 6 * Float($0) + 160 })
        let first = try await worker.predict(
            model: golden("tuple_output.torchscript"), input: Tensor(shape: [1, 1, 2, 2], values: [1, 2, 3, 4]))
        #expect(first.values == [2, 4, 6, 8])
        await worker.shutdown()
        await #expect(throws: InferenceWorkerError.shutDown) {
            try await worker.predict(model: golden("two_channels.torchscript"), input: Tensor(shape: [1], filledWith: 0))
        }
    }

    @Test(
        "A network that does anything but calculate is refused before it runs, wherever it hides that",
        arguments: [("writes_a_file", "aten::save"), ("reads_a_file", "aten::from_file"), ("runs_while_it_is_loaded", "__setstate__")])
    func programs(name: String, word: String) async throws {
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        await #expect {
            try await worker.predict(model: golden("\(name).torchscript"), input: Tensor(shape: [1, 1, 4, 4], filledWith: 1))
        } throws: { error in
            if case InferenceWorkerError.refused(_, let reason) = error { reason.contains("it wants to ") && reason.contains("'\(word)'") } else { false }
        }
        #expect(!FileManager.default.fileExists(atPath: "written_by_a_network"))
        await worker.shutdown()
    }

    @Test("Images that are given together come out as each does alone, in their order; one that is wrong costs only its batch", arguments: [1, 2, 3])
    func severalImages(threads: Int) async throws {
        let worker = InferenceWorker(executable: workerPath, threads: threads, logger: logger)
        let network = golden("two_channels.torchscript")
        let images = try (0 ..< 5).map { number in
            try Tensor(shape: [1, 1, 40, 30], values: (0 ..< 1200).map { Float(($0 * 37 + number * 11) % 101) / 8 })
        }
        for count in [0, 1, 2, 5] {
            let outputs = try await worker.predict(model: network, images: Array(images.prefix(count)))
            #expect(outputs.count == count)
            for (image, output) in zip(images, outputs) {
                #expect(output.shape == [1, 2, 40, 30])
                let difference = zip(output.values, Self.expected(image.values, rows: 40, columns: 30)).map { abs($0 - $1) }.max()
                #expect((difference ?? 1) < 1e-4)
            }
        }
        // As pixels they are the same to a network as their numbers.
        let grey = try (0 ..< 3).map { number in try GreyImage(width: 30, height: 40, pixels: (0 ..< 1200).map { UInt8(($0 * 37 + number * 11) % 256) }) }
        for count in 0 ... 3 {
            let outputs = try await worker.predict(model: network, greyImages: Array(grey.prefix(count)), channels: 1)
            let numbers = try grey.prefix(count).map { try Tensor(shape: [1, 1, 40, 30], values: $0.pixels.map { Float($0) / 255 }) }
            #expect(try await worker.predict(model: network, images: numbers) == outputs && outputs.count == count)
        }
        let identifier = await worker.processIdentifier()
        await #expect {
            try await worker.predict(model: network, greyImages: grey, channels: 3)
        } throws: { error in
            if case InferenceWorkerError.refused = error { true } else { false }
        }
        await #expect {
            try await worker.predict(model: network, images: [Tensor(shape: [1, 5, 4, 4], filledWith: 1), Tensor(shape: [1, 5, 4, 4], filledWith: 2)])
        } throws: { error in
            if case InferenceWorkerError.refused = error { true } else { false }
        }
        await #expect(throws: WireError.self) {
            try await worker.predict(model: network, images: [Tensor(shape: [1, 1, 4, 4], filledWith: 1), Tensor(shape: [1, 1, 4, 5], filledWith: 1)])
        }
        #expect(try await worker.predict(model: network, images: images).count == 5)
        #expect(await worker.processIdentifier() == identifier)
        await worker.shutdown()
    }

    #if os(Linux)
    @Test("A worker holds none of the service's files and ports, so that it cannot keep them after a crash")
    func openFiles() async throws {
        // Left open on exec, as the sockets of some libraries are.
        let kept = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).resolvingSymlinksInPath().path
        let descriptor = open(kept, O_CREAT | O_RDWR, 0o600)
        defer {
            close(descriptor)
            unlink(kept)
        }
        try #require(descriptor > 2)
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        _ = try await worker.predict(
            model: golden("tuple_output.torchscript"), input: Tensor(shape: [1, 1, 2, 2], values: [1, 2, 3, 4]))
        let folder = "/proc/\(try #require(await worker.processIdentifier()))/fd"
        let targets = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
        #expect(targets.contains { $0.hasPrefix("socket:") })
        #expect(!targets.contains(kept))
        await worker.shutdown()
    }
    #endif

    @Test("A missing or damaged network and a wrong input are refused, and the worker lives on")
    func refusals() async throws {
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        let input = Tensor(shape: [1, 1, 4, 4], filledWith: 1)
        let damaged = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data("not a network".utf8).write(to: URL(fileURLWithPath: damaged))
        defer { try? FileManager.default.removeItem(atPath: damaged) }
        for model in [golden("missing.torchscript"), damaged, golden("")] {
            await #expect {
                try await worker.predict(model: model, input: input)
            } throws: { error in
                if case InferenceWorkerError.refused(model, let reason) = error { return !reason.isEmpty && !reason.contains("\n") }
                return false
            }
        }
        let identifier = await worker.processIdentifier()
        await #expect(throws: InferenceWorkerError.self) {
            try await worker.predict(model: golden("two_channels.torchscript"), input: Tensor(shape: [1, 5, 4, 4], filledWith: 1))
        }
        #expect(try await worker.predict(model: golden("two_channels.torchscript"), input: input).shape == [1, 2, 4, 4])
        #expect(await worker.processIdentifier() == identifier)
        await worker.shutdown()
    }

    @Test("A worker that was killed is started again and the request answered")
    func restart() async throws {
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        let input = Tensor(shape: [1, 1, 4, 4], filledWith: 1)
        _ = try await worker.predict(model: golden("two_channels.torchscript"), input: input)
        let first = try #require(await worker.processIdentifier())
        kill(first, SIGKILL)
        let output = try await worker.predict(model: golden("two_channels.torchscript"), input: input)
        #expect(output.shape == [1, 2, 4, 4])
        let second = try #require(await worker.processIdentifier())
        #expect(second != first)
        await worker.shutdown()
        // Waited for, so not even a zombie is left.
        #expect(kill(second, 0) == -1)
    }

    @Test("A program that is not there, dies at once or says nothing is an error that says so")
    func deadWorkers() async throws {
        let input = Tensor(shape: [1, 1, 512, 512], filledWith: 1)
        await #expect(throws: InferenceWorkerError.workerNotFound(path: "/nowhere/tomopilot-infer")) {
            try await InferenceWorker(executable: "/nowhere/tomopilot-infer", logger: logger).predict(model: "/m", input: input)
        }
        await #expect(throws: InferenceWorkerError.workerDied(.status(3))) {
            try await InferenceWorker(executable: golden("ends-with-status-3"), logger: logger).predict(model: "/m", input: input)
        }
        await #expect(throws: InferenceWorkerError.workerDied(.signal(11))) {
            try await InferenceWorker(executable: golden("crashes"), logger: logger).predict(model: "/m", input: input)
        }
        let silent = InferenceWorker(executable: golden("says-nothing"), deadline: .milliseconds(300), logger: logger)
        await #expect(throws: InferenceWorkerError.deadlinePassed(seconds: 0.3)) {
            try await silent.predict(model: "/m", input: input)
        }
        #expect(await silent.processIdentifier() == nil)
    }

    @Test("A cancelled request ends at once, although its network runs on, and fails none of those that wait")
    func cancelledRequest() async throws {
        let input = Tensor(shape: [1, 1, 4, 4], filledWith: 1)
        let silent = InferenceWorker(executable: golden("says-nothing"), logger: logger)
        let asked = Task { try await silent.predict(model: "/m", input: input) }
        let waiting = Task { try await silent.predict(model: "/m", input: input) }
        // Where it is asked cannot be seen from here: the process is there a moment before.
        try await Task.sleep(for: .seconds(1))
        let begin = ContinuousClock.now
        asked.cancel()
        await #expect(throws: CancellationError.self) { try await asked.value }
        try await Task.sleep(for: .milliseconds(500))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        // And not when the ten minutes are over that an answer may take.
        #expect(ContinuousClock.now - begin < .seconds(300))
        #expect(await silent.processIdentifier() == nil)
        await silent.shutdown()

        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        _ = try await worker.predict(model: golden("two_channels.torchscript"), input: input)
        let outputs = try await withThrowingTaskGroup(of: [Int]?.self) { group in
            for number in 0 ..< 30 {
                group.addTask {
                    let request = Task { try await worker.predict(model: golden("two_channels.torchscript"), input: input) }
                    if number.isMultiple(of: 3) { request.cancel() }
                    do { return try await request.value.shape } catch is CancellationError { return number.isMultiple(of: 3) ? [1, 2, 4, 4] : nil }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outputs == Array(repeating: [1, 2, 4, 4], count: 30))
        await worker.shutdown()
    }

    @Test("A program that answers nonsense is stopped and its answer told as an error", arguments: ["babbles", "answers-unknown-kind"])
    func nonsense(_ program: String) async throws {
        let worker = InferenceWorker(executable: golden(program), deadline: .seconds(60), logger: logger)
        await #expect {
            try await worker.predict(model: "/m", input: Tensor(shape: [1], filledWith: 1))
        } throws: { error in
            if case InferenceWorkerError.line = error { return true }
            return false
        }
        #expect(await worker.processIdentifier() == nil)
    }

    @Test("Requests made at the same time are all answered, each with its own numbers")
    func concurrentRequests() async throws {
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: logger)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0 ..< 20 {
                group.addTask {
                    let output = try await worker.predict(
                        model: golden("two_channels.torchscript"),
                        input: Tensor(shape: [1, 1, 3, 3], filledWith: Float(number)))
                    return output.values[13] == -Float(number)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await worker.shutdown()
    }
}
