@testable import Daemon
import Store
import Synchronization
import Testing
@testable import Workflow

/// What a session asks the service's helm for.
@Suite struct HelmTests {
    @Test func inTheServiceASessionNamesTheCommandThatGoesOnWithIt() async throws {
        try await withFolder { folder in
            let helm = Helm(session: 3, skips: [])
            let kept = KeptSkips(helm, journal: try SessionStore(path: folder + "/session.sqlite", settings: ""), report: { _ in })
            #expect(kept.resumption == "'tomopilot queue retry 3'")
            #expect(FreeRun().resumption == "the same command")
        }
    }

    @Test func whatIsSkippedInTheServiceIsWrittenIntoTheSessionsJournal() async throws {
        try await withFolder { folder in
            let helm = Helm(session: 3, skips: [Skip(grid: 1, lamella: 2, reason: "ice")])
            let journal = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let kept = KeptSkips(helm, journal: journal, report: { _ in })
            #expect(await kept.verdict(at: .lamella(slot: 1, number: 2, before: .mapping)) == .skip("ice"))
            helm.skip(Skip(grid: 4, lamella: nil, reason: "torn"))
            #expect(await kept.verdict(at: .grid(slot: 1)) == .goOn)
            #expect(try await journal.skips() == [Skip(grid: 1, lamella: 2, reason: "ice"), Skip(grid: 4, lamella: nil, reason: "torn")])
        }
    }

    @Test func whatIsTakenBackIsForgottenByTheSessionsJournalAndMayBeSkippedAgain() async throws {
        try await withFolder { folder in
            let journal = try SessionStore(path: folder + "/session.sqlite", settings: "")
            let skip = Skip(grid: 1, lamella: 2, reason: "ice")
            try await journal.remember(skip)
            let helm = Helm(session: 3, skips: [], takenBack: [skip.part])
            let told = Mutex<[SkippedPart]>([])
            let kept = KeptSkips(helm, journal: journal) { event in
                if case .takenBack(let part) = event { told.withLock { $0.append(part) } }
            }
            let checkpoint = Checkpoint.lamella(slot: 1, number: 2, before: .mapping)
            #expect(await kept.verdict(at: checkpoint) == .goOn)
            #expect(await kept.verdict(at: checkpoint) == .goOn)
            #expect(told.withLock { $0 } == [skip.part])
            helm.skip(skip)
            #expect(await kept.verdict(at: checkpoint) == .skip("ice"))
            #expect(try await journal.skips() == [skip])
            helm.takeBack(skip.part)
            helm.pause("lunch")
            #expect(try await kept.isLeftOut(checkpoint) == false)
            #expect(try await journal.skips() == [])
        }
    }
}
