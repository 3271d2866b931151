import Foundation
import Store
import Synchronization
import Testing
import Workflow

/// Steps that an earlier run began or did, and what is left of them.
@Suite struct UnsettledStepTests {
    private let id = StepIdentifier.lamella(3, 2, "medium-map")

    private final class Told: Sendable {
        private let events = Mutex<[RunEvent]>([])
        func take(_ event: RunEvent) { events.withLock { $0.append(event) } }
        var warnings: [String] {
            events.withLock { $0.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("unsettled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private func begun(in folder: String) async throws -> SessionStore {
        let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
        try await store.intend(id, input: StepInput(of: 1))
        return store
    }

    private var doubtful: Step<Int, String> {
        Step(exposing: id, title: "Map", input: 1) { .unknown("half of it is there") } perform: { "exposed again" }
    }

    @Test func whatCannotBeSettledIsDoneAgainOnlyWhereTheSettingsSaySo() async throws {
        try await withFolder { folder in
            let store = try await begun(in: folder)
            for decision in [UncertainSteps.stop, .skip] {
                await #expect(throws: WorkflowError.self) {
                    _ = try await Engine(journal: store, uncertainSteps: decision) { _ in }.run(doubtful)
                }
            }
            let told = Told()
            let output = try await Engine(journal: store, uncertainSteps: .repeat, report: told.take).run(doubtful)
            #expect(output == "exposed again")
            #expect(told.warnings == ["Map is done again, as uncertain_steps says: half of it is there"])
            #expect(try store.doubts().map(\.decision) == [.stop, .skip, .repeat])
            #expect(try store.doubts().allSatisfy { $0.step == id && $0.reason == "half of it is there" })
        }
    }

    @Test func whatHappenedInPartIsFinishedAndNotDoneAgain() async throws {
        try await withFolder { folder in
            let store = try await begun(in: folder)
            let output = try await Engine(journal: store) { _ in }.run(
                Step<Int, String>(exposing: id, title: "Map", input: 1) {
                    .partly("3 of 4") { "the fourth" }
                } perform: {
                    "all four"
                })
            #expect(output == "the fourth")
        }
    }

    private func drawing(_ file: String) -> Step<Int, String> {
        Step(.grid(1, "picture"), title: "Draw", input: 1, products: { [$0] }) {
            try Data("drawn".utf8).write(to: URL(fileURLWithPath: file))
            return file
        }
    }

    @Test func aPictureThatSomebodyDeletedIsMadeAgain() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let told = Told()
            let engine = Engine(journal: store, report: told.take)
            let file = folder + "/picture.png"
            _ = try await engine.run(drawing(file))
            try FileManager.default.removeItem(atPath: file)
            _ = try await engine.run(drawing(file))
            #expect(FileManager.default.fileExists(atPath: file))
            #expect(told.warnings == ["\(file) has been deleted since; Draw is done again"])
        }
    }

    @Test func aPictureThatSomebodyChangedIsToldOfAndStays() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let told = Told()
            let engine = Engine(journal: store, report: told.take)
            let file = folder + "/picture.png"
            _ = try await engine.run(drawing(file))
            try Data("by hand".utf8).write(to: URL(fileURLWithPath: file))
            _ = try await engine.run(drawing(file))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "by hand")
            #expect(told.warnings == ["\(file) was changed after 'Draw'; it is used as it is now"])
        }
    }

    @Test func aMapThatSomebodyDeletedIsNotExposedAgain() async throws {
        try await withFolder { folder in
            let store = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let file = folder + "/map.mrc"
            let step = Step<Int, String>(exposing: id, title: "Map", input: 1, products: { [$0] }) { .didNotHappen } perform: {
                try Data("exposed".utf8).write(to: URL(fileURLWithPath: file))
                return file
            }
            let engine = Engine(journal: store) { _ in }
            _ = try await engine.run(step)
            try FileManager.default.removeItem(atPath: file)
            await #expect(throws: WorkflowError.self) { _ = try await engine.run(step) }
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func aJournalWhoseLastRecordIsTornIsReadUpToTheOneBefore() async throws {
        try await withFolder { folder in
            let path = folder + "/session.sqlite"
            let copy = folder + "/torn.sqlite"
            let store = try SessionStore(path: path, settings: "")
            try await store.intend(.grid(1, "first"), input: StepInput(digest: "1", json: nil))
            try await store.finish(.grid(1, "first"), input: StepInput(digest: "1", json: nil), output: Data("1".utf8), products: [])
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let before = try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count
            try await store.intend(.grid(1, "second"), input: StepInput(digest: "2", json: nil))
            // The power went in the middle of the record of the second step.
            let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
            #expect(log.count > before)
            try log.prefix(before + 100).write(to: URL(fileURLWithPath: copy + "-wal"))
            let torn = try SessionStore(path: copy, settings: "")
            #expect(try await torn.entry(for: .grid(1, "first"))?.state == .done)
            #expect(try await torn.entry(for: .grid(1, "second")) == nil)
        }
    }
}
