@testable import Daemon
import Foundation
import GRDB
import Microscope
import Store
import Synchronization
import Testing
import Workflow

/// Why the queue is held: what a person said, what a session left, and a microscope that is not safe, each for itself.
@Suite struct HoldTests {
    private static let busy = SafeState(reached: [], failures: ["SerialEM is busy."])
    private static let safe = SafeState(reached: ["beam blanked"], failures: [])

    /// The service's file; the service may write to it at the same time.
    private func file(in folder: String) throws -> DatabaseQueue {
        var patient = Configuration()
        patient.busyMode = .timeout(20)
        return try DatabaseQueue(path: folder + "/tomopilot.sqlite", configuration: patient)
    }

    private func close(_ folder: String) async throws {
        try await file(in: folder).write {
            try $0.execute(sql: "CREATE TRIGGER full BEFORE INSERT ON hold BEGIN SELECT RAISE(ABORT, 'no room'); END")
            try $0.execute(sql: "CREATE TRIGGER fuller BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'no room'); END")
        }
    }

    private func open(_ folder: String) async throws {
        try await file(in: folder).write { try $0.execute(sql: "DROP TRIGGER full; DROP TRIGGER fuller") }
    }

    private func reason(_ service: RunningService) async throws -> String? { try await service.ask("GET", "/v1/status").value(ServiceStatus.self).reason }

    @Test func aPauseDoesNotHideThatTheMicroscopeIsUnsafeAndANewServiceMakesTheRightOneSafe() async throws {
        try await withFolder { folder in
            let first = ScriptedSessions()
            first.allow(steps: 9)
            first.leave(safe: false)
            try await RunningService.with(folder: folder, sessions: first, safeguard: { _, _, _ in Self.busy }) { service in
                _ = try await service.ask("POST", "/v1/pause")
                try await service.add("a", query: "?name=x")
                // It has the same name, and comes later.
                try await service.add("b", query: "?name=x")
                _ = try await service.ask("POST", "/v1/resume")
                try await service.status(.held)
                _ = try await service.ask("POST", "/v1/pause")
                #expect(try await reason(service) == "paused by a person; the microscope could not be made safe after session 'x'")
            }
            let second = ScriptedSessions()
            second.allow(steps: 9)
            let asked = Mutex<[String]>([])
            try await RunningService.with(
                folder: folder, sessions: second,
                safeguard: { settings, _, _ in
                    asked.withLock { $0.append(settings.sessionFolder) }
                    return Self.safe
                }
            ) { service in
                try await service.logged { $0.text.hasPrefix("SerialEM takes commands again after ") && $0.text.hasSuffix("; the queue waits on") }
                try await service.status { $0.reason == "paused by a person" }
                #expect(asked.withLock { $0 } == [folder + "/a"])
                #expect(try await service.queue() == "x done, x queued")
                _ = try await service.ask("POST", "/v1/resume")
                try await service.status(.idle)
            }
        }
    }

