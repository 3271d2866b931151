import Foundation
import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct EventLogTests {
    @Test func everySecondOfTheNightIsInTheLogOnce() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("SetLowDoseMode", 1)
        try await s.run("V")
        try await s.run("BackgroundTilt", 20)
        try await s.run("R")
        _ = try await s.waitForStage()
        try await s.run("G")
        try await s.run("Eucentricity", 1)
        try await s.run("Delay", 12, "s")
        try await s.run("LongOperation", "Re", "0")
        try await s.run("UnloadCartridge")
        let events = await s.microscope.eventLog()
        var end = 0.0
        for event in events where !event.background {
            #expect(abs(event.start - end) < 1e-6, "\(event.command) begins \(event.start - end) s after the event before")
            end = event.start + event.seconds
        }
        #expect(abs(await s.microscope.simulatedSeconds() - end) < 1e-6)
        #expect(events.count { $0.background } == 1)
        #expect(Set(events.map(\.kind)) == [.exposure, .move, .tilt, .load, .unload, .wait])
    }

    @Test func eachExposureIsInBothLogs() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.run("SetLowDoseMode", 1)
        for letter in ["V", "F", "T", "R", "L", "Search"] { try await s.run(letter) }
        let exposures = await s.microscope.exposureLog()
        let events = await s.microscope.eventLog().filter { $0.kind == .exposure }
        #expect(events.map(\.set) == exposures.map(\.area))
        #expect(events.map(\.dose) == exposures.map(\.dose))
        #expect(events.map(\.command) == ["V", "F", "T", "R", "L", "Search"])
        #expect(zip(events, exposures).allSatisfy { $0.seconds > $1.exposureSeconds })
    }

    @Test func theFileHasALineOfJSONForEachEvent() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let s = try await Scenario { $0.eventLog = path }
        try await s.loadGrid(2)
        try await s.run("MoveStageTo", 30, -20, 5)
        try await s.run("TiltTo", 10)
        try await s.run("R")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let events = try lines.map { try JSONDecoder().decode(EventRecord.self, from: Data($0.utf8)) }
        #expect(events == (await s.microscope.eventLog()))
        let load = try #require(events.first { $0.kind == .load })
        #expect(load.slot == 2 && load.seconds == 300 && load.command == "LoadCartridge")
        let move = try #require(events.first { $0.kind == .move })
        #expect(abs(move.stageX - 30) < 0.1 && abs(move.stageY + 20) < 0.1)
        #expect(abs(try #require(events.last).tilt - 10) < 0.1)
    }

    @Test func aWholeNightTakesNoTimeOfOurs() async throws {
        let s = try await Scenario()
        for _ in 0 ..< 20 { try await s.run("Delay", 60, "min") }
        #expect(await s.microscope.simulatedSeconds() == 72000)
    }

    @Test func equalSeedsGiveEqualNights() async throws {
        func night(_ seed: UInt64) async throws -> [EventRecord] {
            let s = try await Scenario(seed: seed)
            try await s.loadGrid()
            try await s.run("MoveStageTo", 150, 20)
            try await s.run("BackgroundMoveStage", 10, 10)
            try await s.run("R")
            _ = try await s.waitForStage()
            try await s.run("R")
            return await s.microscope.eventLog()
        }
        let first = try await night(5)
        #expect(try await night(5) == first)
        #expect(try await night(6) != first)
    }

    @Test func aLogThatCannotBeWrittenIsNoReasonToStop() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("no such folder \(UUID().uuidString)").path
        let s = try await Scenario {
            $0.eventLog = "\(folder)/events.jsonl"
            $0.exposureLog = "\(folder)/exposures.jsonl"
            $0.truthFile = "\(folder)/truth.json"
        }
        try await s.loadGrid()
        try await s.run("R")
        try await s.run("R")
        #expect(await s.microscope.exposureLog().count == 2)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
