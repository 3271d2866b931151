import Foundation
import ImageFiles
import Raster
import Testing
import Units
@testable import Workflow

@Suite struct AreaRunTests {
    private static let target = "_tgt = 001\ntsfile = A_ts_001.mrc\nSSX = 0\nSSY = 0\nstageX = 1\nstageY = 2\nskip = False\n"
    private static let branches = "_pbr\nSSX = 0\nsec = 3\nangles = \n_nbr\nSSX = 0\nsec = 2\nangles = \n"
    /// What PACEtomo writes after each image, and at the end.
    private static let running = "_set startTilt = 0\n_set minTilt = -60\n_set maxTilt = 60\n_set step = 3\n_spos = 2,1\n" + target + branches
    private static let ended = target + branches

    private func run(_ files: [String: String], images: Int = 0) throws -> AreaRun {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("area-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        if images > 0 {
            let stack = try MRCWriter(path: folder.path + "/A_ts_001.mrc", width: 2, height: 2, pixelType: .uint16, pixelSize: PixelSize(1))
            for _ in 1 ... images { try stack.append(.uint16(Raster<UInt16>(width: 2, height: 2, filledWith: 1))) }
            try stack.close()
        }
        return AreaRun(area: "A", in: folder.path)
    }

    @Test("A run file alone does not mean that the area is finished", arguments: [
        (["A_tgts.txt": target], .notBegun), (["B_tgts_run01.txt": ended, "A_A2_tgts_run01.txt": ended], .notBegun),
        (["A_ts_001.mrc": "x"], .unfinished), (["A_tgts_run01.txt": running], .unfinished),
        (["A_tgts_run01.txt": ""], .unfinished), (["A_tgts_run01.txt": "_tgt = 001\nSSX"], .unfinished),
        (["A_tgts_run01.txt": ended], .finished), (["A_tgts_run01.txt": running, "A_tgts_run02.txt": ended], .finished),
        (["A_tgts_run01.txt": ended, "A_tgts_run02.txt": running], .unfinished),
    ] as [([String: String], AreaRun.State)])
    func state(files: [String: String], state: AreaRun.State) throws {
        #expect(try run(files).state == state)
    }

    @Test func theNewestRunFileIsNamed() throws {
        #expect(try run(["A_tgts_run01.txt": Self.ended, "A_tgts_run02.txt": Self.ended]).runFile == "A_tgts_run02.txt")
        #expect(try run([:]).runFile == nil)
    }

    @Test func aSeriesIsWholeWithThePlannedTiltsOfAFinishedArea() throws {
        let planned = "_set minTilt = -60\n_set maxTilt = 60\n_set step = 3\n" + Self.target
        let finished = try run(["A_tgts.txt": planned, "A_tgts_run01.txt": Self.ended])
        #expect(finished.plannedTilts == 41)
        #expect(finished.isWhole(images: 41) && !finished.isWhole(images: 40))
        let unplanned = try run(["A_tgts.txt": Self.target, "A_tgts_run01.txt": Self.ended])
        #expect(unplanned.isWhole(images: 2) && !unplanned.isWhole(images: 1))
        #expect(try !run(["A_tgts.txt": planned, "A_tgts_run01.txt": Self.running]).isWhole(images: 41))
    }

    @Test("With all its images an area is finished though PACEtomo could not say so any more", arguments: [(40, .unfinished), (41, .finished)] as [(Int, AreaRun.State)])
    func complete(images: Int, state: AreaRun.State) throws {
        let run = try run(["A_tgts_run01.txt": Self.running], images: images)
        #expect(run.state == state)
        #expect(run.isWhole(images: images) == (state == .finished))
        #expect(run.position.map { [$0.tilt, $0.target] } == [3, 2])
    }

    @Test("Tilts go from the start tilt of the run both ways", arguments: [(0, 41), (1, 40), (-60, 41), (2, 40)])
    func tilts(start: Int, count: Int) throws {
        let text = Self.running.replacing("_set startTilt = 0", with: "_set startTilt = \(start)")
        #expect(try run(["A_tgts_run01.txt": text]).plannedTilts == count)
    }

    @Test func whatWasSetAsideDoesNotMakeAnAreaBegun() throws {
        let run = try run(["A_tgts.txt": Self.target, "A_ts_001_old2.mrc": "x", "A_tgts_run01_old1.txt": Self.running])
        #expect(run.state == .notBegun && run.timesSetAside == 2)
        #expect(try self.run(["A_tgts_run01.txt": "_spos = 99999999999,1\n" + Self.target]).state == .unfinished)
    }

    @Test func aRunFileTellsAPersonWhatWasAcquiredAndWhatIsForgotten() throws {
        let planned = "_set minTilt = -60\n_bset measureGeo = True\n_bset viewAli = True\n" + Self.target + "_geo = 1\nSSX = 1\nSSY = 1\n"
        let running = Self.running.replacing("step = 3\n", with: "step = 3\n_set pretilt = -9.5\n_set rotation = 1.5\n")
            .replacing("sec = 3\nangles = \n", with: "dose = 12\nangles = 0.0,3.0\nskip = False\n").replacing("sec = 2\nangles = \n", with: "dose = 9\nangles = 0.0,-3.0\nskip = True\n")
        let words = try run(["A_tgts.txt": planned, "A_tgts_run01.txt": running]).words
        #expect(
            words == [
                "PACEtomo noted 3 tilts of target 1 from -3 to 3 degrees, 12 e/Å²; it had given up the negative tilts",
                "what PACEtomo's run file does not hold any more: 1 geo points, viewAli; it goes on with the pretilt of -9.5 and the rotation of 1.5 degrees that the run file has",
            ])
        #expect(try run(["A_tgts.txt": planned, "A_tgts_run01.txt": Self.ended]).words.isEmpty)
        #expect(try run(["A_tgts.txt": planned]).words.isEmpty)
    }
}