    @Test func aPauseWhileTheMicroscopeIsMadeSafeStays() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            sessions.leave(safe: false)
            let isFree = Mutex(false)
            try await RunningService.with(
                folder: folder, sessions: sessions, safeguard: { _, _, _ in isFree.withLock { $0 } ? Self.safe : Self.busy }
            ) { service in
                try await service.add("a")
                try await service.status(.held)
                _ = try await service.ask("POST", "/v1/pause")
                isFree.withLock { $0 = true }
                try await service.status { $0.reason == "paused by a person" }
                #expect(try await service.service.store.standstill() == Standstill(hold: .init(reason: "paused by a person"), unsafe: nil))
            }
        }
    }

    @Test func whatEarlierBuildsWroteIntoTheHoldIsTakenApart() async throws {
        try await withFolder { folder in
            let path = folder + "/tomopilot.sqlite"
            let store = try QueueStore(path: path)
            for _ in 1 ... 3 { _ = try await store.add(name: "a", folder: "/s/a", settings: "x", base: "/s", onFailure: nil, at: .now) }
            try await store.set(1, to: .failed, reason: "x", at: .now - 100)
            try await store.set(2, to: .failed, reason: "x", at: .now)
            func asBefore(_ hold: String) async throws -> Standstill {
                try await DatabaseQueue(path: path).write { db in
                    try db.execute(sql: "DROP TABLE hold; DROP TABLE unsafe; DELETE FROM grdb_migrations WHERE identifier = 'holds of sessions'")
                    try db.execute(sql: "CREATE TABLE hold (id INTEGER PRIMARY KEY CHECK (id = 1), reason TEXT NOT NULL CHECK (length(reason) > 0)) STRICT")
                    try db.execute(sql: "INSERT INTO hold (id, reason) VALUES (1, ?)", arguments: [hold])
                }
                return try await QueueStore(path: path).standstill()
            }
            let unsafe = "the microscope could not be made safe after session 'a'"
            var still = try await asBefore(unsafe)
            #expect((still.hold, still.unsafe?.id) == (nil, 2))
            still = try await asBefore("session 'a' failed: x; \(unsafe)")
            #expect((still.hold, still.unsafe?.id) == (.init(reason: "session 'a' failed: x", session: 2), 2))
            still = try await asBefore("paused by a person")
            #expect((still.hold, still.unsafe?.id) == (.init(reason: "paused by a person"), nil))
        }
    }

    @Test func aRetryLiftsTheHoldOfItsOwnSessionAndNotOfAnotherOfItsName() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 1)
            sessions.lack("grid 2")
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]", query: "?name=x")
                try await service.status(.idle)
                sessions.fail(with: MicroscopeError(.unreachable, "No connection to SerialEM."))
                try await service.add("b", grids: "[1]", query: "?name=x")
                try await service.status(.held)
                #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
                #expect(try await service.service.store.standstill().hold?.session == 2)
                try await service.status(.held)
                #expect(try await service.queue() == "x queued, x failed")
                sessions.allow(steps: 9)
                #expect(try await service.ask("POST", "/v1/queue/2/retry").status == 200)
                try await service.status(.idle)
                #expect(try await service.queue() == "x done, x done")
            }
        }
    }

    @Test func aPauseThatCannotBeWrittenDownIsObeyedAndWrittenDownLater() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.status(.idle)
                try await close(folder)
                let answer = try await service.ask("POST", "/v1/pause")
                #expect(answer.error?.hasPrefix("It is done, and holds as long as the service runs; a restart before it can be written down would not know of it: ") == true, "\(answer.text)")
                try await service.add("a", grids: "[1]")
                try await Task.sleep(for: .milliseconds(100))
                #expect(try await reason(service) == "paused by a person")
                #expect(sessions.done.isEmpty)
                #expect(try await service.service.store.standstill().hold == nil)
                try await open(folder)
                try await service.logged { $0.text == "what a person asked for is written down now" }
                #expect(try await service.service.store.standstill().hold?.reason == "paused by a person")
                #expect(sessions.done.isEmpty)
                // So is the last that was asked for.
                try await close(folder)
                _ = try await service.ask("POST", "/v1/resume")
                _ = try await service.ask("POST", "/v1/pause")
                _ = try await service.ask("POST", "/v1/resume")
                try await open(folder)
                try await service.status(.idle)
                #expect(try await service.service.store.standstill().hold == nil)
                #expect(sessions.done == ["a grid 1"])
            }
        }
    }

    @Test func theEndOfASessionAndItsHoldAndAlarmsAreWrittenDownAtOnce() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.fail(with: MicroscopeError(.unreachable, "No connection to SerialEM."))
            sessions.leave(safe: false)
            try await RunningService.with(folder: folder, sessions: sessions, safeguard: { _, _, _ in Self.busy }) { service in
                try await close(folder)
                try await service.add("a", grids: "[1]")
                try await service.logged { $0.text.hasPrefix("The service cannot write down how session 'a' ended: ") }
                // Killed now, the next service finds it under way.
                #expect(try await service.service.store.session(1)?.state == .running)
                #expect(try await service.log().allSatisfy { !$0.text.hasPrefix("session 'a' failed") })
                try await open(folder)
                try await service.status(.held)
                let still = try await service.service.store.standstill()
                #expect((still.hold?.session, still.unsafe?.id) == (1, 1))
                #expect(try await service.log().filter { $0.level == .alarm }.map { String($0.text.prefix(29)) }.dropFirst() == [
                    "session 'a' failed: No connec", "the microscope could not be m",
                ])
            }
        }
    }
}

