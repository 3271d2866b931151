@testable import Daemon
import Store
import Testing
import Workflow

/// What people leave out of a session, take back, and try again.
@Suite struct SkipRequestTests {
    private func withService(_ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions) { try await body($0, sessions) }
        }
    }

    @Test func aSkipThatIsTakenBackLeavesNothingOut() async throws {
        try await withService { service, sessions in
            try await service.add("a", grids: "[1, 2, 3]")
            try await service.step("Map grid 1")
            _ = try await service.ask("POST", "/v1/skip", body: "{\"grid\": 2, \"reason\": \"torn film\"}")
            #expect(try await service.ask("POST", "/v1/unskip", body: "{\"grid\": 2}").status == 200)
            #expect(try await service.ask("POST", "/v1/unskip", body: "{\"grid\": 2}").error == "Grid 2 of session 'a' is not skipped.")
            _ = try await service.ask("POST", "/v1/skip", body: "{\"grid\": 3, \"reason\": \"torn film\"}")
            #expect(
                try await service.ask("POST", "/v1/unskip", body: "{\"grid\": 3, \"lamella\": 4}").error
                    == "Lamella 4 of grid 3 of session 'a' is not skipped; grid 3 is, as a whole.")
            #expect(try await service.ask("POST", "/v1/unskip", body: "{\"grid\": 3, \"session\": 9}").error == "There is no session 9.")
            sessions.allow(steps: 9)
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1", "a grid 2"])
        }
    }

    @Test func aLamellaThatAGridDoesNotHaveIsNotSkipped() async throws {
        try await withService { service, sessions in
            sessions.tell(.lamellaeKnown(slot: 1, numbers: [1, 2, 4]))
            try await service.add("a")
            try await service.step("Map grid 1")
            let answer = try await service.ask("POST", "/v1/skip", body: "{\"grid\": 1, \"lamella\": 99, \"reason\": \"ice\"}")
            #expect((answer.status, answer.error) == (400, "'lamella' is 99; grid 1 has no such lamella, but 1, 2, 4."))
            #expect(try await service.ask("POST", "/v1/skip", body: "{\"grid\": 1, \"lamella\": 4, \"reason\": \"ice\"}").status == 200)
            // Of a grid whose lamellae nobody knows yet any may be skipped.
            #expect(try await service.ask("POST", "/v1/skip", body: "{\"grid\": 2, \"lamella\": 99, \"reason\": \"ice\"}").status == 200)
            sessions.allow(steps: 9)
            try await service.status(.idle)
        }
    }

    @Test func aSessionThatIsWhollyDoneIsNotRetriedUnlessSomethingIsTakenBackIntoIt() async throws {
        try await withService { service, sessions in
            sessions.allow(steps: 99)
            try await service.add("a", grids: "[1]")
            try await service.status(.idle)
            let refusal = "Session 1 is done, and nothing of it is left to be tried again; for another level, or for files that were changed, add its settings again."
            #expect(try await service.ask("POST", "/v1/queue/1/retry").error == refusal)
            try await service.service.store.add(Skip(grid: 1, lamella: 2, reason: "ice"), to: 1)
            #expect(try await service.ask("POST", "/v1/queue/1/retry").error == refusal)
            #expect(try await service.ask("POST", "/v1/unskip", body: "{\"grid\": 1, \"lamella\": 2, \"session\": 1}").status == 200)
            #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
            try await service.status(.idle)
            sessions.lack("grid 1: L03 left out by errors")
            try await service.add("b", grids: "[1]")
            try await service.status(.idle)
            #expect(try await service.ask("POST", "/v1/queue/2/retry").status == 200)
        }
    }
}
