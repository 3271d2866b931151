import Foundation
import Navigator
import SerialEMSimulator
import Targets
import Testing

/// Sessions with `acquisition: serialem`: what is written, and what is not done.
@Suite struct ParallelSeriesTests {
    @Test func targetsAreInTheNavigatorForSerialEMAndNothingIsAcquired() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 4, more: "acquisition: serialem")
                let targets = try await tomopilot("run", "s.yaml", in: folder)
                #expect((targets.status, targets.error) == (0, ""))
                let grid = folder + "/session/HeLa_1"
                try Self.expectSeries(in: grid)
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 5, more: "acquisition: serialem")
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("nothing is acquired on grid HeLa_1, because acquisition is 'serialem'"), "\(ending.output)")
                #expect(await records(simulator) == 0)
                #expect(try FileManager.default.contentsOfDirectory(atPath: grid).allSatisfy { !$0.contains("_ts_") })
                // Back to PACEtomo the same targets are written for it.
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 4)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
                let file = try NavigatorFile.read(grid + "/HeLa_1.nav")
                let marked = file.items.filter(\.acquire).map(\.note)
                #expect(!marked.isEmpty && marked.allSatisfy { $0.hasSuffix("_tgts.txt") })
            }
        }
    }

    /// One item for each area of two targets and more, with as many shifts as its targets file has targets.
    private static func expectSeries(in grid: String) throws {
        let file = try NavigatorFile.read(grid + "/HeLa_1.nav")
        let series = file.items.filter { $0["ParallelTSIndex"] != nil }
        #expect(!series.isEmpty && !file.items.contains(where: \.acquire))
        for item in series {
            let name = try #require(item.note.split(separator: ":").first)
            let targets = try PACEtomoTargets(parsing: String(contentsOfFile: "\(grid)/\(name)", encoding: .utf8)).targets
            #expect(file.parallelTiltSeries(of: item)?.imageShifts.count == targets.count)
            #expect(file.parallelTiltSeries(of: item)?.refusal == nil)
            #expect(targets.allSatisfy { $0["viewfile"] == nil })
            let map = file.index(ofMapID: item.drawnID ?? -1).map { file.items[$0] }
            #expect(map?.kind == .map)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: grid).allSatisfy { !$0.hasSuffix("_view.mrc") })
    }
}
