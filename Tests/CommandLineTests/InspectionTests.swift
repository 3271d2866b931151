import Foundation
import ImageFiles
import Navigator
import SerialEMSimulator
import Targets
import Testing

/// People look at lamellae and targets before the session goes on, and change them.
@Suite struct InspectionTests {
    private static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Models").path

    private func writeSettings(in folder: String, port: Int, level: Int) throws {
        let text = """
            session_dir: ./session
            serialem_port: \(port)
            automation_level: \(level)
            WG_model: \(Self.models)/lamella-detector-sim
            MM_model: \(Self.models)/lamella-segmenter-sim
            exclude_lamella_classes: [gone, broken, thick, wedge]
            WG_wait_for_inspection: true
            MM_wait_for_inspection: true
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
    }

    private struct Boxes: Codable {
        var boxes: [[Double]]
        var labels: [String]
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
                let targets = try PACEtomoTargets(parsing: String(contentsOfFile: "\(grid)/\(name)_tgts.txt", encoding: .utf8)).targets.count

                // A target fewer, as a person leaves it.
                let pointsFile = "\(maps)/\(name)_points0.json"
                var points = try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: pointsFile)))
                let last = points.points.value.count - 1
                #expect(last == targets - 1)
                points.points.value.remove(at: last)
                points.scores.value.remove(at: last)
                points.lowDoseAreas?.value.remove(at: last)
                try points.data().write(to: URL(fileURLWithPath: pointsFile))
                try write("", to: maps + "/HeLa_1_inspected.txt")
                let ending = try await run.ending()
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("grid HeLa_1 has 2 lamellae instead of \(found): "))
                #expect(ending.output.contains("\(found + 1) added by hand"))
                #expect(ending.output.contains("lamella \(number) has \(targets - 1) targets instead of \(targets) by hand"))
                let written = try PACEtomoTargets(parsing: String(contentsOfFile: "\(grid)/\(name)_tgts.txt", encoding: .utf8))
                #expect(written.targets.count == targets - 1)

                // Level 5 acquires just these, without another question or choice.
                let exposures = await simulator.microscope.exposureLog().count
                try writeSettings(in: folder, port: simulator.port, level: 5)
                let acquired = try await tomopilot("run", "s.yaml", in: folder)
                #expect((acquired.status, acquired.error) == (0, ""))
                #expect(!acquired.output.contains("INSPECT"))
                #expect(!acquired.output.contains("by hand"))
                #expect(await simulator.microscope.exposureLog().count > exposures)
                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamellae = report["grids"]?.array?.first?["lamellae"]?.array ?? []
                let own = lamellae.first { $0["number"]?.integer == number }
                #expect(own?["acquired"]?.integer == targets - 1)
            }
        }
    }
}
