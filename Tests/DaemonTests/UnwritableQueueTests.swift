@testable import Daemon
import GRDB
import Store
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
}
