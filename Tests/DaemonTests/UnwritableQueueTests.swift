@testable import Daemon
import Foundation
import GRDB
import Store
import Synchronization
import Testing

/// The service's own file cannot be written for a while: it tells people, lives on, and runs nothing twice.
@Suite struct UnwritableQueueTests {
    @Test func aSessionWhoseEndCannotBeWrittenDownIsToldOfAndRunOnlyOnce() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 2)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                // The service writes to it at the same time.
                var patient = Configuration()
                patient.busyMode = .timeout(20)
                let file = try DatabaseQueue(path: folder + "/tomopilot.sqlite", configuration: patient)
                try await file.write {
                    try $0.execute(
                        sql: "CREATE TRIGGER full BEFORE UPDATE ON session WHEN NEW.state = 'done' BEGIN SELECT RAISE(ABORT, 'no room'); END")
                }
                try await service.add("a", grids: "[1]")
                try await service.add("b", grids: "[1]")
                try await service.logged {
                    $0.level == .alarm && $0.text.hasPrefix("The service cannot write down how session 'a' ended: ")
                }
                #expect(sessions.done == ["a grid 1"])
                try await file.write { try $0.execute(sql: "DROP TRIGGER full") }
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1", "b grid 1"])
                #expect(try await service.queue() == "a done, b done")
                #expect(try await service.log().count { $0.text.hasPrefix("The service cannot write down") } == 1)
            }
        }
    }

    private final class Ear: AlarmReceiver {
        let name = "the ear"
        private let heard = Mutex<[Alarm]>([])
        var all: [Alarm] { heard.withLock { $0 } }
        func send(_ alarm: Alarm) async throws { heard.withLock { $0.append(alarm) } }
    }

    @Test func aServiceThatIsStartedOnAFullDiskTellsPeopleAndGoesOnOnceThereIsRoom() async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            let settings = "session_dir: ./a\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
            _ = try await store.add(name: "a", folder: folder + "/a", settings: settings, base: folder, onFailure: nil, at: .now)
            _ = try await store.beginLife(at: .now)
            try await store.set(1, to: .running, reason: nil, at: .now)
            var patient = Configuration()
            patient.busyMode = .timeout(20)
            let file = try DatabaseQueue(path: folder + "/tomopilot.sqlite", configuration: patient)
            let tables = ["event", "life", "session", "hold"]
            try await file.write { db in
                for table in tables {
                    for action in ["INSERT", "UPDATE", "DELETE"] {
                        try db.execute(sql: "CREATE TRIGGER full\(table)\(action) BEFORE \(action) ON \(table) BEGIN SELECT RAISE(ABORT, 'no room'); END")
                    }
                }
            }
            let (ear, sessions) = (Ear(), ScriptedSessions())
            sessions.allow(steps: 1)
            try await RunningService.with(folder: folder, sessions: sessions, receivers: [ear]) { service in
                while ear.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                #expect(ear.all.first?.text.hasPrefix("The service cannot write down that it starts: ") == true)
                #expect(ear.all.first?.id == 0)
                #expect(try await service.service.status().obstacle?.hasPrefix("The service cannot write down that it starts: ") == true)
                try await Task.sleep(for: .milliseconds(100))
                #expect(ear.all.count == 1, "it is told once")
                #expect(sessions.done.isEmpty)
                try await file.write { db in
                    for table in tables { for action in ["INSERT", "UPDATE", "DELETE"] { try db.execute(sql: "DROP TRIGGER full\(table)\(action)") } }
                }
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1"])
                while ear.all.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
                #expect(ear.all.last?.kind == "crash")
            }
        }
    }
}
