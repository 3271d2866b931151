import Foundation
import GRDB
@testable import Store
import Testing
import Workflow

@Suite struct QueueStoreTests {
    private func withStore(_ body: (QueueStore, String) async throws -> Void) async throws {
        try await withFolder { folder in
            let path = folder + "/tomopilot.sqlite"
            try await body(try QueueStore(path: path), path)
        }
    }

    @discardableResult
    private func add(_ name: String, to store: QueueStore) async throws -> Int64 {
        try await store.add(name: name, folder: "/s/\(name)", settings: "x", base: "/s", onFailure: nil, at: .now).id
    }

    private func order(_ store: QueueStore) async throws -> String {
        try await store.sessions().map(\.name).joined(separator: " ")
    }

    private func change(_ path: String, _ sql: String) throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
    }

    @Test func aTimeThatIsNoneIsNamedWithItsLineAndFile() async throws {
        try await withStore { store, path in
            try await store.log("begins", kind: "run", at: .now)
            try change(path, "UPDATE event SET time = 'yesterday'")
            let error = await #expect(throws: WorkflowError.self) { _ = try await store.events(after: 0, limit: 10) }
            #expect(
                error?.message
                    == "The service's file \(path) has 'yesterday' as a time of line 1 of the log, which is none; put back a copy of the file, or "
                    + "begin with another --folder.")
        }
    }

    @Test func aFileThatAnotherProgramHasOpenIsNoOtherTomopilots() {
        let error = QueueStore.worded(DatabaseError(resultCode: .SQLITE_BUSY), path: "/s/tomopilot.sqlite") as? WorkflowError
        #expect(error?.message == "The service's file /s/tomopilot.sqlite is in use by another program, such as a backup or an sqlite3; end that, or wait for it.")
    }

    @Test func aStoreOfANewerBuildIsLeftAsItIs() async throws {
        try await withStore { _, path in
            try change(path, "INSERT INTO grdb_migrations (identifier) VALUES ('of next year')")
            let error = #expect(throws: WorkflowError.self) { _ = try QueueStore(path: path) }
            #expect(error?.message.contains("was written by a newer TomoPilot than this one, and was left as it is") == true)
        }
    }

    @Test("A session that waits moves to any place among those that wait", arguments: [
        (1, 1, "a b c"), (1, 2, "b a c"), (1, 3, "b c a"), (3, 1, "c a b"), (2, 99, "a c b"),
    ] as [(Int64, Int, String)])
    func move(id: Int64, place: Int, expected: String) async throws {
        try await withStore { store, _ in
            for name in ["a", "b", "c"] { try await add(name, to: store) }
            _ = try await store.move(id, to: place)
            #expect(try await order(store) == expected)
        }
    }

    @Test func theSessionUnderWayIsFirstAndStays() async throws {
        try await withStore { store, _ in
            for name in ["a", "b", "c"] { try await add(name, to: store) }
            try await store.set(2, to: .running, reason: nil, at: .now)
            _ = try await store.move(3, to: 1)
            #expect(try await order(store) == "b c a")
            #expect(try await store.next()?.name == "b")
            #expect(try await store.move(2, to: 1)?.state == .running)
            #expect(try await store.remove(2, reason: "x", at: .now)?.state == .running)
            #expect(try await order(store) == "b c a")
        }
    }

    @Test func aHeldQueueStartsNothingAndASessionThatIsRetriedComesFirstWhenTheHoldIsLifted() async throws {
        try await withStore { store, _ in
            for name in ["a", "b"] { try await add(name, to: store) }
            try await store.set(1, to: .failed, reason: "x", at: .now)
            try await store.setHold(Standstill.Hold(reason: "a failed", session: 1))
            #expect(try await store.next() == nil)
            // Whoever asks meanwhile sees the hold, or the retried session first, and never the one behind it.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 1 ... 200 { if let next = try await store.next() { #expect(next.name == "a") } }
                }
                _ = try await store.retry(1)
                try await group.waitForAll()
            }
            #expect(try await store.next()?.name == "a")
        }
    }

    @Test func twoSessionsCannotHaveTheMicroscope() async throws {
        try await withStore { store, _ in
            for name in ["a", "b"] { try await add(name, to: store) }
            try await store.set(1, to: .paused, reason: "x", at: .now)
            await #expect(throws: WorkflowError.self) { try await store.set(2, to: .running, reason: nil, at: .now) }
            #expect(try await store.session(2)?.state == .queued)
        }
    }

    @Test func aFailureWithoutAReasonIsNotWrittenDown() async throws {
        try await withStore { store, _ in
            try await add("a", to: store)
            await #expect(throws: WorkflowError.self) { try await store.set(1, to: .failed, reason: nil, at: .now) }
        }
    }

    @Test func everythingIsThereAfterANewStart() async throws {
        try await withStore { store, path in
            try await add("a", to: store)
            try await store.set(1, to: .running, reason: nil, at: .now)
            try await store.setHold(Standstill.Hold(reason: "paused by a person"))
            try await store.add(Skip(grid: 1, lamella: 2, reason: "ice"), to: 1)
            try await store.add(Skip(grid: 1, lamella: 2, reason: "thick ice"), to: 1)
            try await store.add(Skip(grid: 3, lamella: nil, reason: "torn"), to: 1)
            try await store.log("one", kind: "note", session: 1, at: .now)
            let again = try QueueStore(path: path)
            #expect(try await again.next()?.state == .running)
            #expect(try await again.standstill().hold?.reason == "paused by a person")
            #expect(
                try await again.skips(of: 1)
                    == [Skip(grid: 1, lamella: 2, reason: "thick ice"), Skip(grid: 3, lamella: nil, reason: "torn")])
            #expect(try await again.events(after: 0, limit: 10).map(\.text) == ["one"])
        }
    }

    @Test func theLogComesInPages() async throws {
        try await withStore { store, _ in
            for number in 1 ... 7 { try await store.log("\(number)", kind: "note", at: .now) }
            var pages: [[String]] = []
            var last: Int64 = 0
            while case let page = try await store.events(after: last, limit: 3), let end = page.last {
                pages.append(page.map(\.text))
                last = end.id
            }
            #expect(pages == [["1", "2", "3"], ["4", "5", "6"], ["7"]])
            #expect(try await store.lastEvent() == last)
        }
    }

    @Test func theUsualTimeOfAStepIsTheMedianOfItsKind() async throws {
        try await withStore { store, _ in
            #expect(try await store.medianTime(ofStep: "medium-map") == nil)
            for seconds in [5, 1, 900] { try await store.remember(.seconds(seconds), ofStep: "medium-map") }
            try await store.remember(.seconds(7), ofStep: "recentred")
            #expect(try await store.medianTime(ofStep: "medium-map") == .seconds(5))
            try await store.remember(.seconds(6), ofStep: "medium-map")
            #expect(try await store.medianTime(ofStep: "medium-map") == .seconds(5.5))
        }
    }

    @Test func aFileThatIsNoDatabaseIsNamed() async throws {
        try await withFolder { folder in
            let path = folder + "/tomopilot.sqlite"
            try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: WorkflowError.self) { try QueueStore(path: path) }
            #expect(error?.message.hasPrefix("The service's file \(path) cannot be read: file is not a database; put back a copy of the file, or begin with another --folder.") == true)
        }
    }
}
