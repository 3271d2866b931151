import Foundation
import ImageFiles
import Navigator
import Raster
import SerialEMSimulator
import Targets
import Testing

/// People look at lamellae and targets before the session goes on, and change them.
@Suite struct InspectionTests {
    private func writeSettings(in folder: String, port: Int, level: Int) throws {
        try writeSettingsOfFewLamellae(in: folder, port: port, level: level, more: "WG_wait_for_inspection: true\nMM_wait_for_inspection: true")
    }

    private struct Boxes: Codable {
        var boxes: [[Double]]
        var labels: [String]
    }

    private struct Model: Decodable { let classes: [String] }

    /// Takes what is aimed at out of a segmentation, 2 µm around a place.
    private func paintOver(_ path: String, around place: [Double]) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: modelsFolder + "/lamella-segmenter-sim/model.json"))
        let mitos = UInt8(try #require(try JSONDecoder().decode(Model.self, from: data).classes.firstIndex(of: "mitos")))
        var labels = try PNGFile.readGrey(path)
        let (y, x) = (Int(place[0]), Int(place[1]))
        for row in max(0, y - 100) ..< min(labels.height, y + 100) {
            for column in max(0, x - 100) ..< min(labels.width, x + 100) where labels[column, row] == mitos { labels[column, row] = 0 }
        }
        try PNGFile.write(labels, to: path)
    }

    /// Waits until a log has so many lines with a text.
    private func untilSaid(_ text: String, times: Int, in log: String, while run: RunningProgram) async throws {
        while run.isRunning {
            let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
            if lines.count(where: { $0.contains(text) }) >= times { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the program ended before '\(text)'")
    }

    private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    @Test func theSessionGoesOnWithWhatPeopleLeftAndAsksNothingTwice() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                try writeSettings(in: folder, port: simulator.port, level: 4)
                let grid = folder + "/session/HeLa_1"
                let maps = grid + "/SPACE_maps"
                let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
                _ = try #require(try await run.line(beginning: "INSPECT    The lamellae of grid HeLa_1 (slot 1) wait to be confirmed."))

                // Nonsense is refused, and the session still waits.
                let boxesFile = maps + "/HeLa_1_wg_boxes.json"
                let whole = try Data(contentsOf: URL(fileURLWithPath: boxesFile))
                try write("{\"boxes\": [[1, 2]]}", to: boxesFile)
                try write("", to: maps + "/HeLa_1_wg_inspected.txt")
                let refusal = try #require(try await run.line(beginning: "INSPECT    \(boxesFile) cannot be taken up: "))
                #expect(refusal.hasPrefix("Box 1 of the boxes file is not x, y, x, y, class index, confidence. Put it right;"))
                let log = folder + "/session/session.log"
                for (boxes, reason) in [
                    ("[[100, 100, 140, 130, 2, 1], [102, 100, 142, 130, 2, 1]]", "box 2 is of the same lamella as box 1, which would be exposed twice"),
                    ("[[100, 100, 100, 130, 2, 1]]", "box 1 is empty"),
                    ("[[-90000, 100, 90000, 130, 2, 1]]", "box 1 has 180000 x 30 pixels, more than the map of "),
                    ("[[1e300, 100, 2e300, 130, 2, 1]]", "box 1 lies outside the map of "),
                ] {
                    try write(boxes, to: boxesFile)
                    try write("", to: maps + "/HeLa_1_wg_inspected.txt")
                    try await untilSaid("\(boxesFile) cannot be taken up: \(reason)", times: 1, in: log, while: run)
                }

                // One lamella stays of those that were found, and one is drawn beside it.
                var boxes = try JSONDecoder().decode(Boxes.self, from: whole)
                let good = boxes.boxes.filter { $0[4] == 2 }
                let kept = try #require(good.last)
                // Nothing is there, and nobody is sure of it: it is not mapped.
                let drawn = [kept[0] + 150, kept[1], kept[2] + 150, kept[3], 2, 0.3]
                boxes = Boxes(boxes: [drawn, kept], labels: ["L01", "L02"])
                try JSONEncoder().encode(boxes).write(to: URL(fileURLWithPath: boxesFile))
                try write("", to: maps + "/HeLa_1_wg_inspected.txt")

                _ = try #require(try await run.line(beginning: "INSPECT    The targets of grid HeLa_1 (slot 1) wait to be confirmed."))
                let items = try NavigatorFile.read(grid + "/HeLa_1.nav").items
                let numbers = items.filter { $0.label.hasPrefix("PP") }.compactMap { Int($0.label.dropFirst(2)) }.sorted()
                let found = try #require(numbers.last) - 1
                #expect(numbers.count == 2)
                let number = try #require(numbers.first)
                #expect(number <= found)
                let name = "HeLa_1_L0\(number)"
                let targetsFile = "\(grid)/\(name)_tgts.txt"
                let pointsFile = "\(maps)/\(name)_points0.json"
                let chosen = try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: pointsFile))).points.value

                // A piece of the segmentation is painted over: the targets are chosen anew, and are looked at again.
                try paintOver("\(maps)/\(name)_seg.png", around: try #require(chosen.last))
                try write("", to: maps + "/HeLa_1_inspected.txt")
                try await untilSaid("INSPECT    The targets of grid", times: 2, in: folder + "/session/session.log", while: run)
                let targets = try PACEtomoTargets(parsing: String(contentsOfFile: targetsFile, encoding: .utf8)).targets.count

                // What PACEtomo would trip over is refused at the gate, with the file's name.
                let wholePoints = try Data(contentsOf: URL(fileURLWithPath: pointsFile))
                var bad = try PointsFile(data: wholePoints)
                bad.settings = ["maxTlit": .number(50)]
                try bad.data().write(to: URL(fileURLWithPath: pointsFile))
                try write("", to: maps + "/HeLa_1_inspected.txt")
                try await untilSaid("\(pointsFile) cannot be taken up: PACEtomo has no setting 'maxTlit': did you mean 'maxTilt'?", times: 1, in: log, while: run)
                bad = try PointsFile(data: wholePoints)
                bad.points.value[1] = bad.points.value[0]
                try bad.data().write(to: URL(fileURLWithPath: pointsFile))
                try write("", to: maps + "/HeLa_1_inspected.txt")
                try await untilSaid("\(pointsFile) cannot be taken up: target 2 lies where target 1 does", times: 1, in: log, while: run)
                try wholePoints.write(to: URL(fileURLWithPath: pointsFile))
                let wholeTargets = try String(contentsOfFile: targetsFile, encoding: .utf8)
                let views = "\(name)_tgt_002_view.mrc"
                try write(wholeTargets.replacing(views, with: "gone.mrc"), to: targetsFile)
                try write("", to: maps + "/HeLa_1_inspected.txt")
                try await untilSaid("viewfile of target 2 is 'gone.mrc', which is not in \(grid)", times: 1, in: log, while: run)
                try write(wholeTargets.replacing(#/SSX = (?!0\.0000).*/#.ignoresCase(), with: "SSX = 40.0000"), to: targetsFile)
                try write("", to: maps + "/HeLa_1_inspected.txt")
                try await untilSaid("µm from the first, beyond the image-shift limit of ", times: 1, in: log, while: run)
                try write(wholeTargets, to: targetsFile)

                // A target fewer, as a person leaves it.
                var points = try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: pointsFile)))
                let last = points.points.value.count - 1
                #expect(last == targets - 1)
                #expect(points.points.value != chosen)
                points.points.value.remove(at: last)
                points.scores.value.remove(at: last)
                points.lowDoseAreas?.value.remove(at: last)
                try points.data().write(to: URL(fileURLWithPath: pointsFile))
                try write("", to: maps + "/HeLa_1_inspected.txt")
                let ending = try await run.ending()
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("grid HeLa_1 has 2 lamellae instead of \(found): "))
                #expect(ending.output.contains("\(found + 1) added by hand"))
                #expect(ending.output.contains("lamella \(number) has \(targets - 1) target\(targets == 2 ? "" : "s") instead of \(targets) by hand"))
                let written = try PACEtomoTargets(parsing: String(contentsOfFile: targetsFile, encoding: .utf8))
                #expect(written.targets.count == targets - 1)

                // Level 5 acquires just these but one that somebody skips in PACEtomo's own file, without another question or choice.
                let text = try String(contentsOfFile: targetsFile, encoding: .utf8)
                let skip = try #require(text.range(of: "skip = False", options: .backwards))
                try write(text.replacingCharacters(in: skip, with: "skip = True"), to: targetsFile)
                let exposures = await simulator.microscope.exposureLog().count
                try writeSettings(in: folder, port: simulator.port, level: 5)
                let acquired = try await tomopilot("run", "s.yaml", in: folder)
                #expect((acquired.status, acquired.error) == (0, ""))
                #expect(!acquired.output.contains("INSPECT"))
                #expect(acquired.output.contains("\(name)_tgts.txt has \(targets - 2) target\(targets == 3 ? "" : "s") instead of \(targets - 1) by hand"))
                #expect(await simulator.microscope.exposureLog().count > exposures)
                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamellae = report["grids"]?.array?.first?["lamellae"]?.array ?? []
                let own = lamellae.first { $0["number"]?.integer == number }
                #expect(own?["acquired"]?.integer == targets - 2)
                let notes = lamellae.compactMap { $0["note"]?.string }
                #expect(notes.filter { $0 == "skipped: removed by hand" }.count == found - 1)
                #expect(try String(contentsOfFile: targetsFile, encoding: .utf8).contains("skip = True"))
            }
        }
    }

    @Test func whereNobodyComesTheSettingsDecideAndNonsenseEndsTheSessionInOneSentence() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                func run(_ more: String) async throws -> Ending {
                    let text = """
                        session_dir: ./session
                        serialem_port: \(simulator.port)
                        automation_level: 2
                        WG_model: \(detector)
                        MM_model: \(modelsFolder)/lamella-segmenter-sim
                        WG_wait_for_inspection: true
                        inspection_hours: 0.001
                        inspection_timeout: \(more)
                        """
                    try write(text, to: folder + "/s.yaml")
                    return try await tomopilot("run", "s.yaml", in: folder)
                }
                let skipped = try await run("skip")
                #expect((skipped.status, skipped.error) == (3, ""))
                #expect(
                    skipped.output.hasSuffix(
                        "INCOMPLETE grid Alga_1: nobody confirmed the lamellae of grid Alga_1 (slot 1) within 3.6 s; the same command tries again what can still be done\n"))
                let report = try JSONValue.read(folder + "/session/session_report.json")
                #expect(
                    report["grids"]?.array?.first?["skipped"]?.string
                        == "nobody confirmed the lamellae of grid Alga_1 (slot 1) within 3.6 s")

                // Another run asks again; what was gone on with stays so.
                let goneOn = try await run("go_on")
                #expect(goneOn.output.contains("INSPECT    The lamellae of grid Alga_1"))
                #expect(goneOn.output.contains("within 3.6 s; the session goes on, as inspection_timeout says"))
                #expect(try await !run("skip").output.contains("INSPECT"))

                // The grid is finished and on the stage: its files are read again.
                let boxes = folder + "/session/Alga_1/SPACE_maps/Alga_1_wg_boxes.json"
                try write("[[1, 2, 30, 40, 99, 1]]", to: boxes)
                expectSentence(
                    "\(boxes) cannot be taken up: Box 1 of the boxes file has the unknown class 99. Put it right; each box must be "
                        + "x, y, x, y, class index, confidence.", try await run("skip"))
            }
        }
    }
}
