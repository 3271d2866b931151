@testable import Daemon
import Store
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
}
