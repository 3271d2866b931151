import Foundation
import Navigator
import SerialEMSimulator
import Targets
import Testing

/// The same session again, with other settings or another level: what PACEtomo is sent to is whole and of one piece.
@Suite struct RepeatedSessionTests {
    /// The targets files of a grid's folder with their contents.
    private func targets(in grid: String) throws -> [String: PACEtomoTargets] {
        var found: [String: PACEtomoTargets] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: grid) where name.hasSuffix("_tgts.txt") {
            found[name] = try PACEtomoTargets(parsing: String(contentsOfFile: "\(grid)/\(name)", encoding: .utf8))
        }
        return found
    }

    /// Navigator, targets files, virtual maps and points files tell of the same targets.
    private func expectOnePiece(_ grid: String, marked: Bool = true) throws {
        let files = try targets(in: grid)
        let items = try NavigatorFile.read(grid + "/" + (grid as NSString).lastPathComponent + ".nav").items
        #expect(!files.isEmpty)
        let tracking = items.filter { $0.note.hasSuffix("_tgts.txt") == true }
        #expect(tracking.map(\.note).sorted() == files.keys.sorted())
        #expect(items.filter(\.acquire).map(\.mapID) == (marked ? tracking.map(\.mapID) : []))
        let count = files.values.reduce(0) { $0 + $1.targets.count }
        let views = try FileManager.default.contentsOfDirectory(atPath: grid).filter { $0.hasSuffix("_view.mrc") }
        #expect(views.count == count)
        #expect(items.filter { $0.mapFile?.hasSuffix("_view.mrc") == true }.count == count)
        let geoPoints = files.values.reduce(0) { $0 + $1.geoPoints.count }
        #expect(items.filter { $0.label.hasPrefix("geo") }.count == geoPoints)
        var pointsInFiles = 0
        let maps = grid + "/SPACE_maps"
        for name in try FileManager.default.contentsOfDirectory(atPath: maps) where name.contains("_points") {
            pointsInFiles += try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: "\(maps)/\(name)"))).points.value.count
        }
        #expect(pointsInFiles == count)
    }

    @Test func anAcquisitionThatSerialEMGaveUpIsNotWrittenDownAsDoneAndIsTakenUpAgain() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                func run(level: Int) async throws -> Ending {
                    try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: level)
                    return try await tomopilot("run", "s.yaml", in: folder)
                }
                #expect(try await run(level: 4).status == 0)
                let grid = folder + "/session/HeLa_1"
                let name = try #require(try targets(in: grid).keys.sorted().last)
                let area = name.replacing("_tgts.txt", with: "")
                let whole = try String(contentsOfFile: "\(grid)/\(name)", encoding: .utf8)
                // PACEtomo asks a person about such tilts, and SerialEM goes on with the next item.
                try Data(("_set maxTilt = 89\n" + whole).utf8).write(to: URL(fileURLWithPath: "\(grid)/\(name)"))
                let cut = try await run(level: 5)
                // The grid is skipped, the session has come to its end, and says that something is missing.
                #expect((cut.status, cut.error) == (3, ""))
                let words = "Acquire at Items ended on grid HeLa_1 before all targets were done: \(area) was not begun; HeLa_1_acquisition.json has the rest."
                #expect(cut.output.contains(words), "\(cut.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: grid).allSatisfy { !$0.hasPrefix(area + "_ts_") })

                try Data(whole.utf8).write(to: URL(fileURLWithPath: "\(grid)/\(name)"))
                let rest = try await run(level: 5)
                #expect((rest.status, rest.error) == (0, ""))
                #expect(try FileManager.default.contentsOfDirectory(atPath: grid).contains { $0.hasPrefix(area + "_ts_") })
            }
        }
    }

    @Test func otherSettingsLeaveNothingOfTheFirstTargetsAndAcquiredTargetsStay() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                func run(level: Int, more: String = "") async throws -> Ending {
                    try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: level, more: more)
                    return try await tomopilot("run", "s.yaml", in: folder)
                }
                #expect(try await run(level: 4).status == 0)
                let grid = folder + "/session/HeLa_1"
                try expectOnePiece(grid)
                let first = try targets(in: grid)

                #expect(try await run(level: 4, more: "target_score_threshold: 0.4").status == 0)
                try expectOnePiece(grid)
                #expect(try targets(in: grid) != first)

                #expect(try await run(level: 5, more: "target_score_threshold: 0.4").status == 0)
                let acquired = try targets(in: grid)
                for (level, more) in [(4, "target_score_threshold: 0.1"), (3, ""), (1, "")] {
                    let again = try await run(level: level, more: more)
                    #expect((again.status, again.error) == (0, ""))
                    #expect(try targets(in: grid) == acquired)
                }
                // Acquire at Items takes the marks off as it goes.
                try expectOnePiece(grid, marked: false)
            }
        }
    }
}