/// After a session that was given up SerialEM may acquire on for hours before the microscope can be made safe.
@Suite struct SafetyWaitTests {
    private static let end = Date(timeIntervalSince1970: 2_000_000_000)

    /// Three lives of the service ended in session `a`, in the middle of an acquisition, and `b` waits.
    private func whileSerialEMAcquires(reminder: Duration? = nil, _ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void) async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            for name in ["a", "b"] {
                let settings = "session_dir: ./\(name)\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
                _ = try await store.add(name: name, folder: "\(folder)/\(name)", settings: settings, base: folder, onFailure: nil, at: .now)
            }
            try await store.set(1, to: .running, reason: nil, at: .now)
            for _ in 1 ... 3 {
                _ = try await store.beginLife(at: .now)
                try await store.setWorked()
            }
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            try await RunningService.with(
                folder: folder, sessions: sessions, reminder: reminder,
                safeguard: { _, supervisor, report in
                    await report(.acquires(until: Self.end))
                    while true {
                        if case .stop(let reason) = await supervisor.verdict(at: .map(slot: 0)) { return SafeState(reached: [], failures: [reason]) }
                        // Cancelled, the loop ends by the verdict.
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
            ) { service in
                try await service.status { $0.obstacle?.hasPrefix("SerialEM is busy with the acquisition of session 'a' and takes no command before that ends, or until ") == true }
                try await body(service, sessions)
            }
        }
    }

    @Test func statusAndAlarmSayWhatIsWaitedForAndPeopleAreReminded() async throws {
        try await whileSerialEMAcquires(reminder: .milliseconds(30)) { service, sessions in
            let status = try await service.ask("GET", "/v1/status").value(ServiceStatus.self)
            #expect((status.state, status.queued) == (.starting, 1))
            #expect(status.obstacle?.hasSuffix(" at most; then the microscope is made safe after session 'a'") == true)
            try await service.logged { $0.kind == "microscope" && $0.level == .alarm && $0.text.hasPrefix("SerialEM is busy with the acquisition of session 'a'") }
            try await service.logged { $0.kind == "reminder" && $0.text.contains(": SerialEM is busy with the acquisition of session 'a'") }
            // A service that is killed now goes on with it.
            #expect(try await service.service.store.standstill().unsafe?.id == 1)
            #expect(sessions.done.isEmpty)
        }
    }

    @Test func anAbortEndsTheWaitAndHoldsTheQueue() async throws {
        try await whileSerialEMAcquires { service, sessions in
            #expect(try await service.ask("POST", "/v1/abort").status == 200)
            try await service.logged { $0.text == "the microscope is left as it is after session 'a': a person aborted the wait" }
            try await service.status { $0.state == .held && $0.obstacle == nil }
            let reason = try await service.ask("GET", "/v1/status").value(ServiceStatus.self).reason
            #expect(reason == "the wait for SerialEM after session 'a' was aborted by a person; the microscope could not be made safe after session 'a'")
            #expect(sessions.done.isEmpty)
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(try await service.queue() == "a failed, b done")
        }
    }

    @Test func aPersonWhoResumesHasLookedAtTheMicroscope() async throws {
        try await whileSerialEMAcquires { service, _ in
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(try await service.queue() == "a failed, b done")
        }
    }
}
