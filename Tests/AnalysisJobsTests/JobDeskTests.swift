import AnalysisJobs
import Detection
import Foundation
import Geometry
import InferenceWire
import Raster
import Synchronization
import Testing
import Units

struct JobDeskTests {
    /// A clock that stands until a test moves it.
    private final class Clock: Sendable {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func advance(by step: Duration) { time.withLock { $0 += step } }
    }

    private let clock = Clock()
    private let said = Said()
    private final class Said: Sendable {
        private let events = Mutex<[JobEvent]>([])
        var all: [JobEvent] { events.withLock { $0 } }
        func add(_ event: JobEvent) { events.withLock { $0.append(event) } }
    }

    private func desk(attempts: Int = 3) -> JobDesk {
        let clock = clock
        return JobDesk(limits: .init(lease: .seconds(10), longest: .seconds(100), attempts: attempts, wait: .seconds(600)), now: { clock.now })
    }

    /// A model folder with networks of a few bytes.
    private func withModel(_ kind: ModelKind = .segmenter, _ body: (ModelFolder) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("weights".utf8).write(to: folder.appendingPathComponent("model.torchscript"))
        let description = ModelDescription(
            name: "m", kind: kind, networks: [.init(file: "model.torchscript", sha256: SHA256.hexadecimal(of: Array("weights".utf8)))], pixelSize: PixelSize(20),
            sideLength: kind == .detector ? 64 : nil, patchRows: 8, patchColumns: 8, classes: ["background", "cell"], normalisation: .unit, licence: "none")
        try JSONEncoder().encode(description).write(to: folder.appendingPathComponent("model.json"))
        try await body(try ModelFolder.open(folder.path))
    }

    private func job(_ model: ModelFolder, _ kind: AnalysisJob.Kind = .segmentation) throws -> AnalysisJob {
        AnalysisJob(kind: kind, title: "map 1", width: 3, height: 2, pixelSize: PixelSize(20), model: try ModelReference(model))
    }

    private func labels(_ values: [UInt8] = [0, 1, 0, 1, 0, 1]) throws -> Data {
        try JobResult(.labels(Raster(width: values.count, height: 1, pixels: values)), seconds: 1).encoded()
    }

    /// Hands in a job, has workers do something with it, and says how it ended.
    private func outcome(of job: AnalysisJob, at desk: JobDesk, model: ModelFolder, _ body: @escaping @Sendable () async throws -> Void) async throws -> JobDesk.Outcome {
        let said = said
        return try await withThrowingTaskGroup(of: JobDesk.Outcome?.self) { group in
            group.addTask { try await desk.perform(job, image: [1, 2, 3, 4, 5, 6], model: model) { said.add($0) } }
            group.addTask {
                while await desk.openings().isEmpty { await Task.yield() }
                try await body()
                return nil
            }
            var outcome: JobDesk.Outcome?
            for try await part in group { outcome = part ?? outcome }
            return try #require(outcome)
        }
    }

    private func worker(_ name: String, job: Int? = nil) -> JobRequest { JobRequest(worker: name, node: "node-\(name)", job: job) }

    @Test func aWorkerGetsTheMapAndItsResultIsTheSessions() async throws {
        try await withModel { model in
            let desk = desk()
            let outcome = try await outcome(of: job(model), at: desk, model: model) {
                let offer = try #require(try await desk.take(worker("a")))
                #expect(try await desk.image(offer.lease) == Data([1, 2, 3, 4, 5, 6]))
                #expect(try await desk.modelFile("model.torchscript", offer.lease) == model.path + "/model.torchscript")
                try await desk.finish(offer.lease, with: labels())
            }
            guard case .done(let result, probabilities: nil) = outcome, case .labels(let found) = result.found else { throw AnalysisJobError("\(outcome)") }
            #expect(found == Raster(width: 3, height: 2, pixels: [0, 1, 0, 1, 0, 1]))
            #expect(said.all == [.note("map 1: taken by a"), .note("map 1: done by a in 1 s")])
        }
    }

    @Test func aResultThatComesAfterItsLeaseIsRefusedAndTheOthersCounts() async throws {
        try await withModel { model in
            let desk = desk()
            let outcome = try await outcome(of: job(model), at: desk, model: model) {
                let old = try #require(try await desk.take(worker("a")))
                clock.advance(by: .seconds(11))
                let new = try #require(try await desk.take(worker("b")))
                await #expect(throws: AnalysisJobError.self) { try await desk.finish(old.lease, with: labels([0, 0, 0, 0, 0, 0])) }
                try await desk.finish(new.lease, with: labels())
                await #expect(throws: AnalysisJobError.self) { try await desk.finish(new.lease, with: labels()) }
            }
            guard case .done(let result, probabilities: nil) = outcome, case .labels(let found) = result.found else { throw AnalysisJobError("\(outcome)") }
            #expect(found.pixels == [0, 1, 0, 1, 0, 1])
            #expect(said.all.contains(.warning("map 1: a was not heard of for 10 s; another worker gets it")))
        }
    }

