import Foundation
import ImageFiles
import SerialEMSimulator
import Testing

/// One session of level 2 in which everything happens: it ends by itself with all maps, and no lamella is mapped twice.
@Suite struct TroubledNightTests {
    private static let faults = """
        [
            {"kind": "vacuum", "seconds": 1500, "when": {"command": "Eucentricity", "after": 4}},
            {"kind": "refill", "seconds": 4000, "when": {"command": "MoveStageTo", "after": 5}},
            {"kind": "closedValve", "when": {"command": "MoveStageTo", "after": 9}},
            {"kind": "vacuum", "severity": 1, "seconds": 400, "when": {"command": "R", "after": 2}},
            {"kind": "lowDisk", "megabytes": 900, "seconds": 2000, "when": {"command": "SetupPolygonMontage", "after": 1}}
        ]
        """

    /// The pieces of each lamella's map that were lit, and how many its file has.
    private func maps(in grid: String, _ log: [ExposureRecord]) throws -> [String: (lit: Int, dark: Int, sections: Int)] {
        var found: [String: (lit: Int, dark: Int, sections: Int)] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: grid) where name.contains("_L") && name.hasSuffix(".mrc") {
            let own = log.filter { $0.file == "\(grid)/\(name)" }
            found[name] = (own.count { $0.dose > 0 }, own.count { $0.dose == 0 }, try MRCFile.header("\(grid)/\(name)").sections)
        }
        return found
    }

    @Test func theSessionPausesRecoversAndMapsEveryLamellaOnce() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                simulator.microscope.faults.add(try Fault.list(text: Self.faults, place: "faults"))
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 2)
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(simulator.microscope.faults.strikes.map(\.kind).sorted() == ["closedValve", "lowDisk", "refill", "vacuum", "vacuum"])
                for words in [
                    "WAITS      The vacuum is bad; the session waits with: ", "goes on    The vacuum is bad: over", "goes on    A dewar is being filled: over",
                    "WAITS      The column valves have been closed; the session waits with: ", "goes on    There is room on the disk again",
                ] { #expect(ending.output.contains(words), "\(words)\n\(ending.output)") }
                #expect(!ending.output.contains("left out"), "\(ending.output)")

                let maps = try maps(in: folder + "/session/HeLa_1", await simulator.microscope.exposureLog())
                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamellae = try #require(report["grids"]?.array?.first?["lamellae"]?.array)
                #expect(maps.count == lamellae.count { $0["level_reached"]?.integer == 2 })
                #expect(maps.count > 2)
                for (name, map) in maps { #expect((map.lit, map.dark) == (map.sections, 0), "\(name)") }
            }
        }
    }
}
