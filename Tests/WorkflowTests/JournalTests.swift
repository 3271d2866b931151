import Foundation
import GRDB
import Store
import Synchronization
import Testing
@testable import Workflow

/// What the journal keeps of the inputs of steps, and what it says of entries that it cannot read.
@Suite struct JournalTests {
    private let id = StepIdentifier.grid(1, "count")

    private struct Input: Codable, Sendable {
        struct Setup: Codable, Sendable { var states: [String] }
        var overlap = 0.25
        var setup = Setup(states: ["3", "4"])
    }

    private func withJournal(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path + "/session.sqlite")
    }

    /// Runs the step and gives the notes of it.
    private func notes(_ path: String, _ step: Step<Input, Int>) async throws -> [String] {
        let told = Mutex<[String]>([])
        _ = try await Engine(journal: try SessionStore(path: path, settings: "")) { event in
            if case .note(let text) = event { told.withLock { $0.append(text) } }
        }.run(step)
        return told.withLock { $0 }
    }

    private func change(_ path: String, _ sql: String) throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
    }

    @Test func theInputOfAStepCanBeRead() async throws {
        try await withJournal { path in
            _ = try await notes(path, Step(id, title: "Count", input: Input()) { 1 })
            let entry = try #require(try await SessionStore(path: path, settings: "").entry(for: id))
            #expect(entry.input.json.map { String(decoding: $0, as: UTF8.self) } == #"{"overlap":0.25,"setup":{"states":["3","4"]}}"#)
            #expect(entry.input == (try StepInput(of: Input())))
        }
    }

    @Test("What changed since a step was begun is told with what follows", arguments: [
        (false, "it is done as the settings are now"),
        (true, "what it exposed then counts, and only what is missing is done as the settings are now"),
    ])
    func changedInput(exposes: Bool, next: String) async throws {
        try await withJournal { path in
            try await SessionStore(path: path, settings: "").intend(id, input: StepInput(of: Input()))
            let changed = Input(overlap: 0.3, setup: .init(states: ["3", "5"]))
            let step =
                exposes
                ? Step<Input, Int>(exposing: id, title: "Count", input: changed) { .happened(1) } perform: { 1 }
                : Step(id, title: "Count", input: changed) { 1 }
            #expect(
                try await notes(path, step)
                    == ["'Count' was begun with other settings (overlap: 0.25 -> 0.3, setup.states.2: 4 -> 5); \(next)"])
            #expect(try await notes(path, step) == [])
        }
    }

    @Test func anExposureThatWasDoneWithOtherSettingsIsRefusedWithWhatChanged() async throws {
        try await withJournal { path in
            let step = { (input: Input) in Step<Input, Int>(exposing: id, title: "Map", input: input) { .didNotHappen } perform: { 1 } }
            _ = try await notes(path, step(Input()))
            let error = await #expect(throws: WorkflowError.self) { _ = try await notes(path, step(Input(overlap: 0.3))) }
            #expect(error?.message.hasPrefix("Step grid-1/count was done with other settings (overlap: 0.25 -> 0.3) and is not repeated") == true)
        }
    }

    @Test func aJournalWithoutInputsGoesOnBeingRead() async throws {
        try await withJournal { path in
            _ = try await notes(path, Step(id, title: "Count", input: Input()) { 1 })
            try change(path, "UPDATE step SET input = NULL, state = 'failed', reason = 'x', output = NULL")
            #expect(
                try await notes(path, Step(id, title: "Count", input: Input(overlap: 0.3)) { 1 })
                    == ["'Count' was begun with other settings; it is done as the settings are now"])
        }
    }

    @Test("What is damaged is named with its file and the remedy", arguments: [
        ("output = CAST('nonsense' AS BLOB)", "an outcome"), ("products = CAST('[{}]' AS BLOB)", "the files"),
    ])
    func damage(change: String, what: String) async throws {
        try await withJournal { path in
            _ = try await notes(path, Step(id, title: "Count", input: Input()) { 1 })
            try self.change(path, "UPDATE step SET \(change)")
            let engine = Engine(journal: try SessionStore(path: path, settings: "")) { _ in }
            let error = await #expect(throws: WorkflowError.self) { _ = try await engine.lastOutput(of: id, as: Int.self) }
            let message = error?.message ?? ""
            #expect(message.hasPrefix("The journal \(path) holds \(what) of step grid-1/count that cannot be read ("), "\(message)")
            #expect(
                message.hasSuffix(
                    "); nothing of it was changed. Use the version of TomoPilot that wrote it, put back a copy of the journal, or use another session_dir."),
                "\(message)")
            await #expect(throws: WorkflowError.self) {
                _ = try await engine.output(of: id, inputDigest: try StepInput(of: Input()).digest, as: Int.self)
            }
        }
    }

    @Test func aJournalOfANewerBuildIsLeftAsItIs() async throws {
        try await withJournal { path in
            _ = try SessionStore(path: path, settings: "")
            try change(path, "INSERT INTO grdb_migrations (identifier) VALUES ('of next year')")
            let error = #expect(throws: WorkflowError.self) { _ = try SessionStore(path: path, settings: "") }
            #expect(
                error?.message
                    == "The journal \(path) was written by a newer TomoPilot than this one, and was left as it is; use that version to go on with it.")
        }
    }
}
