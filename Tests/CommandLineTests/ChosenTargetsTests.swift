import Foundation
import Geometry
import ImageFiles
import Raster
import Targets
import Testing
import Units

/// `tomopilot targets` on the files that a session leaves.
@Suite struct ChosenTargetsTests {
    private static let classes = ["background", "black", "ice", "cell", "mitos"]

    /// A session with one segmented lamella of 12 x 10 µm: three mitochondria in two cells, and ice.
    private func withSession(_ body: (_ folder: String, _ maps: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let maps = folder + "/session/Grid1/SPACE_maps"
            try Folder.make(maps)
            var labels = Raster<UInt8>(width: 600, height: 500, filledWith: 1)
            func disc(_ label: UInt8, _ x: Int, _ y: Int, _ radius: Int) {
                for row in y - radius ..< y + radius {
                    for column in x - radius ..< x + radius where (column - x) * (column - x) + (row - y) * (row - y) < radius * radius { labels[column, row] = label }
                }
            }
            disc(3, 170, 250, 150)
            disc(3, 430, 250, 150)
            disc(4, 110, 200, 22)
            disc(4, 230, 320, 26)
            disc(4, 430, 250, 30)
            disc(2, 300, 250, 12)
            try PNGFile.write(labels, to: maps + "/Grid1_L03_seg.png")
            try PNGFile.write(labels.map { 60 + 30 * $0 }, to: maps + "/Grid1_L03.png")
            let sidecar: JSONValue = [
                "pix_size": 20, "img_size": .tagged(array: [500, 600]), "stage_coords": .tagged(array: ["12.5", "-40", "0"]),
                "s2img_matrix": .tagged(array: [[50.0, 0], [0, -50]]),
            ]
            try sidecar.write(to: maps + "/Grid1_L03.json")
            let record = MicroscopeParameters.Area(
                pixelSize: PixelSize(0.2), cameraToSpecimen: LinearMap(xpx: 0.0002, xpy: 0, ypx: 0, ypy: 0.0002), specimenToImageShift: .rotation(Degrees(0)),
                beamDiameter: Micrometers(1.2))
            let microscope = MicroscopeParameters(
                wholeGridState: .number(1), intermediateState: .number(2), mediumStates: [.number(3)], imageShiftLimit: Micrometers(8), cameraSize: [4000, 3000],
                wholeGridPixelSize: nil, intermediatePixelSize: nil, stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1), view: record, record: record)
            try AtomicFile.write(microscope.data(), to: maps + "/mic_params.json")
            let settings = TargetSettings(avoidedClasses: ["black", "ice"], imageShiftLimit: Micrometers(8))
            try AtomicFile.write(TargetSettingsFile(settings: settings, classes: Self.classes).data(), to: maps + "/target_settings.json")
            try await body(folder, maps)
        }
    }

    private func run(_ arguments: [String], in folder: String) async throws -> Ending {
        try await RunningProgram([program("tomopilot"), "targets"] + arguments, in: folder).ending()
    }

    @Test func theTableAndTheFilesTellWhatWasChosen() async throws {
        try await withSession { folder, maps in
            let ending = try await run(["session/Grid1_L03", "--set", "max_targets=3", "--out", "tried"], in: folder)
            #expect((ending.status, ending.error) == (0, ""))
            let lines = ending.output.split(separator: "\n").map(String.init)
            #expect(lines[0].contains(/^Grid1_L03: 3 targets in 1 area see [0-9.]+ % of what is wanted, summed score [0-9.]+ \(no choice has more than [0-9.]+\), [0-9.]+ s$/), "\(ending.output)")
            #expect(lines[1] == "  area       targets  score  largest image shift  geo points")
            #expect(lines[2].contains(/^  Grid1_L03        3   [0-9.]+              [0-9.]+ µm          10$/), "\(ending.output)")
            #expect(lines[3] == "tried: Grid1_L03_points0.json, Grid1_L03_targets.json, tgt_params.json, target_settings.json, Grid1_L03_overview.png")
            let area = try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: folder + "/tried/Grid1_L03_points0.json"))).area
            #expect(area.targets.count == 3 && area.geoPoints.count == 10)
            let written = try TargetSettingsFile(data: Data(contentsOf: URL(fileURLWithPath: folder + "/tried/target_settings.json")))
            #expect(written.settings.maximumTargets == 3 && written.classes == Self.classes)
            #expect(try PNGFile.information(folder + "/tried/Grid1_L03_overview.png").width >= 600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: maps).count == 5)

            // The same again by the PNG, from what was written: nothing has changed.
            let again = try await run(["session/Grid1/SPACE_maps/Grid1_L03.png", "--set", "max_targets=3", "--compare", "tried"], in: folder)
            #expect(again.output.hasSuffix("; here +0.0 %\n3 at the same place, 0 moved, 0 gone, 0 new\n"), "\(again.output)")
        }
    }

    @Test func whatBelongsToOthersStaysAndWhatCannotBeUsedIsRefused() async throws {
        try await withSession { folder, maps in
            try AtomicFile.write("{}", to: maps + "/Grid1_L03_points_by_hand.json")
            try Folder.make(maps + "/Grid1_L03_points7.json")
            try AtomicFile.write("{}", to: maps + "/Grid1_L03_points5.json")
            let replaced = try await run(["session/Grid1_L03", "--set", "max_targets=3", "--replace"], in: folder)
            #expect((replaced.status, replaced.error) == (0, ""))
            #expect(replaced.output.contains("\na session that goes on takes these for targets by hand and renews its targets files; until then those name the targets of before\n"))
            let names = try FileManager.default.contentsOfDirectory(atPath: maps).filter { $0.contains("_points") }.sorted()
            #expect(names == ["Grid1_L03_points0.json", "Grid1_L03_points7.json", "Grid1_L03_points_by_hand.json"])

            // A path of one character, in the folder of the maps.
            for ending in [".png", "_seg.png", ".json"] { try FileManager.default.copyItem(atPath: maps + "/Grid1_L03" + ending, toPath: maps + "/m" + ending) }
            let short = try await run(["m", "--set", "max_targets=3"], in: maps)
            #expect((short.status, short.error) == (0, "") && short.output.hasPrefix("m: 3 targets in 1 area"))
            let nothing = try await run(["L"], in: maps)
            #expect(nothing.status == 1 && nothing.error.contains("There is no map 'L'"))

            let labels: Raster<UInt16> = try PNGFile.readGrey16(maps + "/m_seg.png")
            try PNGFile.write(labels, to: maps + "/m_seg.png")
            let deep = try await run(["m"], in: maps)
            #expect(deep.status == 1 && deep.error.contains("m_seg.png has 16 bits in 1 channel: the index of a class is a grey level of 8 bits."))
            // What is compared with is read before anything is chosen.
            let missing = try await run(["Grid1_L03", "--compare", "none.json"], in: maps)
            #expect(missing.status == 1 && missing.output == "")
        }
    }

    @Test("Rules between classes go by probabilities where the segmentation kept them")
    func rulesOnProbabilities() async throws {
        try await withSession { folder, maps in
            /// The middles of the mitochondria on which targets stand, in the order of the map.
            func chosen(_ rule: String) async throws -> [Int] {
                let ending = try await run(
                    ["session/Grid1_L03", "--set", "target_list=[mitos]", "--set", "sparse_targets=true", "--set", "target_score_threshold=0.02", "--set", "max_targets=3", "--set", "min_distance=2"]
                        + (rule.isEmpty ? [] : ["--set", "class_rules=[\(rule)]"]) + ["--out", "tried"], in: folder)
                try #require((ending.status, ending.error) == (0, ""), "\(ending.error)")
                let areas = try FileManager.default.contentsOfDirectory(atPath: folder + "/tried").filter { $0.contains("_points") }
                    .map { try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: "\(folder)/tried/\($0)"))).area }
                let positions = areas.flatMap(\.targets).map(\.position)
                return [(110, 200), (230, 320), (430, 250)].indices.filter { index in
                    let (x, y) = [(110.0, 200.0), (230, 320), (430, 250)][index]
                    return positions.contains { $0.distance(to: Point(x: x, y: y)) < 40 }
                }
            }
            let suppression = "{class: mitos, suppressed_by: ice, probability: 0.5}"
            let colocalisation = "{class: mitos, only_near: ice, within: 0.3, probability: 0.5}"
            #expect(try await chosen("") == [0, 1, 2])
            // By labels: no pixel is both, and ice is 2.4 µm and more away from each.
            #expect(try await chosen(suppression) == [0, 1, 2])
            #expect(try await chosen(colocalisation) == [])

            // The network was of two minds about the third one.
            let writer = try MRCRowWriter(path: maps + "/Grid1_L03_probabilities.mrc", width: 600, height: 500, sections: 5, pixelSize: PixelSize(20))
            for y in 0 ..< 500 {
                var row = [Float](repeating: 0.1, count: 5 * 600)
                for x in 0 ..< 600 where (x - 430) * (x - 430) + (y - 250) * (y - 250) < 45 * 45 { row[2 * 600 + x] = 0.6 }
                try writer.append(row)
            }
            try writer.finish()
            #expect(try await chosen("") == [0, 1, 2])
            #expect(try await chosen(suppression) == [0, 1])
            #expect(try await chosen(colocalisation) == [2])
            #expect(try await chosen("{class: mitos, suppressed_by: ice, probability: 0.7}") == [0, 1, 2])

            let wrong = try MRCRowWriter(path: maps + "/Grid1_L03_probabilities.mrc", width: 600, height: 500, sections: 5, pixelSize: PixelSize(20))
            for _ in 0 ..< 500 { try wrong.append([Float](repeating: .nan, count: 5 * 600)) }
            try wrong.finish()
            let refused = try await run(["session/Grid1_L03", "--set", "class_rules=[\(suppression)]"], in: folder)
            #expect(refused.status == 1 && refused.error.contains("Grid1_L03_probabilities.mrc holds other values than 0 to 1 in section 2 (ice)"), "\(refused.error)")
        }
    }

    @Test func othersAreComparedByTheSameScore() async throws {
        try await withSession { folder, _ in
            // On the first mitochondrion but a little beside it, and on nothing: pixels are 20 nm, y goes up on the stage.
            let targets = """
                _tgt = 001
                tsfile = a_001.mrc
                SSX = 0
                SSY = 0
                stageX = 8.82
                stageY = -39
                skip = False

                _tgt = 002
                tsfile = a_002.mrc
                SSX = 4.68
                SSY = -3
                skip = False
                """
            try AtomicFile.write(targets, to: folder + "/a_tgts.txt")
            let ending = try await run(["session/Grid1/Grid1_L03", "--compare", "a_tgts.txt"], in: folder)
            #expect((ending.status, ending.error) == (0, ""))
            #expect(ending.output.contains(/a_tgts\.txt: 2 targets in 1 area see [0-9.]+ % of what is wanted, summed score 0\.[0-9]+; here \+[0-9.]+ %\n0 at the same place, 1 moved, 1 gone, 2 new\n/), "\(ending.output)")
            #expect(ending.output.contains(/\n  1 +0\.[0-9]+ +[1-3] +[01]\.[0-9]+ +0\.[0-9]+ µm\n/), "\(ending.output)")
            #expect(ending.output.contains(/\n  2 +0\.00 +gone\n/), "\(ending.output)")
            // What PACEtomo would not take of it.
            try AtomicFile.write(targets + "\n# by hand\ncolour = \n", to: folder + "/a_tgts.txt")
            let odd = try await run(["session/Grid1/Grid1_L03", "--compare", "a_tgts.txt"], in: folder)
            #expect((odd.status, odd.error) == (0, ""))
            #expect(odd.output.contains(/\na_tgts\.txt, line 15: [^\n]+\.\n/), "\(odd.output)")
            // Another lamella's; one that never ends.
            try AtomicFile.write("{}", to: folder + "/Grid1_L04_points0.json")
            let another = try await run(["session/Grid1/Grid1_L03", "--compare", "Grid1_L04_points0.json"], in: folder)
            #expect(another.status == 1 && another.error.contains("Grid1_L04_points0.json cannot be compared with: it has the targets of Grid1_L04, and this is Grid1_L03."), "\(another.error)")
            #expect(mkfifo(folder + "/pipe.json", 0o600) == 0)
            let pipe = try await run(["session/Grid1/Grid1_L03", "--compare", "pipe.json"], in: folder)
            #expect(pipe.status == 1 && pipe.error.contains("pipe.json cannot be used: it is a pipe, a socket or a device, and must be a file."), "\(pipe.error)")
        }
    }

    @Test func theSessionsOwnFilesStayUnlessSheIsTold() async throws {
        try await withSession { folder, maps in
            try Data("mine".utf8).write(to: URL(fileURLWithPath: maps + "/Grid1_L03_points1.json"))
            expectSentence(
                "session/Grid1/SPACE_maps is the session's own folder: choose another, or say --replace to put these targets in the place of the session's.",
                try await run(["session/Grid1_L03", "--out", "session/Grid1/SPACE_maps"], in: folder))
            #expect(FileManager.default.contents(atPath: maps + "/Grid1_L03_points1.json") == Data("mine".utf8))
            let ending = try await run(["session/Grid1_L03", "--replace", "--set", "per_instance=1"], in: folder)
            #expect((ending.status, ending.error) == (0, ""))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: maps).sorted()
                    == ["Grid1_L03.json", "Grid1_L03.png", "Grid1_L03_overview.png", "Grid1_L03_points0.json", "Grid1_L03_seg.png", "Grid1_L03_targets.json", "mic_params.json", "target_settings.json"])
        }
    }

    /// Whoever comes second is told who is there, and one of two that are started at once leaves its files and nobody else's.
    @Test func oneCommandAtATimeWritesToAFolder() async throws {
        try await withSession { folder, maps in
            let path = maps + "/.tomopilot_targets.lock"
            let before = try FileManager.default.contentsOfDirectory(atPath: maps).sorted()
            try Data("process 4711 on scope ('tomopilot targets Grid1_L07', since today)".utf8).write(to: URL(fileURLWithPath: path))
            let holder = open(path, O_RDWR | O_CLOEXEC)
            #expect(flock(holder, LOCK_EX | LOCK_NB) == 0)
            expectSentence(
                "session/Grid1/SPACE_maps is being written to by process 4711 on scope ('tomopilot targets Grid1_L07', since today): wait until that has ended.",
                try await run(["session/Grid1_L03", "--replace"], in: folder))
            #expect(try FileManager.default.contentsOfDirectory(atPath: maps).sorted() == [".tomopilot_targets.lock"] + before)
            // Looking writes nothing and waits for nobody; a lock file that a killed command left holds nobody up.
            #expect(try await run(["session/Grid1_L03"], in: folder).status == 0)
            close(holder)
            #expect(try await run(["session/Grid1_L03", "--replace"], in: folder).status == 0)
            #expect(!FileManager.default.fileExists(atPath: path))

            let one = ["session/Grid1_L03", "--set", "max_targets=1", "--out", "tried"]
            let many = ["session/Grid1_L03", "--set", "max_targets=5", "--set", "IS_limit=1.5", "--out", "tried"]
            async let first = run(one, in: folder)
            async let second = run(many, in: folder)
            let endings = try await [first, second]
            for ending in endings where ending.status != 0 {
                #expect(ending.error.contains("tried is being written to by process ") && ending.error.contains("tomopilot targets session/Grid1_L03"), "\(ending.error)")
            }
            #expect(endings.contains { $0.status == 0 })
            let settings = try TargetSettingsFile(data: Data(contentsOf: URL(fileURLWithPath: folder + "/tried/target_settings.json"))).settings
            let written = try FileManager.default.contentsOfDirectory(atPath: folder + "/tried").filter { $0.contains("_points") }.map {
                try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: folder + "/tried/" + $0))).area.targets.count
            }
            #expect(settings.maximumTargets == 1 ? written == [1] : written.reduce(0, +) > 1)
        }
    }

    /// The parameters that are written with a choice are enough to make it again.
    @Test func theParametersFileAloneMakesTheSameChoice() async throws {
        try await withSession { folder, maps in
            let wishes = ["max_targets=5", "min_distance=1.4", "pretilt=8", "target_order=score", "target_seed=99", "class_weights={cell: 0.3}", "target_list=[mitos, cell]", "beam_margin=0.1", "IS_limit=3"]
            #expect(try await run(["session/Grid1_L03", "--out", "tried"] + wishes.flatMap { ["--set", $0] }, in: folder).status == 0)
            try FileManager.default.removeItem(atPath: maps + "/target_settings.json")
            try AtomicFile.write(try Data(contentsOf: URL(fileURLWithPath: folder + "/tried/tgt_params.json")), to: maps + "/tgt_params.json")
            try AtomicFile.write(#"{"labels": {"background": 0, "black": 1, "ice": 2, "cell": 3, "mitos": 4}}"#, to: maps + "/dataset.json")
            #expect(try await run(["session/Grid1_L03", "--out", "again"], in: folder).status == 0)
            func areas(_ name: String) throws -> [String: TargetArea] {
                let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").filter { $0.contains("_points") }
                return try Dictionary(uniqueKeysWithValues: files.map { ($0, try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)/\($0)"))).area) })
            }
            #expect(try areas("tried") == areas("again") && !areas("tried").isEmpty)
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/again/tgt_params.json")) == Data(contentsOf: URL(fileURLWithPath: folder + "/tried/tgt_params.json")))
        }
    }

    @Test func whatIsWrongIsSaidInOneSentence() async throws {
        try await withSession { folder, maps in
            func sentence(_ sentence: String, _ arguments: String...) async throws { expectSentence(sentence, try await run(arguments, in: folder)) }
            try await sentence(
                "There is no map 'session/Grid1_L04': name the PNG of a lamella's map, or the lamella in its session's folder, such as session/Grid1_L01.", "session/Grid1_L04")
            try await sentence("session is a folder: name one of its lamellae, such as session/Grid1_L03.", "session")
            try await sentence("--set, unknown key 'max_target'; did you mean 'max_targets'?", "session/Grid1_L03", "--set", "max_target=3")
            try await sentence("--set, 'max_tilt' is '90'; it must be a number from 0 to 75 degrees", "session/Grid1_L03", "--set", "max_tilt=90")
            try await sentence("--set, 'max_targets' is no setting; write key=value, such as max_targets=3", "session/Grid1_L03", "--set", "max_targets")
            try await sentence(
                "target_list names the class 'mito', which the segmentation model does not have: did you mean 'mitos'? Its classes are background, black, ice, cell, mitos, lamella.",
                "session/Grid1_L03", "--set", "target_list=[mito]")
            try await sentence(
                "There is no 'gone' to compare with: name a points file (.json), a targets file (_tgts.txt) or a folder with points files of Grid1_L03.", "session/Grid1_L03",
                "--compare", "gone")
            try await sentence("session has no points files of Grid1_L03 to compare with.", "session/Grid1_L03", "--compare", "session")
            try await sentence("--out and --replace exclude each other: --replace writes beside the map.", "session/Grid1_L03", "--out", "x", "--replace")
            try FileManager.default.removeItem(atPath: maps + "/Grid1_L03_seg.png")
            try await sentence(
                "session/Grid1/SPACE_maps/Grid1_L03_seg.png is not there: targets are chosen on a segmentation, which 'tomopilot segment' makes.", "session/Grid1_L03")
        }
    }

    @Test func aFolderOfSPACEtomoIsEnough() async throws {
        try await withSession { folder, maps in
            let file = try TargetSettingsFile(data: Data(contentsOf: URL(fileURLWithPath: maps + "/target_settings.json")))
            let first = try await run(["session/Grid1_L03"], in: folder)
            try FileManager.default.removeItem(atPath: maps + "/target_settings.json")
            let geometry = LamellaGeometry(
                mapPixelSize: PixelSize(20), beamDiameter: Micrometers(1.2), recordFieldWidth: Micrometers(0.8), recordFieldHeight: Micrometers(0.6),
                mapToStage: AffineMap(linear: LinearMap(xpx: 0.02, xpy: 0, ypx: 0, ypy: -0.02), sending: .origin, to: .origin),
                stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1))
            try AtomicFile.write(try TargetParameters(settings: file.settings, classes: file.classes, geometry: geometry).data(), to: maps + "/../tgt_params.json")
            expectSentence(
                "session/Grid1/SPACE_maps has neither target_settings.json nor dataset.json, which tell the classes of the segmentation: name the model that segmented the map with --model.",
                try await run(["session/Grid1_L03"], in: folder))
            try AtomicFile.write(#"{"labels": {"background": 0, "black": 1, "ice": 2, "cell": 3, "mitos": 4}}"#, to: maps + "/dataset.json")
            let second = try await run(["session/Grid1_L03"], in: folder)
            #expect(second.status == 0)
            let withoutTime = { (text: String) in text.replacing(/, [0-9.]+ s\n/, with: "\n") }
            #expect(withoutTime(first.output) == withoutTime(second.output))
        }
    }
}
