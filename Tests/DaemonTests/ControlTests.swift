@testable import Daemon
import Foundation
import Microscope
import Store
import Testing
import Workflow

/// What a person asks of the service through HTTP happens to the session.
@Suite struct ControlTests {
    private func withService(
        receivers: [any AlarmReceiver] = [], stepLimit: StepLimit = StepLimit(),
        _ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions, receivers: receivers, stepLimit: stepLimit) {
                try await body($0, sessions)
            }
        }
    }

    @Test func theQueueRunsInItsOrder() async throws {
        try await withService { service, sessions in
            for name in ["a", "b", "c"] { try await service.add(name, grids: "[1]") }
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/queue/3/move", body: "{\"to\": 1}").status == 200)
            sessions.allow(steps: 3)
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1", "c grid 1", "b grid 1"])
            #expect(try await service.queue() == "a done, b done, c done")
        }
    }

    @Test func aPausedSessionWaitsAtItsNextCheckpointAndGoesOn() async throws {
        try await withService { service, sessions in
            try await service.add("a")
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/pause").value(ServiceStatus.self).state == .pausing)
            sessions.allow(steps: 9)
            try await service.status(.paused)
            #expect(sessions.done == ["a grid 1"])
            #expect(try await service.queue() == "a paused")
            #expect(try await service.ask("POST", "/v1/resume").status == 200)
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1", "a grid 2"])
            let texts = try await service.log().map(\.text)
            #expect(texts.contains("waits before grid 2: paused by a person"))
            #expect(texts.contains("goes on before grid 2"))
        }
    }

    @Test func aPauseNowIsToldAsSuchUntilTheSessionGoesOn() async throws {
        try await withService { service, sessions in
            try await service.add("a")
            try await service.step("Map grid 1")
            let status = try await service.ask("POST", "/v1/pause", body: "{\"now\": true}").value(ServiceStatus.self)
            #expect((status.state, status.pausesNow, status.reason) == (.pausing, true, "paused at once by a person"))
            // Once it is asked for, it stays so.
            #expect(try await service.ask("POST", "/v1/pause").value(ServiceStatus.self).pausesNow)
            #expect(try await service.ask("POST", "/v1/resume").value(ServiceStatus.self).pausesNow == false)
            #expect(try await service.ask("POST", "/v1/pause", body: "{\"now\": 1}").error == "The request must be JSON such as {\"now\": true}.")
            #expect(
                try await service.ask("POST", "/v1/pause", body: "{\"immediately\": true}").error
                    == "The request has a key 'immediately', which is not known here; it must be JSON such as {\"now\": true}.")
            #expect(try await service.ask("POST", "/v1/pause", body: "{}").value(ServiceStatus.self).pausesNow == false)
            sessions.allow(steps: 9)
            try await service.status(.paused)
        }
    }

    @Test func aFailedSessionGoesOnWithoutBeingAddedAgainAndItsSkipsStay() async throws {
        try await withService { service, sessions in
            sessions.fail(with: MicroscopeError(.unreachable, "No connection."))
            try await service.add("a")
            try await service.status(.held)
            try await service.add("b", grids: "[1]")
            #expect(try await service.queue() == "a failed, b queued")

            let again = try await service.ask("POST", "/v1/queue/1/retry")
            #expect(again.status == 200, "\(again.text)")
            try await service.step("Map grid 1")
            // The hold came from it; it has the microscope before those that wait.
            #expect(try await service.queue() == "a running, b queued")
            _ = try await service.ask("POST", "/v1/skip", body: "{\"grid\": 2, \"reason\": \"torn\"}")
            _ = try await service.ask("POST", "/v1/stop")
            sessions.allow(steps: 1)
            try await service.status(.held)
            _ = try await service.ask("POST", "/v1/queue/1/retry")
            sessions.allow(steps: 9)
            try await service.status(.idle)
            #expect(try await service.queue() == "a done, b done")
            #expect(sessions.done == ["a grid 1", "a grid 1", "b grid 1"])
        }
    }

    @Test func whatHasNotEndedCannotBeRetriedAndAPauseStays() async throws {
        try await withService { service, sessions in
            #expect(try await service.ask("POST", "/v1/queue/7/retry").error == "There is no session 7.")
            try await service.add("a", grids: "[1]")
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/queue/1/retry").error == "Session 1 is running; it goes on by itself or by resume.")
            sessions.lack("grid 1: L03 left out by errors")
            sessions.allow(steps: 1)
            try await service.status(.idle)
            _ = try await service.ask("POST", "/v1/pause")
            #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
            #expect(try await service.ask("GET", "/v1/status").value(ServiceStatus.self).state == .held)
            #expect(try await service.ask("POST", "/v1/queue/1/retry").error == "Session 1 waits already; it goes on when its turn comes.")
            _ = try await service.ask("DELETE", "/v1/queue/1")
            #expect(try await service.ask("POST", "/v1/queue/1/retry").error == "Session 1 was removed; add its settings again.")
        }
    }

    @Test func aPausedQueueStartsNothing() async throws {
        try await withService { service, sessions in
            sessions.allow(steps: 9)
            #expect(try await service.ask("POST", "/v1/pause").value(ServiceStatus.self).state == .held)
            try await service.add("a")
            #expect(try await service.queue() == "a queued")
            #expect(sessions.done == [])
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(try await service.queue() == "a done")
        }
    }

    @Test func aMoveBeyondTheLastPlaceIsLoggedAsTheOneItGot() async throws {
        try await withService { service, _ in
            for name in ["a", "b", "c"] { try await service.add(name) }
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/queue/2/move", body: "{\"to\": 99}").status == 200)
            #expect(try await service.log().contains { $0.text == "session 'b' is moved to place 2" })
        }
    }

    @Test func aStoppedSessionEndsAtItsNextCheckpointAndTheQueueWaits() async throws {
        try await withService { service, sessions in
            try await service.add("a")
            try await service.add("b")
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/stop").value(ServiceStatus.self).state == .stopping)
            let answer = try await service.ask("POST", "/v1/resume").value(ServiceStatus.self)
            #expect(answer.remark == "Session 'a' ends all the same, as was asked for before, and the queue goes on after it; 'tomopilot queue retry 1' goes on with it.")
            #expect(try await service.ask("POST", "/v1/stop").value(ServiceStatus.self).state == .stopping)
            sessions.allow(steps: 9)
            try await service.status(.held)
            #expect(sessions.done == ["a grid 1"])
            #expect(try await service.queue() == "a stopped, b queued")
            let reason = try await service.ask("GET", "/v1/status").value(ServiceStatus.self).reason
            #expect(reason == "session 'a' was stopped by a person")
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(try await service.queue() == "a stopped, b done")
        }
    }

    @Test func anAbortedSessionEndsInTheMiddleOfAStep() async throws {
        try await withService { service, sessions in
            try await service.add("a")
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/abort").status == 200)
            try await service.status(.held)
            #expect(sessions.done == [])
            #expect(try await service.queue() == "a stopped")
        }
    }

    @Test("Every way in which a session fails is told of", arguments: [
        MicroscopeError(.unreachable, "Nobody listens."), MicroscopeError(.lost, "The line broke."), MicroscopeError(.stalled, "No answer."),
        MicroscopeError(.deadline, "No end."), MicroscopeError(.notAsSet, "It does not read back."),
        MicroscopeError(.busy, "It acquires."), MicroscopeError(.refused, "It will not."), MicroscopeError(.missing, "There is no state 7."),
        WorkflowError.badModel("No such class."), WorkflowError.refused("Too far."), WorkflowError.incomplete("It stopped."),
        WorkflowError.unusableJournal("/j", "cannot be written: the disk is full"), ForeignError(),
    ] as [any Error & Sendable])
    func everyFailureIsAnAlarm(error: any Error & Sendable) async throws {
        try await withService { service, sessions in
            sessions.fail(with: error)
            try await service.add("a")
            try await service.logged { $0.level == .alarm }
            let alarm = try #require(try await service.log().first { $0.level == .alarm })
            #expect(alarm.text.hasPrefix("session 'a' failed: \(sentence(error))"))
            try await service.status { $0.state == .idle || $0.state == .held }
            #expect(try await service.queue() == "a failed")
        }
    }

    private struct ForeignError: Error, Sendable {}

    @Test func aSkippedGridIsLeftOutWithItsReason() async throws {
        try await withService { service, sessions in
            try await service.add("a", grids: "[1, 2, 3]")
            try await service.step("Map grid 1")
            #expect(try await service.ask("POST", "/v1/skip", body: "{\"grid\": 2, \"reason\": \"torn film\"}").status == 200)
            sessions.allow(steps: 9)
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1", "a grid 3"])
            #expect(try await service.log().map(\.text).contains("grid 2 is skipped: torn film"))
        }
    }

    @Test func aSessionThatEndsIncompleteIsAnAlarmThatSaysWhatIsMissing() async throws {
        try await withService { service, sessions in
            sessions.allow(steps: 9)
            sessions.lack("grid 1: L03 left out by errors")
            try await service.add("a", grids: "[1]")
            try await service.status(.idle)
            let alarm = try #require(try await service.log().first { $0.level == .alarm })
            #expect(alarm.text == "session 'a' has come to its end, not done: grid 1: L03 left out by errors. 'tomopilot queue retry 1' tries again what can still be done.")
            #expect(try await service.ask("GET", "/v1/queue?all=true").value(QueueListing.self).sessions.first?.reason == "not done: grid 1: L03 left out by errors")
        }
    }

    @Test func aStepThatBeginsAgainAfterALossIsInTheStatusOnceAndThePlaceDoesNotGoBack() async throws {
        try await withService { service, sessions in
            let (map, segment) = (StepIdentifier.lamella(1, 2, "medium-map"), StepIdentifier.lamella(1, 1, "segmentation"))
            for event: RunEvent in [
                .started(segment, title: "Segment lamella 1", exposing: false), .started(map, title: "Map lamella 2", exposing: true),
                .interrupted(segment, title: "Segment lamella 1"), .started(map, title: "Map lamella 2", exposing: true),
            ] { sessions.tell(event) }
            try await service.add("a")
            try await service.step("Map grid 1")
            let status = try await service.ask("GET", "/v1/status").value(ServiceStatus.self)
            #expect(status.steps.map(\.title) == ["Map lamella 2", "Map grid 1"])
            // The farthest step that was begun, that of the segmentation.
            let place = try #require(SessionPlan(service.parsedSettings("a")).place(of: segment))
            #expect(status.place == place.description)
        }
    }

    @Test func aServiceThatEndsLeavesItsSessionUnderWayAndTheNextOneGoesOnWithIt() async throws {
        try await withFolder { folder in
            let first = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: first) { service in
                try await service.add("a", grids: "[1, 2, 3]")
                try await service.add("b", grids: "[1]")
                try await service.step("Map grid 1")
                _ = try await service.ask("POST", "/v1/skip", body: "{\"grid\": 2, \"reason\": \"torn film\"}")
            }
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            #expect(try await store.sessions().map(\.state) == [.running, .queued])
            let second = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: second) { service in
                second.allow(steps: 9)
                try await service.status(.idle)
                #expect(second.done == ["a grid 1", "a grid 3", "b grid 1"])
            }
        }
    }

    @Test func aPausedSessionIsStillPausedAfterANewStart() async throws {
        try await withFolder { folder in
            let first = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: first) { service in
                try await service.add("a")
                try await service.step("Map grid 1")
                _ = try await service.ask("POST", "/v1/pause")
            }
            let second = ScriptedSessions()
            second.allow(steps: 9)
            try await RunningService.with(folder: folder, sessions: second) { service in
                try await service.status(.paused)
                #expect(second.done == [])
                _ = try await service.ask("POST", "/v1/resume")
                try await service.status(.idle)
                #expect(second.done == ["a grid 1", "a grid 2"])
            }
        }
    }

    // MARK: Failures

    @Test("A failure holds the queue where the next session would meet the same, or where its entry says so", arguments: [
        (WorkflowError.badModel("No such class."), "", false),
        (WorkflowError.badModel("No such class."), "?on_failure=stop", true),
        (MicroscopeError(.unreachable, "Nobody answers."), "", true),
        (MicroscopeError(.unreachable, "Nobody answers."), "?on_failure=continue", false),
        (MicroscopeError(.missing, "No imaging state 7."), "", false),
    ] as [(any Error & Sendable, String, Bool)])
    func failure(error: any Error & Sendable, query: String, holds: Bool) async throws {
        try await withService { service, sessions in
            sessions.allow(steps: 9)
            _ = try await service.ask("POST", "/v1/pause")
            sessions.fail(with: error)
            try await service.add("a", query: query)
            try await service.add("b")
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(holds ? .held : .idle)
            #expect(try await service.queue() == (holds ? "a failed, b queued" : "a failed, b done"))
            #expect(try await service.log().filter { $0.level == .alarm }.count == 1)
        }
    }

    @Test func anAlarmReachesTheFacilitysOwnProgram() async throws {
        try await withFolder { folder in
            let command = folder + "/alarm"
            try Data("#!/bin/sh\ncat > \(folder)/said\n".utf8).write(to: URL(fileURLWithPath: command))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command)
            let sessions = ScriptedSessions()
            try await RunningService.with(
                folder: folder, sessions: sessions, receivers: [AlarmCommand(path: command)],
                stepLimit: StepLimit(least: .zero, interval: .milliseconds(5))
            ) { service in
                try await service.add("a", grids: "[1]")
                try await service.status { _ in FileManager.default.contents(atPath: folder + "/said")?.isEmpty == false }
                sessions.allow(steps: 1)
            }
            let said = try JSONDecoder().decode([String: Value].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/said")))
            #expect(said["kind"]?.text == "overdue")
            #expect(said["session_name"]?.text == "a")
            #expect(said["text"]?.text?.hasPrefix("'Map grid 1' of session 'a' has run for ") == true)
        }
    }

    @Test func anAlarmCommandThatCannotBeRunIsLogged() async throws {
        try await withService(receivers: [AlarmCommand(path: "/nowhere/alarm")]) { service, sessions in
            sessions.fail(with: WorkflowError.badModel("No such class."))
            try await service.add("a")
            try await service.status(.idle)
            try await service.logged { $0.level == .warning && $0.text.hasPrefix("the alarm command /nowhere/alarm cannot be run") }
        }
    }

    private enum Value: Decodable {
        case text(String), other
        init(from decoder: any Decoder) throws {
            self = (try? decoder.singleValueContainer().decode(String.self)).map(Value.text) ?? .other
        }
        var text: String? { if case .text(let text) = self { text } else { nil } }
    }
}
