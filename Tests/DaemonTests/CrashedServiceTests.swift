@testable import Daemon
import Foundation
import Microscope
@testable import Store
import Synchronization
import Testing
import Workflow

/// How a life of the service ended is known to the next one.
@Suite struct CrashedServiceTests {
    private static let map = StepIdentifier.grid(1, "whole-grid-map")

    private func withStore(_ body: (QueueStore, Int64, _ folder: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            let settings = "session_dir: ./a\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
            let session = try await store.add(name: "a", folder: folder + "/a", settings: settings, base: folder, onFailure: nil, at: .now)
            try await store.set(session.id, to: .running, reason: nil, at: .now)
            try await body(store, session.id, folder)
        }
    }

    @Test func aLifeThatCameToItsEndIsNoCrash() async throws {
        try await withStore { store, _, _ in
            #expect(try await store.beginLife(at: .now) == nil)
            try await store.endLife()
            #expect(try await store.beginLife(at: .now) == nil)
        }
    }

    @Test func aCrashIsCountedUntilAStepIsFinished() async throws {
        try await withStore { store, id, _ in
            _ = try await store.beginLife(at: .now)
            let begun = Date(timeIntervalSince1970: 1_000_000)
            try await store.begin(Self.map, title: "Map grid 1", grid: "Alga_1", of: id, at: begun)
            let first = try #require(try await store.beginLife(at: .now))
            #expect((first.session?.id, first.count) == (id, 1))
            #expect(first.activities == [.init(title: "Map grid 1", grid: "Alga_1", begun: begun)])
            try await store.setWorked()
            let second = try #require(try await store.beginLife(at: .now))
            #expect((second.count, second.activities) == (2, []))
            try await store.setWorked()
            try await store.finish(Self.map, of: id, took: .seconds(1))
            #expect(try await store.beginLife(at: .now)?.count == 1)
            #expect(try await store.medianTime(ofStep: "whole-grid-map") == .seconds(1))
        }
    }

    @Test func aStepThatIsLeftIsNotDoneAndDoesNotResetTheCount() async throws {
        try await withStore { store, id, _ in
            _ = try await store.beginLife(at: .now)
            try await store.setWorked()
            _ = try await store.beginLife(at: .now)
            try await store.begin(Self.map, title: "Map grid 1", grid: nil, of: id, at: .now)
            try await store.leave(Self.map, of: id)
            let crash = try #require(try await store.beginLife(at: .now))
            #expect((crash.count, crash.activities) == (2, []))
        }
    }

