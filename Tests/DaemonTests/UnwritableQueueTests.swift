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

    @Test func aFileThatIsTakenAwayIsToldOfAndWrittenToAgainOnceItIsBack() async throws {
        try await withFolder { folder in
            let (ear, sessions) = (Ear(), ScriptedSessions())
            sessions.allow(steps: 9)
            let (file, away) = (folder + "/tomopilot.sqlite", folder + "/away.sqlite")
            try await RunningService.with(folder: folder, sessions: sessions, receivers: [ear]) { service in
                try await service.status(.idle)
                try FileManager.default.moveItem(atPath: file, toPath: away)
                let refusal = try await service.ask("POST", "/v1/queue", body: service.settings("a"))
                #expect(refusal.status == 500)
                #expect(refusal.error?.contains("The service's file \(file) was moved, removed or replaced while the service runs, so nothing can be written down: put it back") == true, "\(refusal.text)")
                service.service.changes.send()
                while ear.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                #expect(ear.all.first?.text.contains("was moved, removed or replaced") == true)
                try Data().write(to: URL(fileURLWithPath: file))
                #expect(try await service.ask("POST", "/v1/pause").status == 500, "another file of the name is not the service's")
                try FileManager.default.removeItem(atPath: file)
                try FileManager.default.moveItem(atPath: away, toPath: file)
                #expect(try await service.ask("POST", "/v1/resume").status == 200)
                try await service.add("a", grids: "[1]")
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1"])
            }
        }
    }

    @Test func whoAsksForTheStatusDoesNotWaitForAnotherProgramThatHasTheFileOpen() async throws {
        try await withFolder { folder in
            try await RunningService.with(folder: folder, sessions: ScriptedSessions()) { service in
                try await service.add("a", grids: "[1]")
                try await service.step("Map grid 1")
                var configuration = Configuration()
                configuration.allowsUnsafeTransactions = true
                configuration.busyMode = .timeout(20)
                let other = try DatabaseQueue(path: folder + "/tomopilot.sqlite", configuration: configuration)
                try lock(other, "BEGIN IMMEDIATE")
                let pause = Task { try await service.ask("POST", "/v1/pause") }
                // What it writes waits for the other program, and who reads would wait behind that.
                while await service.service.writing == nil { try await Task.sleep(for: .milliseconds(5)) }
                try await Task.sleep(for: .milliseconds(300))
                // It is free again only after both were answered.
                for _ in 1 ... 2 {
                    let status = try await service.ask("GET", "/v1/status").value(ServiceStatus.self)
                    #expect(status.state == .pausing, "the session is told at once")
                    #expect(status.session?.name == "a" && status.steps.map(\.title) == ["Map grid 1"])
                    #expect(status.remark == "The service's file is in use by another program, such as a backup; the queue is told as it was known last.")
                }
                try lock(other, "ROLLBACK")
                // Late, it is written down all the same.
                _ = try await pause.value
                while try await service.service.store.standstill().hold == nil { try await Task.sleep(for: .milliseconds(20)) }
                let status = try await service.ask("GET", "/v1/status").value(ServiceStatus.self)
                #expect((status.state, status.remark) == (.pausing, nil))
            }
        }
    }

    private func lock(_ file: DatabaseQueue, _ sql: String) throws { try file.inDatabase { try $0.execute(sql: sql) } }

    @Test func aQueueThatIsMadeAnewBesideSessionsIsToldOf() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/anna/monday", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: folder + "/anna/monday/session.sqlite"))
            for life in 1 ... 2 {
                let ear = Ear()
                try await RunningService.with(folder: folder, sessions: ScriptedSessions(), receivers: [ear]) { service in
                    try await service.status(.idle)
                    let alarms = try await service.log().filter { $0.level == .alarm }
                    #expect(alarms.count == 1, "in life \(life)")
                    #expect(alarms.first?.text.hasPrefix("The service begins with an empty queue, though sessions lie in \(folder): anna/monday. ") == true)
                    #expect(alarms.first?.text.contains("put it back and start the service again") == true)
                    guard life == 1 else { return }
                    while ear.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                }
            }
        }
    }
}
