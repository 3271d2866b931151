@testable import Daemon
import Foundation
import Microscope
import Store
import Testing
@testable import Workflow

/// Files of a session cannot be written for lack of room.
@Suite struct FullDiskTests {
    private static let full = WorkflowError.noRoom(forJournal: "/s/session.sqlite", "the disk is full")

    @Test func aSessionGoesOnByItselfOnceThereIsRoomAgain() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 1)
            sessions.fail(with: Self.full)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.idle)
                let log = try await service.log()
                let alarm = try #require(log.first { $0.level == .alarm })
                #expect(alarm.text.hasPrefix("session 'a' cannot write: The journal /s/session.sqlite cannot be written: the disk is full."))
                #expect(alarm.text.contains("It goes on by itself once there is room, which is looked for every"))
                #expect(log.contains { $0.text == "there is room again; session 'a' goes on" })
                #expect(sessions.done == ["a grid 1"])
                #expect(try await service.queue() == "a done")
            }
        }
    }

    @Test func aDiskThatStaysFullIsAskedAgainAndTheSessionIsNotStarted() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 1)
            sessions.fail(with: Self.full)
            // What nobody can write to, root neither: a folder that is no folder.
            try Data().write(to: URL(fileURLWithPath: folder + "/a"))
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status { $0.obstacle?.contains("the disk is full") == true }
                try await Task.sleep(for: .milliseconds(300))
                #expect(sessions.done.isEmpty)
                #expect(try await service.log().count { $0.level == .alarm } == 1)
                try FileManager.default.removeItem(atPath: folder + "/a")
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1"])
            }
        }
    }

    @Test func whoWaitsForRoomHearsAStop() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.fail(with: MicroscopeError(.cannotWrite, "SerialEM's disk is full."))
            try Data().write(to: URL(fileURLWithPath: folder + "/a"))
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status { $0.obstacle != nil }
                #expect(try await service.ask("POST", "/v1/stop").status == 200)
                try await service.status(.held)
                #expect(try await service.queue() == "a stopped")
            }
        }
    }

    @Test func aSessionThatNeverComesAStepFurtherIsGivenUpAndHoldsTheQueue() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.failAlways(with: Self.full)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.held)
                #expect(try await service.queue() == "a failed")
                #expect(try await service.log().count { $0.text.hasPrefix("there is room again") } == 3)
            }
        }
    }
}
