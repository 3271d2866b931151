import Foundation
import Store
import Synchronization
import Testing
import Workflow

@Suite struct EngineTests {
    private struct Sentinel: Error {}

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func increment() { value.withLock { $0 += 1 } }
    }

    private func withJournal(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("session.sqlite").path)
    }

    private func engine(_ path: String) throws -> Engine {
        Engine(journal: try SessionStore(path: path, settings: "")) { _ in }
    }

    @Test func aStepThatIsDoneIsNotDoneAgainByTheNextRun() async throws {
        try await withJournal { path in
            let counter = Counter()
            for _ in 1 ... 2 {
                let result = try await engine(path).run(
                    Step(.grid(1, "count"), title: "Count", input: 5) {
                        counter.increment()
                        return "five"
                    })
                #expect(result == "five")
            }
            #expect(counter.count == 1)
        }
    }

    @Test func anAnalysisWithAnotherInputIsDoneAnew() async throws {
        try await withJournal { path in
            let counter = Counter()
            for input in [1, 2] {
                _ = try await engine(path).run(
                    Step(.grid(1, "count"), title: "Count", input: input) {
                        counter.increment()
                        return input
                    })
            }
            #expect(counter.count == 2)
        }
    }

    @Test func anExposureWithAnotherInputIsRefused() async throws {
        try await withJournal { path in
            let step = { (input: Int) in
                Step<Int, Int>(exposing: .grid(1, "map"), title: "Map", input: input) { .didNotHappen } perform: { input }
            }
            _ = try await engine(path).run(step(1))
            await #expect(throws: WorkflowError.self) { _ = try await engine(path).run(step(2)) }
        }
    }

    @Test func anExposureThatWasBegunIsAskedAboutAndNotRepeated() async throws {
        try await withJournal { path in
            let store = try SessionStore(path: path, settings: "")
            try await store.intend(.lamella(3, 2, "medium-map"), input: StepInput(of: 1))
            let counter = Counter()
            let result = try await engine(path).run(
                Step<Int, String>(exposing: .lamella(3, 2, "medium-map"), title: "Map", input: 1) {
                    .happened("on disk")
                } perform: {
                    counter.increment()
                    return "exposed"
                })
            #expect(result == "on disk")
            #expect(counter.count == 0)
        }
    }

    @Test func anExposureThatNobodyCanTellAboutStopsWithTheReason() async throws {
        try await withJournal { path in
            let store = try SessionStore(path: path, settings: "")
            try await store.intend(.lamella(3, 2, "medium-map"), input: StepInput(of: 1))
            let step = Step<Int, String>(exposing: .lamella(3, 2, "medium-map"), title: "Map", input: 1) {
                .unknown("the file is half there")
            } perform: {
                "exposed"
            }
            do {
                _ = try await engine(path).run(step)
                Issue.record("the step was done")
            } catch let error as WorkflowError {
                #expect(
                    error.message
                        == "Step grid-3/lamella-02/medium-map was begun and not finished, and it cannot be told whether it happened: the file is half there."
                )
            }
        }
    }

    @Test func aStepThatFailedIsDoneByTheNextRun() async throws {
        try await withJournal { path in
            await #expect(throws: Sentinel.self) {
                _ = try await engine(path).run(Step<Int, Int>(.grid(1, "seg"), title: "Segment", input: 1) { throw Sentinel() })
            }
            let made = try await engine(path).run(Step(.grid(1, "seg"), title: "Segment", input: 1) { 7 })
            #expect(made == 7)
        }
    }

    /// A journal on a disk that became full after the intent.
    private struct FullJournal: Journal {
        var place: String { "j.sqlite" }
        func entry(for step: StepIdentifier) async throws -> JournalEntry? { nil }
        func intend(_ step: StepIdentifier, input: StepInput) async throws {}
        func finish(_ step: StepIdentifier, input: StepInput, output: Data, products: [StepProduct]) async throws {}
        func doubt(_ step: StepIdentifier, reason: String, decision: UncertainSteps) async throws {}
        func remember(_ answer: GivenAnswer, to step: StepIdentifier, about question: String, skip: Skip?) async throws {}
        func openAnswer(to step: StepIdentifier) async throws -> GivenAnswer? { nil }
        func closeAnswers(to step: StepIdentifier) async throws {}
        func remember(_ skip: Skip) async throws {}
        func skips() async throws -> [Skip] { [] }
        func fail(_ step: StepIdentifier, input: StepInput, reason: String) async throws {
            throw WorkflowError.unusableJournal("j.sqlite", "cannot be written")
        }
    }

    @Test func aFailureThatCannotBeWrittenDownIsStillTheOneThatIsTold() async throws {
        let engine = Engine(journal: FullJournal()) { _ in }
        await #expect(throws: Sentinel.self) {
            _ = try await engine.run(Step<Int, Int>(.grid(1, "seg"), title: "Segment", input: 1) { throw Sentinel() })
        }
    }

    @Test func stepNamesAreTheSameInEveryRun() {
        #expect(StepIdentifier.grid(3, "name").path == "grid-3/name")
        #expect(StepIdentifier.lamella(3, 2, "medium-map").path == "grid-3/lamella-02/medium-map")
        #expect(StepIdentifier.lamella(3, 12, "medium-map").path == "grid-3/lamella-12/medium-map")
    }
}