    @Test func resultsThatCannotBeTheJobsAreRefusedAndCountAsLosses() async throws {
        try await withModel { model in
            let desk = desk(attempts: 4)
            var damaged = try labels()
            damaged[damaged.count - 1] = 0
            let wrong = [try labels([0, 1]), damaged, try labels([0, 1, 0, 1, 0, 7]), Data("no head".utf8)]
            let outcome = try await outcome(of: job(model), at: desk, model: model) {
                for data in wrong {
                    let offer = try #require(try await desk.take(worker("a")))
                    await #expect(throws: AnalysisJobError.self) { try await desk.finish(offer.lease, with: data) }
                }
                #expect(try await desk.take(worker("a")) == nil)
            }
            guard case .missed(let reason) = outcome else { throw AnalysisJobError("\(outcome)") }
            #expect(reason == "it was tried 4 times, the last time The result of 'map 1' has no head.")
        }
    }

    @Test func boxesThatAreNoneAreRefused() async throws {
        try await withModel(.detector) { model in
            let job = try job(model, .detection)
            func result(_ box: Rectangle<Frame.MapPixels>, _ number: Int) throws -> Data {
                try JobResult(.lamellae([DetectedLamella(box: box, classIndex: number, className: "cell", score: 0.5)]), seconds: 1).encoded()
            }
            let good = Rectangle<Frame.MapPixels>(minX: 0, minY: 0, maxX: 2, maxY: 2)
            #expect(throws: Never.self) { try JobResult(result(good, 1), of: job, classes: 2) }
            #expect(throws: AnalysisJobError.self) { try JobResult(result(good, 2), of: job, classes: 2) }
            #expect(throws: AnalysisJobError.self) { try JobResult(result(good, 1) + Data([0]), of: job, classes: 2) }
        }
    }

    @Test func aWorkerOfAnotherVersionIsToldSo() async throws {
        let desk = desk()
        await #expect(throws: AnalysisJobError("The worker w has version 2 of the analysis jobs and this program version 1; install the same TomoPilot on both sides.")) {
            _ = try await desk.take(JobRequest(worker: "w", node: "n", schema: 2))
        }
        #expect(throws: AnalysisJobError("The other side has version 7 of the analysis jobs and this program version 1; install the same TomoPilot on both sides.")) {
            try JobCoding.decoded(JobOffer.self, from: Data(#"{"schema": 7, "something": "new"}"#.utf8))
        }
    }

    @Test func aFileOfTheModelIsGivenAndNoOther() async throws {
        try await withModel { model in
            let desk = desk()
            _ = try await outcome(of: job(model), at: desk, model: model) {
                let offer = try #require(try await desk.take(worker("a")))
                for name in ["../model.json", "/etc/passwd", "other"] {
                    await #expect(throws: AnalysisJobError.self) { _ = try await desk.modelFile(name, offer.lease) }
                }
                await #expect(throws: AnalysisJobError.self) { _ = try await desk.image("a lease that nobody has") }
                await desk.close(because: "enough")
            }
        }
    }

    @Test func whatAWorkerSaysIsOneLineOfTheLog() async throws {
        try await withModel { model in
            let desk = desk(attempts: 1)
            let outcome = try await outcome(of: job(model), at: desk, model: model) {
                let offer = try #require(try await desk.take(worker("a\nWARNING all is lost")))
                try await desk.fail(offer.lease, because: "no\nroom")
            }
            guard case .missed(let reason) = outcome else { throw AnalysisJobError("\(outcome)") }
            #expect(reason == "no·room")
            #expect(said.all == [.note("map 1: taken by a·WARNING all is lost")])
        }
    }

    @Test func aSessionThatIsStoppedTakesItsJobBack() async throws {
        try await withModel { model in
            let desk = desk()
            let (job, said) = (try job(model), said)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) { _ = try await desk.perform(job, image: [0, 0, 0, 0, 0, 0], model: model) { said.add($0) } }
                }
                while await desk.openings().isEmpty { await Task.yield() }
                let offer = try #require(try await desk.take(worker("a")))
                group.cancelAll()
                try await group.waitForAll()
                await #expect(throws: AnalysisJobError.self) { try await desk.finish(offer.lease, with: labels()) }
            }
        }
    }
}
