import Foundation
import Microscope
import Synchronization
import Testing
@testable import Workflow

/// People look at what was found: a session waits for them, tells them, and does not wait for ever.
@Suite struct InspectionWatchTests {
    /// What the session tells, one after the other.
    private final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func take(_ event: RunEvent) {
            let line: String? =
                switch event {
                case .inspecting(let inspection): inspection.refusal ?? "inspect \(inspection.subject)"
                case .inspectionReminder: "remind"
                case .warning(let text): text
                default: nil
                }
            if let line { lines.withLock { $0.append(line) } }
        }
    }

    /// A person whose mind changes.
    private final class Person: Supervisor {
        let now: Mutex<Verdict>
        init(_ verdict: Verdict = .goOn) { now = Mutex(verdict) }
        func verdict(at checkpoint: Checkpoint) -> Verdict { now.withLock { $0 } }
        func untilReleased(at checkpoint: Checkpoint) {}
    }

    private struct Nonsense: Error, CustomStringConvertible { let description = "boxes.json is nonsense." }

    private static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("inspection-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private static func inspection(_ folder: String, timeout: InspectionSettings.Timeout = .skip, tools: [String] = []) -> Inspection {
        Inspection(
            subject: .lamellae, slot: 2, grid: "G", picture: folder + "/G_overview.png", files: "boxes.json", marker: folder + "/confirmed",
            markersOfTools: tools.map { folder + "/" + $0 }, since: .now, until: .now + 3600, timeout: timeout)
    }

    private func watch(
        _ inspection: Inspection, over person: Person = Person(), limit: Duration = .seconds(3600), reminder: Duration? = nil, _ told: Told,
        check: @escaping @Sendable () async throws -> Void = {}
    ) -> PeopleWatch<Inspection> {
        PeopleWatch(
            inspection, over: person, limit: limit, reminder: reminder, interval: .milliseconds(1), check: check, report: told.take)
    }

    private let here = Checkpoint.inspection(slot: 2, of: .lamellae)

    private static func touch(_ path: String) throws { try Data().write(to: URL(fileURLWithPath: path)) }

    @Test func theSessionWaitsUntilTheFileIsThere() async throws {
        try await Self.inFolder { folder in
            let watch = watch(Self.inspection(folder), Told())
            #expect(await watch.verdict(at: here) == .hold("the lamellae of grid G (slot 2) are not confirmed yet"))
            try Self.touch(folder + "/confirmed")
            try await watch.untilReleased(at: here)
            #expect(await watch.verdict(at: here) == .goOn)
        }
    }

    @Test func theToolsOfSPACEtomoConfirmMapByMap() async throws {
        try await Self.inFolder { folder in
            let watch = watch(Self.inspection(folder, tools: ["L01", "L02"]), Told())
            try Self.touch(folder + "/L01")
            #expect(await watch.verdict(at: here) != .goOn)
            try Self.touch(folder + "/L02")
            #expect(await watch.verdict(at: here) == .goOn)
        }
    }

    @Test func whatIsConfirmedInVainIsToldEachTimeAndMayBeConfirmedAgain() async throws {
        try await Self.inFolder { folder in
            let isBad = Mutex(true)
            let told = Told()
            let watch = watch(Self.inspection(folder), told) { if isBad.withLock({ $0 }) { throw Nonsense() } }
            for _ in 0 ..< 2 {
                try Self.touch(folder + "/confirmed")
                #expect(await watch.verdict(at: here) != .goOn)
                #expect(!FileManager.default.fileExists(atPath: folder + "/confirmed"))
            }
            #expect(told.all == ["boxes.json is nonsense.", "boxes.json is nonsense."])
            isBad.withLock { $0 = false }
            #expect(await watch.verdict(at: here) != .goOn)
            try Self.touch(folder + "/confirmed")
            #expect(await watch.verdict(at: here) == .goOn)
        }
    }

    @Test("Where nobody comes the settings decide", arguments: [
        (InspectionSettings.Timeout.skip, Verdict.skip("nobody confirmed the lamellae of grid G (slot 2) within 0.0 s")), (.goOn, .goOn),
    ])
    func timeOver(timeout: InspectionSettings.Timeout, verdict: Verdict) async throws {
        try await Self.inFolder { folder in
            let watch = watch(Self.inspection(folder, timeout: timeout), limit: .zero, Told())
            #expect(await watch.verdict(at: here) == verdict)
        }
    }

    @Test func nonsenseIsNotGoneOnWithWhereNobodyComes() async throws {
        try await Self.inFolder { folder in
            let watch = watch(Self.inspection(folder, timeout: .goOn), limit: .zero, Told()) { throw Nonsense() }
            #expect(
                await watch.verdict(at: here)
                    == .skip("nobody confirmed the lamellae of grid G (slot 2) within 0.0 s. boxes.json is nonsense."))
        }
    }

    @Test func peopleAreReminded() async throws {
        try await Self.inFolder { folder in
            let told = Told()
            let watch = watch(Self.inspection(folder), reminder: .milliseconds(1), told)
            while told.all.count < 2 { _ = await watch.verdict(at: here) }
            #expect(Set(told.all) == ["remind"])
        }
    }

    @Test func aPersonMayPauseAndStopAndSkipHereToo() async throws {
        try await Self.inFolder { folder in
            let told = Told()
            let person = Person(.hold("lunch"))
            let watch = watch(Self.inspection(folder), over: person, limit: .zero, told)
            // The time does not run out during the pause.
            #expect(await watch.verdict(at: here) == .hold("lunch"))
            person.now.withLock { $0 = .stop("enough") }
            #expect(await watch.verdict(at: here) == .stop("enough"))
            person.now.withLock { $0 = .skip("torn") }
            #expect(await watch.verdict(at: here) == .skip("torn"))
        }
    }

    @Test func afterAPauseTheTimeBeginsAnewAndPeopleAreToldAgain() async throws {
        try await Self.inFolder { folder in
            let told = Told()
            let person = Person(.hold("lunch"))
            let watch = watch(Self.inspection(folder), over: person, told)
            _ = await watch.verdict(at: here)
            person.now.withLock { $0 = .goOn }
            #expect(await watch.verdict(at: here) != .goOn)
            #expect(told.all == ["inspect lamellae"])
        }
    }
}