    @Test func theNextServiceSaysAtOnceWhatWasBeingDoneAndGoesOn() async throws {
        try await withStore { store, id, folder in
            _ = try await store.beginLife(at: .now)
            try await store.begin(Self.map, title: "Map grid 1", grid: "Alga_1", of: id, at: .now)
            let sessions = ScriptedSessions()
            sessions.allow(steps: 1)
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.status(.idle)
                let alarm = try #require(try await service.log().first { $0.level == .alarm })
                #expect((alarm.kind, alarm.session) == ("crash", id))
                #expect(alarm.text.hasPrefix("The service ended without warning (a crash, a kill or a power cut; it had run since "))
                #expect(alarm.text.contains(") in session 'a' on grid Alga_1, doing 'Map grid 1' since "), "\(alarm.text)")
                #expect(alarm.text.hasSuffix(" The session goes on from its last finished step."), "\(alarm.text)")
                #expect(try await service.queue() == "a done")
            }
            // This one came to its end.
            #expect(try await store.beginLife(at: .now) == nil)
        }
    }

    /// A service that finds that two lives have ended in the session already, and the third just now.
    private func afterThree(
        onFailure: QueuedSession.OnFailure? = nil, failures: [String] = [], lives: Int = 3, worked: Bool = true, _ body: @escaping @Sendable (RunningService, ScriptedSessions, [SessionSettings]) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            for name in ["a", "b"] {
                let settings = "session_dir: ./\(name)\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
                _ = try await store.add(name: name, folder: "\(folder)/\(name)", settings: settings, base: folder, onFailure: onFailure, at: .now)
            }
            try await store.set(1, to: .running, reason: nil, at: .now)
            for _ in 1 ... lives {
                _ = try await store.beginLife(at: .now)
                if worked { try await store.setWorked() }
            }
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            let asked = Mutex<[SessionSettings]>([])
            try await RunningService.with(
                folder: folder, sessions: sessions,
                safeguard: { settings, _, _ in
                    asked.withLock { $0.append(settings) }
                    return SafeState(reached: ["beam blanked"], failures: failures)
                }
            ) { service in
                try await service.status { $0.state == .idle || $0.state == .held }
                try await body(service, sessions, asked.withLock { $0 })
            }
        }
    }

    @Test func aSessionThatEndedTheServiceThreeTimesIsLeftSafelyAndTheQueueGoesOn() async throws {
        try await afterThree { service, sessions, asked in
            #expect(try await service.queue() == "a failed, b done")
            #expect(asked.map(\.sessionFolder) == [service.folder + "/a"])
            let alarm = try #require(try await service.log().first { $0.kind == "crash" })
            #expect(alarm.text.contains(" It is the third time in this session without a finished step between. The session is left. "), "\(alarm.text)")
            #expect(alarm.text.hasSuffix("and the queue goes on with the next session; 'tomopilot queue retry 1' goes on with this one."), "\(alarm.text)")
            _ = try await service.ask("POST", "/v1/queue/1/retry")
            try await service.status(.idle)
            #expect(try await service.queue() == "a done, b done")
            // It begins to count anew.
            _ = try await service.service.store.beginLife(at: .now)
        }
    }

    @Test func livesThatEndedBeforeTheyDidAnythingDoNotCostTheSession() async throws {
        try await afterThree(lives: 20, worked: false) { service, _, asked in
            #expect(try await service.queue() == "a done, b done")
            #expect(asked.isEmpty)
            let alarm = try #require(try await service.log().first { $0.kind == "crash" })
            #expect(alarm.text.contains(") in session 'a', before it did anything for it. It is the 20th time that it ended so before it did anything. The session goes on"), "\(alarm.text)")
        }
    }

    @Test func yetNoSessionIsBegunForEver() async throws {
        try await afterThree(lives: 31, worked: false) { service, _, _ in
            #expect(try await service.queue() == "a failed, b done")
            let alarm = try #require(try await service.log().first { $0.kind == "crash" })
            #expect(alarm.text.contains(" It is the 31st time that it ended so before it did anything. The session is left. "), "\(alarm.text)")
        }
    }

    @Test func theEntryMayHoldTheQueueForIt() async throws {
        try await afterThree(onFailure: .stop) { service, _, _ in
            #expect(try await service.queue() == "a failed, b queued")
            let alarm = try #require(try await service.log().first { $0.kind == "crash" })
            #expect(alarm.text.contains("the queue waits until somebody resumes it; 'tomopilot queue retry 1'"), "\(alarm.text)")
        }
    }

    @Test func aMicroscopeThatCannotBeMadeSafeAfterItHoldsTheQueue() async throws {
        try await afterThree(failures: ["SerialEM cannot be reached."]) { service, _, _ in
            #expect(try await service.queue() == "a failed, b queued")
            let log = try await service.log()
            #expect(log.contains { $0.level == .warning && $0.text == "SerialEM cannot be reached." })
            #expect(log.contains { $0.level == .alarm && $0.text.hasPrefix("the microscope could not be made safe after session 'a'.") })
        }
    }

    @Test(arguments: [QueuedSession.Ending.stop, .abort])
    func aSessionThatAPersonEndedDoesNotGoOnThoughTheServiceIsKilledBeforeItHasEnded(ending: QueuedSession.Ending) async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            for name in ["a", "b"] {
                let settings = "session_dir: ./\(name)\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
                _ = try await store.add(name: name, folder: "\(folder)/\(name)", settings: settings, base: folder, onFailure: nil, at: .now)
            }
            _ = try await store.beginLife(at: .now)
            try await store.set(1, to: .running, reason: nil, at: .now)
            try await store.setHold(Standstill.Hold(reason: "session 'a' was ended by a person", session: 1), ending: ending)
            let made = Mutex(0)
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            try await RunningService.with(
                folder: folder, sessions: sessions,
                safeguard: { _, _, _ in
                    made.withLock { $0 += 1 }
                    return SafeState(reached: ["beam blanked"], failures: [])
                }
            ) { service in
                try await service.logged { $0.text == "the microscope is left with beam blanked" }
                try await service.status(.held)
                #expect(try await service.queue() == "a stopped, b queued")
                let alarm = try #require(try await service.log().first { $0.kind == "crash" })
                #expect(alarm.text.hasSuffix(" A person had \(ending == .abort ? "aborted" : "stopped") the session: it ends, and the microscope is made safe as soon as SerialEM takes commands."), "\(alarm.text)")
                _ = try await service.ask("POST", "/v1/resume")
                try await service.status(.idle)
                #expect(try await service.queue() == "a stopped, b done")
                #expect(made.withLock { $0 } == 1)
                // Whoever wants it all the same gets it.
                _ = try await service.ask("POST", "/v1/queue/1/retry")
                try await service.status(.idle)
                #expect(try await service.queue() == "a done, b done")
            }
        }
    }

    @Test func anAbortIsWrittenDownWithItsHold() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.step("Map grid 1")
                try await service.service.store.setHold(Standstill.Hold(reason: "x"))
                #expect(try await service.service.store.session(1)?.ending == nil)
                try await service.service.store.setHold(Standstill.Hold(reason: "x", session: 1), ending: .abort)
                try await service.service.store.setHold(Standstill.Hold(reason: "x", session: 1), ending: .stop)
                #expect(try await service.service.store.session(1)?.ending == .abort, "who asks for a stop later does not take an abort back")
                _ = try await service.ask("POST", "/v1/abort")
                try await service.status(.held)
                #expect(try await service.service.store.session(1)?.ending == nil, "it has ended")
            }
        }
    }

    @Test func aServiceThatEndsAsAskedIsNoCrash() async throws {
        try await withFolder { folder in
            for _ in 1 ... 2 {
                try await RunningService.with(folder: folder, sessions: ScriptedSessions()) { service in
                    try await service.logged { $0.text == "the service starts" }
                    #expect(try await service.log().allSatisfy { $0.level == .note })
                }
            }
        }
    }
}
