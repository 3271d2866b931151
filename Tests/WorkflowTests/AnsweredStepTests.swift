import Foundation
import Microscope
import Store
import Synchronization
import Testing
@testable import Workflow

/// A step that nobody can settle waits for a person, and does what the person says: once, and also after a restart.
@Suite struct AnsweredStepTests {
    private let id = StepIdentifier.lamella(3, 2, "medium-map")

    /// A person with prepared answers, and the questions that were asked.
    private final class Person: Sendable {
        private let answers: Mutex<[GivenAnswer]>
        private let questions = Mutex<[StepDoubt]>([])
        init(_ answers: [GivenAnswer]) { self.answers = Mutex(answers) }
        var asked: [StepDoubt] { questions.withLock { $0 } }

        func ask(_ doubt: StepDoubt, _ journal: SessionStore) async throws -> GivenAnswer {
            if let open = try await journal.openAnswer(to: doubt.step) { return open }
            questions.withLock { $0.append(doubt) }
            let answer = try #require(answers.withLock { $0.isEmpty ? nil : $0.removeFirst() })
            try await journal.remember(answer, to: doubt.step, about: doubt.reason, skip: nil)
            return answer
        }
    }

    private func withJournal(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("answered-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path + "/session.sqlite")
    }

    private func begun(_ path: String) async throws -> SessionStore {
        let store = try SessionStore(path: path, settings: "")
        try await store.intend(id, input: StepInput(of: 1))
        return store
    }

    private func map(read: @escaping @Sendable () throws -> String = { "read" }) -> Step<Int, String> {
        Step(exposing: id, title: "Map", input: 1) {
            .unknown("half of it is there", evidence: ["3 images"])
        } takenAsDone: {
            try read()
        } perform: {
            "exposed again"
        }
    }

    private func run(_ step: Step<Int, String>, _ journal: SessionStore, _ person: Person) async throws -> String {
        try await Engine(journal: journal) { _ in }.asking { try await person.ask($0, journal) }.run(step)
    }

    @Test func whatHappenedIsTakenAsDoneWithWhatCanBeRead() async throws {
        try await withJournal { path in
            let store = try await begun(path)
            let person = Person([GivenAnswer(.happened)])
            #expect(try await run(map(), store, person) == "read")
            #expect(person.asked == [StepDoubt(step: id, title: "Map", reason: "half of it is there", evidence: ["3 images"])])
            #expect(try await store.entry(for: id)?.state == .done)
            #expect(try await run(map(), store, person) == "read")
        }
    }

    @Test func whatCannotBeReadIsNotTakenAsDoneAndTheQuestionComesAgainWithTheReason() async throws {
        try await withJournal { path in
            let store = try await begun(path)
            let person = Person([GivenAnswer(.happened), GivenAnswer(.repeat)])
            let output = try await run(map { throw WorkflowError.refused("map.mrc has no image in it.") }, store, person)
            #expect(output == "exposed again")
            #expect(person.asked.map(\.refusal) == [nil, "'Map' cannot be taken as done: map.mrc has no image in it."])
        }
    }

    @Test func aRepetitionIsAllowedOnce() async throws {
        try await withJournal { path in
            let store = try await begun(path)
            let person = Person([GivenAnswer(.repeat), GivenAnswer(.happened)])
            struct Crash: Error {}
            let cut = Step<Int, String>(exposing: id, title: "Map", input: 1) {
                .unknown("half of it is there")
            } perform: {
                throw Crash()
            }
            await #expect(throws: Crash.self) { _ = try await run(cut, store, person) }
            #expect(try await run(map(), store, person) == "read")
            #expect(try await store.answers().map(\.answer.answer) == [.repeat, .happened])
        }
    }

    @Test func anAnswerThatNothingHasComeOfOutlivesARestart() async throws {
        try await withJournal { path in
            let store = try await begun(path)
            try await store.remember(GivenAnswer(.repeat, reason: "it was dark"), to: id, about: "half of it is there", skip: nil)
            let next = try SessionStore(path: path, settings: "")
            let person = Person([])
            #expect(try await run(map(), next, person) == "exposed again")
            #expect(person.asked.isEmpty)
            #expect(try await next.openAnswer(to: id) == nil)
            #expect(try await next.answers().map(\.answer) == [GivenAnswer(.repeat, reason: "it was dark")])
        }
    }

    @Test func aSkipIsOneOfTheSessionAndTheStepIsNotDone() async throws {
        try await withJournal { path in
            let store = try await begun(path)
            let skip = Skip(grid: 3, lamella: 2, reason: "torn")
            try await store.remember(GivenAnswer(.skip, reason: "torn"), to: id, about: "half of it is there", skip: skip)
            let next = try SessionStore(path: path, settings: "")
            #expect(try await next.skips() == [skip])
            #expect(try await next.openAnswer(to: id) == nil)
            #expect(try await next.entry(for: id)?.state == .intended)
        }
    }

    @Test("An answer's file says one of three words", arguments: [
        ("happened\n", GivenAnswer(.happened)), ("Repeat", GivenAnswer(.repeat)), ("  skip thick ice \n", GivenAnswer(.skip, reason: "thick ice")),
    ])
    func answerFile(text: String, answer: GivenAnswer) throws {
        try inQuestion(text) { question in
            let given = try question.given()
            #expect(given == answer)
        }
    }

    @Test("Any other word is refused with those that are possible", arguments: ["", "yes", "skipped"])
    func nonsense(text: String) throws {
        try inQuestion(text) { question in
            let error = #expect(throws: WorkflowError.self) { try question.given() }
            #expect(error?.message == "\(question.marker) says '\(text)'; it must say one of happened, repeat, skip, and may give a reason after it.")
        }
    }

    private func inQuestion(_ text: String, _ body: (StepQuestion) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("answer-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(
            StepQuestion(
                step: id, title: "Map lamella 2", slot: 3, grid: "G", reason: "half of it is there", evidence: [], marker: path, since: .now,
                until: .now + 3600, refusal: nil))
    }

    @Test func whereNobodyComesTheLamellaIsLeftOutOfThisRun() async throws {
        try await withJournal { path in
            let question = StepQuestion(
                step: id, title: "Map lamella 2", slot: 3, grid: "G", reason: "half of it is there", evidence: [], marker: path + ".txt",
                since: .now, until: .now, refusal: nil)
            let watch = PeopleWatch(question, over: FreeRun(), limit: .zero, reminder: nil, check: {}, report: { _ in })
            let verdict = await watch.verdict(at: .question(id))
            #expect(verdict == .skip("nobody said within 0.0 s what became of 'Map lamella 2' of grid G (slot 3): half of it is there"))
            #expect(watch.isOver)
            #expect(question.next.hasSuffix("the session leaves lamella 2 of grid 3 out, and the next run of the session asks again."))
        }
    }

    @Test func whatPeopleLeftOutStaysSoWhoeverRunsTheSessionNext() async throws {
        struct Person: Supervisor {
            let skips: [Skip]
            func verdict(at checkpoint: Checkpoint) -> Verdict { skips.contains { $0.covers(checkpoint) } ? .skip("ice") : .goOn }
            func untilReleased(at checkpoint: Checkpoint) {}
        }
        try await withJournal { path in
            let first = KeptSkips(
                Person(skips: [Skip(grid: 3, lamella: 2, reason: "ice")]), journal: try SessionStore(path: path, settings: ""), report: { _ in })
            _ = await first.verdict(at: .grid(slot: 1))
            let later = KeptSkips(FreeRun(), journal: try SessionStore(path: path, settings: ""), report: { _ in })
            #expect(await later.verdict(at: .lamella(slot: 3, number: 2, before: .mapping)) == .skip("ice"))
            #expect(await later.verdict(at: .question(id)) == .skip("ice"))
            #expect(await later.verdict(at: .lamella(slot: 3, number: 1, before: .mapping)) == .goOn)
            #expect(await later.verdict(at: .grid(slot: 3)) == .goOn)
        }
    }

    @Test func stepsTellWhatTheyAreAbout() {
        #expect((id.slot, id.lamella, id.kind) == (3, 2, "medium-map"))
        let grid = StepIdentifier.grid(12, "acquisition")
        #expect((grid.slot, grid.lamella, grid.kind) == (12, nil, "acquisition"))
        let session = StepIdentifier("session/microscope")
        #expect((session.slot, session.lamella) == (nil, nil))
    }
}
