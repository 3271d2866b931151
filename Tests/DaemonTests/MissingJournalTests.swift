@testable import Daemon
import Foundation
import GRDB
import Logging
import Microscope
import Store
import Synchronization
import Testing
@testable import Workflow

/// A session whose journal is gone would expose everything again.
@Suite struct MissingJournalTests {
    /// A service finds session `a` under way, as after a power cut, and its journal gone.
    private func afterPowerCut(
        onFailure: QueuedSession.OnFailure? = nil, disk: String = "", hasJournal: Bool = true, failure: (any Error)? = nil,
        _ body: @Sendable (RunningService, ScriptedSessions, _ made: () -> Int) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let made = Mutex(0)
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            let settings = "session_dir: ./a\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
            let session = try await store.add(name: "a", folder: folder + disk + "/a", settings: settings, base: folder + disk, onFailure: onFailure, at: .now)
            _ = try await store.beginLife(at: .now)
            try await store.set(session.id, to: .running, reason: nil, at: .now)
            if hasJournal { try await store.beginJournal(of: session.id) }
            let sessions = ScriptedSessions()
            sessions.writeJournals()
            sessions.allow(steps: 9)
            if let failure { sessions.failEarly(with: failure) }
            try await RunningService.with(
                folder: folder, sessionsFolder: folder + disk, sessions: sessions,
                safeguard: { _, _, _ in
                    made.withLock { $0 += 1 }
                    return SafeState(reached: ["beam blanked"], failures: [])
                }
            ) { service in try await body(service, sessions) { made.withLock { $0 } } }
        }
    }

    @Test func aSessionUnderWayWaitsForItsFolderWithTheMicroscopeSafeAndGoesOnByItself() async throws {
        try await afterPowerCut { service, sessions, made in
            try await service.status { $0.obstacle?.contains("/a/session.sqlite is not there, though the session was begun with it") == true }
            try await service.logged { $0.text == "the microscope is left with beam blanked" }
            try FileManager.default.createDirectory(atPath: service.folder + "/a", withIntermediateDirectories: true)
            try await Task.sleep(for: .milliseconds(100))
            #expect(sessions.done.isEmpty, "an empty folder is not the session's")
            let alarms = try await service.log().filter { $0.level == .alarm && $0.kind == "folder" }
            #expect(alarms.count == 1)
            #expect(alarms.first?.text.contains("mount \(service.folder)/a, or put it back") == true, "\(alarms)")
            try Data().write(to: URL(fileURLWithPath: service.folder + "/a/session.sqlite"))
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1"])
            #expect(made() == 1)
        }
    }

    @Test func aServiceStartsForASessionUnderWayThoughTheDiskOfItsSessionsIsNotThere() async throws {
        try await afterPowerCut(disk: "/disk/sessions") { service, sessions, made in
            try await service.status { $0.obstacle?.contains("/disk/sessions/a/session.sqlite is not there, though the session was begun with it") == true }
            try await service.logged { $0.text == "the microscope is left with beam blanked" }
            #expect(!FileManager.default.fileExists(atPath: service.folder + "/disk"), "nothing is made where the disk is to be mounted")
            try FileManager.default.createDirectory(atPath: service.folder + "/disk/sessions/a", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: service.folder + "/disk/sessions/a/session.sqlite"))
            try await service.status(.idle)
            #expect(sessions.done == ["a grid 1"])
            #expect(made() == 1)
        }
    }

    @Test func withoutASessionThatHasBegunItsJournalTheServiceDoesNotStartWithoutThatDisk() async throws {
        let error = await #expect(throws: WorkflowError.self) {
            try await afterPowerCut(disk: "/disk/sessions", hasJournal: false) { _, _, _ in Issue.record("it starts") }
        }
        #expect(error?.message.contains("/disk/sessions', which is no folder; make it, mount its disk, or name another.") == true)
    }

    @Test func aSessionThatHasLostItsJournalHoldsTheQueueAndAlarmsSayWhatIsTrue() async throws {
        try await withFolder { folder in
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            for name in ["a", "b"] {
                let settings = "session_dir: ./\(name)\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\n"
                _ = try await store.add(name: name, folder: "\(folder)/\(name)", settings: settings, base: folder, onFailure: nil, at: .now)
            }
            try await store.set(1, to: .running, reason: nil, at: .now)
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            sessions.failEarly(with: WorkflowError.lostJournal("a journal that knows nothing of it"))
            try await RunningService.with(folder: folder, sessions: sessions, safeguard: { _, _, _ in SafeState(reached: ["beam blanked"], failures: []) }) { service in
                try await service.logged { $0.text == "the microscope is left with beam blanked" }
                try await service.status(.held)
                #expect(try await service.queue() == "a failed, b queued")
                let alarms = try await service.log().filter { $0.level == .alarm }.map(\.text)
                #expect(alarms.count == 1 && alarms.first?.contains("The queue waits until somebody resumes it; ") == true, "\(alarms)")
            }
        }
    }

    @Test func aSessionThatFailsBeforeItComesToTheMicroscopeAgainSaysThatItIsMadeSafeFirst() async throws {
        try await afterPowerCut(hasJournal: false, failure: WorkflowError.badModel("The model is gone.")) { service, sessions, made in
            try await service.status(.idle)
            #expect(try await service.queue() == "a failed")
            #expect(made() == 1)
            let alarms = try await service.log().filter { $0.level == .alarm && $0.kind != "crash" }.map(\.text)
            #expect(alarms.count == 1 && alarms.first?.contains(" The queue goes on with the next session, once the microscope is made safe; ") == true, "\(alarms)")
        }
    }

    @Test func whoWaitsForTheFolderHearsAnAbort() async throws {
        try await afterPowerCut { service, sessions, _ in
            try await service.status { $0.obstacle != nil }
            #expect(try await service.ask("POST", "/v1/abort").status == 200)
            try await service.status(.held)
            #expect(try await service.queue() == "a stopped")
            #expect(sessions.done.isEmpty)
        }
    }

    @Test func aSessionThatIsRetriedWithoutItsFolderIsRefusedAndHoldsTheQueue() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.writeJournals()
            sessions.allow(steps: 9)
            sessions.lack("grid 2")
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.idle)
                try FileManager.default.moveItem(atPath: folder + "/a", toPath: folder + "/away")
                #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
                try await service.status(.held)
                #expect(sessions.done == ["a grid 1"])
                try FileManager.default.moveItem(atPath: folder + "/away", toPath: folder + "/a")
                #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1", "a grid 1"])
            }
        }
    }

    @Test func aSessionThatNeverBeganAJournalIsTriedAgain() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            sessions.fail(with: MicroscopeError(.unreachable, "No connection to SerialEM."))
            try await RunningService.with(folder: folder, sessions: sessions) { service in
                try await service.add("a", grids: "[1]")
                try await service.status(.held)
                sessions.writeJournals()
                #expect(try await service.ask("POST", "/v1/queue/1/retry").status == 200)
                try await service.status(.idle)
                #expect(sessions.done == ["a grid 1"])
            }
        }
    }

    /// What a real session says before it touches a microscope, which is not there.
    private func refusal(in folder: String, begun: Bool) async throws -> WorkflowError {
        let text = "session_dir: \(folder)/a\ngrid_list: [1]\nWG_model: ./m\nMM_model: ./m\nserialem_port: 1\n"
        let settings = try SessionSettings(yaml: text, file: "s.yaml")
        let run = SessionRun(
            settings: settings, text: text, worker: "/nowhere", terminal: Terminal(isInteractive: false, width: { 80 }, write: { _ in }),
            beginning: JournalBeginning(wasBegun: begun) { Issue.record("no journal is begun here") }
        ) { _ in Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
        return try #require(await #expect(throws: WorkflowError.self) { try await run.perform() })
    }

    @Test func anEmptyFolderInThePlaceOfTheSessionsIsNotBegunIn() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/a", withIntermediateDirectories: true)
            let error = try await refusal(in: folder, begun: true)
            #expect(error.code == .unusableJournal)
            #expect(error.message.hasPrefix("The journal \(folder)/a/session.sqlite is not there, though the session was begun with it"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a").isEmpty)
        }
    }

    @Test("A journal that knows nothing does not speak for a folder with maps", arguments: [false, true])
    func emptyJournalBesideMaps(isDatabase: Bool) async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/a/G1/SPACE_maps", withIntermediateDirectories: true)
            try Data("map".utf8).write(to: URL(fileURLWithPath: folder + "/a/G1/G1.mrc"))
            let journal = folder + "/a/session.sqlite"
            if isDatabase { _ = try SessionStore(path: journal, settings: "x") } else { try Data().write(to: URL(fileURLWithPath: journal)) }
            #expect(try !SessionStore.knowsSteps(path: journal))
            for begun in [false, true] {
                let error = try await refusal(in: folder, begun: begun)
                #expect(error.message.contains("holds the map G1/G1.mrc of a session and a journal that knows nothing of it"), "\(error.message)")
                #expect(error.code == (begun ? .unusableJournal : .refused), "one that was begun holds the queue")
            }
            let store = try SessionStore(path: journal, settings: "x")
            try await store.intend(.grid(1, "name"), input: StepInput(digest: "0", json: nil))
            #expect(try SessionStore.knowsSteps(path: journal))
        }
    }
}
