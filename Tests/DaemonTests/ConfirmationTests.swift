@testable import Daemon
import Foundation
import Store
import Testing
@testable import Workflow

/// People confirm what a session waits for, through HTTP.
@Suite struct ConfirmationTests {
    private func withGate(
        _ subject: Inspection.Subject = .lamellae, _ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.inspect(inspection(in: folder, subject))
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.inspecting)
                try await body(service, sessions)
            }
        }
    }

    private func confirm(_ service: RunningService, _ grid: Int, _ subject: String) async throws -> Answer {
        try await service.ask("POST", "/v1/confirm", body: "{\"grid\": \(grid), \"subject\": \"\(subject)\"}")
    }

    @Test func whatWaitsIsInTheStatusAndInAnAlarmWithItsPictureAndGoesOnWhenItIsConfirmed() async throws {
        try await withGate { service, sessions in
            let waiting = try #require(try await service.ask("GET", "/v1/status").value(ServiceStatus.self).inspection)
            #expect((waiting.grid, waiting.subject, waiting.picture) == (1, .lamellae, service.folder + "/G_overview.png"))
            #expect(waiting.next.hasSuffix("the session leaves the rest of this grid out."))
            try await service.logged { $0.level == .alarm && $0.kind == "inspection" && $0.text.contains(waiting.picture) }
            #expect(sessions.done == [])

            let answer = try await confirm(service, 1, "lamellae")
            #expect(answer.status == 200, "\(answer.text)")
            sessions.allow(steps: 1)
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1"])
            let texts = try await service.log().map(\.text)
            #expect(texts.contains("a person confirms the lamellae of grid G (slot 1)"))
            #expect(texts.contains("the lamellae of grid G (slot 1): the session goes on"))
        }
    }

    @Test func whatIsConfirmedInAPauseIsNotAskedForAnyMore() async throws {
        try await withGate { service, sessions in
            _ = try await service.ask("POST", "/v1/pause")
            try await service.status(.paused)
            #expect(try await service.ask("GET", "/v1/status").value(ServiceStatus.self).inspection != nil)
            #expect(try await confirm(service, 1, "lamellae").status == 200)
            let paused = try await service.ask("GET", "/v1/status").value(ServiceStatus.self)
            #expect(paused.state == .paused && paused.inspection == nil)
            sessions.allow(steps: 1)
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1"])
        }
    }

    @Test("Nobody confirms another gate than the one that waits", arguments: [(2, "targets"), (1, "lamellae")])
    func anotherGate(grid: Int, subject: String) async throws {
        try await withGate(.targets) { service, sessions in
            let answer = try await confirm(service, grid, subject)
            #expect(answer.status == 409)
            #expect(
                answer.error
                    == "The \(subject) of grid \(grid) do not wait to be confirmed: the targets of grid G (slot 1) do.")
            #expect(try await service.ask("GET", "/v1/status").value(ServiceStatus.self).state == .inspecting)
        }
    }

    @Test func whatCannotBeUsedIsRefusedEachTimeAndTakenOnceItIsPutRight() async throws {
        try await withGate { service, sessions in
            let reason = "boxes.json cannot be taken up: box 1 is empty."
            sessions.refuse(reason)
            for time in 1 ... 2 {
                let answer = try await confirm(service, 1, "lamellae")
                #expect((answer.status, answer.error) == (409, reason))
                try await service.logged { $0.level == .alarm && $0.text.hasPrefix(reason) }
                let told = try await service.log().count { $0.level == .alarm && $0.text.hasPrefix(reason) }
                #expect(told == time)
                #expect(try await service.ask("GET", "/v1/status").value(ServiceStatus.self).inspection?.refusal == reason)
            }
            sessions.refuse(nil)
            let answer = try await confirm(service, 1, "lamellae")
            #expect(answer.status == 200)
            #expect(try answer.value(ServiceStatus.self).inspection == nil)
        }
    }

    @Test func aConfirmationOutlivesTheService() async throws {
        try await withFolder { folder in
            let gate = inspection(in: folder)
            let first = ScriptedSessions()
            first.inspect(gate)
            try await RunningService.with(folder: folder, sessions: first) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.inspecting)
                // The service ends before the session has seen it.
                _ = try await confirm(service, 1, "lamellae")
            }
            let second = ScriptedSessions()
            second.inspect(gate)
            second.allow(steps: 1)
            try await RunningService.with(folder: folder, sessions: second) { service in
                try await service.status(.idle)
                #expect(second.done == ["a grid 1"] || first.done == ["a grid 1"])
            }
        }
    }

    @Test func whatIsInTheWayOfTheSessionIsInTheStatus() async throws {
        try await withGate { service, _ in
            await service.service.take(.obstructed("The vacuum is bad.", next: "The session waits."))
            let present = try await service.ask("GET", "/v1/status").value(ServiceStatus.self).obstacle
            #expect(present == "The vacuum is bad.")
            await service.service.take(.cleared("The vacuum is bad: over"))
            let later = try await service.ask("GET", "/v1/status").value(ServiceStatus.self).obstacle
            #expect(later == nil)
        }
    }
}
