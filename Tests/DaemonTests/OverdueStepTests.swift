@testable import Daemon
import Store
import Testing
import Workflow

/// A step that takes longer than it should: people are told, and told again with what has changed since.
@Suite struct OverdueStepTests {
    @Test func anOverdueStepIsToldAgainWithWhatChangedSince() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(
                folder: folder, sessions: sessions, stepLimit: StepLimit(least: .zero, interval: .milliseconds(5), reminder: .milliseconds(50))
            ) { service in
                sessions.tell(.progress(phase: "G_1, acquiring", done: 1, total: 4))
                try await service.add("a", grids: "[1]")
                try await service.logged { $0.kind == "overdue" && $0.text.hasSuffix("; nothing has changed since then. The session waits for it; look at SerialEM.") }
                await service.service.take(.progress(phase: "G_1, acquiring", done: 2, total: 4))
                try await service.logged { $0.kind == "overdue" && $0.text.contains("; since then 'G_1, acquiring' went from 25 to 50 %.") }
                await service.service.take(.progress(phase: "G_2, acquiring", done: 0, total: 4))
                try await service.logged { $0.kind == "overdue" && $0.text.contains("; since then it came to 'G_2, acquiring', of which 0 % is done.") }
                let told = try await service.log().filter { $0.kind == "overdue" }.map(\.text)
                #expect(told[0].contains("none was done here before"))
                #expect(told.dropFirst().allSatisfy { $0.hasPrefix("Still: 'Map grid 1' of session 'a' has run for ") })
                sessions.allow(steps: 1)
            }
        }
    }

    @Test func anOverdueStepIsToldOnceWithinTheTimeOfTheReminder() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions, stepLimit: StepLimit(least: .zero, interval: .milliseconds(5))) { service in
                try await service.add("a", grids: "[1]")
                try await service.logged { $0.kind == "overdue" }
                // The watch has looked many times meanwhile.
                try await Task.sleep(for: .milliseconds(200))
                #expect(try await service.log().count { $0.kind == "overdue" } == 1)
                sessions.allow(steps: 1)
            }
        }
    }

    @Test func aStepOfWhichNothingIsKnownHasTheLimitOfWhatIsAskedOfIt() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions, stepLimit: StepLimit(least: .seconds(3600), interval: .milliseconds(5))) { service in
                try await service.add("a", grids: "[1]")
                try await service.logged { $0.text == "begin: Map grid 1" }
                await service.service.take(.expected(.grid(1, "whole-grid-map"), within: .milliseconds(20), basis: "so many pieces"))
                try await service.logged { $0.kind == "overdue" && $0.text.contains("longer than its limit of 0.0 s (so many pieces)") }
                sessions.allow(steps: 1)
            }
        }
    }

    @Test func theTimeForWhichAStepWaitsForARefillIsNoneOfItsOwn() async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(folder: folder, sessions: sessions, stepLimit: StepLimit(least: .milliseconds(150), interval: .milliseconds(5))) { service in
                // It waits from its beginning: however late a busy computer looks, none of its time is its own.
                sessions.tell(.delayed("a dewar is being filled"))
                try await service.add("a", grids: "[1]")
                try await service.logged { $0.text == "begin: Map grid 1" }
                #expect(try await service.service.status().obstacle == "a dewar is being filled")
                try await Task.sleep(for: .milliseconds(600))
                #expect(try await service.log().allSatisfy { $0.kind != "overdue" })
                await service.service.take(.delayOver)
                #expect(try await service.service.status().obstacle == nil)
                await service.service.take(.finished(.grid(1, "whole-grid-map"), title: "Map grid 1", duration: .milliseconds(700)))
                let usual = try #require(try await service.service.store.medianTime(ofStep: "whole-grid-map"))
                #expect(usual < .milliseconds(150), "\(usual)")
                sessions.allow(steps: 1)
            }
        }
    }
}
