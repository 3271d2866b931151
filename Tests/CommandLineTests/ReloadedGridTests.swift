import Foundation
import Geometry
import ImageFiles
import Logging
import Navigator
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing

/// A grid that was taken off the stage after its targets were chosen: they are acquired where they were chosen.
@Suite struct ReloadedGridTests {
    private func run(_ folder: String, port: Int, level: Int) async throws -> Ending {
        try writeSettingsOfFewLamellae(
            in: folder, port: port, level: level, without: ", contaminated", more: "WG_detection_threshold: 0.87\ntarget_score_threshold: 0.6")
        return try await tomopilot("run", "s.yaml", in: folder)
    }

    /// How far a tilt series lies outside of the nearest mitochondrion, in micrometres; negative within it.
    private func distance(of record: ExposureRecord, on grid: SimulatorTruth.Grid) -> Double {
        grid.lamellae.flatMap(\.organelles).filter { $0.label.hasPrefix("mito") }
            .map { hypot($0.stage.x - record.trueX, $0.stage.y - record.trueY) - $0.halfLength }.min() ?? .infinity
    }

    /// The lamellae of slot 1, in the coordinates of its last loading.
    private func lamellae(_ simulator: SimulatorServer) async throws -> SimulatorTruth.Grid {
        try #require(await simulator.microscope.truth().grids.first { $0.slot == 1 })
    }

    /// Each lamella that was kept was mapped, in its middle, as it lies now.
    private func expectEachMapOnALamella(_ simulator: SimulatorServer, in folder: String) async throws {
        let truth = try await lamellae(simulator)
        let maps = folder + "/session/HeLa_1/SPACE_maps"
        let centers = try FileManager.default.contentsOfDirectory(atPath: maps).filter { $0.hasSuffix("_center.json") }
        #expect(centers.count > 1)
        let exposed = await simulator.microscope.exposureLog().filter { $0.area == "V" && $0.file.contains("_L") }
        let files = Set(exposed.map(\.file))
        #expect(files.count == centers.count)
        for file in files {
            let pieces = exposed.filter { $0.file == file }
            let x = pieces.map(\.trueX).reduce(0, +) / Double(pieces.count), y = pieces.map(\.trueY).reduce(0, +) / Double(pieces.count)
            #expect(truth.lamellae.contains { hypot($0.stage.x - x, $0.stage.y - y) < 6 }, "\(file)")
        }
    }

    /// What somebody does with the grid while no session runs.
    enum Meddling: String, CaseIterable, Sendable {
        case takenOff = "takes the grid off the stage"
        /// Nothing tells that it was away. The grid's map is deleted, too.
        case broughtBack = "takes it off and brings it back, and deletes its map from the navigator"
    }

    @Test("A grid is found again on its lamellae, and its targets are acquired where they were chosen, when somebody", arguments: Meddling.allCases)
    func itIsFoundAgain(_ meddling: Meddling) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let first = try await run(folder, port: simulator.port, level: 4)
                #expect((first.status, first.error) == (0, ""))
                let grid = folder + "/session/HeLa_1"
                func targets() throws -> [String: String] {
                    var found: [String: String] = [:]
                    for file in try FileManager.default.contentsOfDirectory(atPath: grid) where file.hasSuffix("_tgts.txt") {
                        found[file] = try String(contentsOfFile: "\(grid)/\(file)", encoding: .utf8)
                    }
                    return found
                }
                let chosen = try targets()
                let before = try await lamellae(simulator)
                let views = await simulator.microscope.exposureLog().count { $0.area == "V" }

                // Somebody takes it off the stage meanwhile.
                let client = try await SerialEMConnection.connect(host: "127.0.0.1", port: simulator.port, logger: Logger(label: "test"))
                _ = try await client.beginControl()
                if meddling == .broughtBack {
                    let map = try #require(try await client.navIndexWithNote("HeLa_1.mrc"))
                    try await client.perform("DeleteNavigatorItem", [.integer(map)], kind: .exposing)
                }
                try await client.unloadCartridge()
                if meddling == .broughtBack { try await client.loadCartridge(1) }
                await client.close()

                let last = try await run(folder, port: simulator.port, level: 5)
                #expect((last.status, last.error) == (0, ""))
                #expect(last.output.contains("begin      Realign grid HeLa_1, which was loaded again"))
                #expect(last.output.contains("It was taken off the stage and brought back meanwhile, and is realigned.") == (meddling == .broughtBack))
                #expect(last.output.contains("somebody deleted 'HeLa_1.mrc' from the navigator; put there again") == (meddling == .broughtBack))

                // Fitted to lamellae, and as near to the truth as the stage reads.
                let found = try #require(try JSONValue.read(grid + "/HeLa_1_realignment.json")["realignments"]?.array?.first)
                #expect(found["basis"]?.string == "lamellae")
                #expect(try #require(found["residual"]?.double) < 1.5)
                let truth = try await lamellae(simulator)
                let places = zip(before.lamellae, truth.lamellae).map { pair in
                    (from: Point<Frame.Stage>(x: pair.0.stage.x, y: pair.0.stage.y), to: Point<Frame.Stage>(x: pair.1.stage.x, y: pair.1.stage.y))
                }
                let movement = try #require(RigidFit(Array(places)))
                let sighted = try #require(found["lamellae"]?.array)
                #expect(sighted.count == 3)
                for lamella in sighted {
                    let ends = try [#require(lamella["before"]?.doubles), #require(lamella["after"]?.doubles)].map {
                        Point<Frame.Stage>(x: $0[0], y: $0[1])
                    }
                    #expect(movement.map(ends[0]).distance(to: ends[1]) < 1.5, "\(lamella.text)")
                }

                // Targets have other positions now, and series lie where they were meant to.
                #expect(try targets().keys.sorted() == chosen.keys.sorted())
                #expect(try targets().allSatisfy { $0.value != chosen[$0.key] })
                let log = await simulator.microscope.exposureLog()
                let series = log.filter { $0.slot == 1 && $0.area == "R" && $0.dose > 0.5 && abs($0.tilt) < 1.6 }
                #expect(series.count > 2)
                for record in series { #expect(distance(of: record, on: truth) < 0.5, "\(record)") }

                // No lamella was mapped again: PACEtomo takes one View of each.
                let files = Set(log.filter { $0.area == "V" && $0.file.contains("_L") }.map(\.file))
                #expect(log.count { $0.area == "V" && files.contains($0.file) } == views)

                // The ledger has the images.
                let dose = try JSONValue.read(grid + "/SPACE_maps/HeLa_1_L01_dose.json")
                let purposes = dose["exposures"]?.array?.compactMap { $0["purpose"]?.string } ?? []
                #expect(purposes.contains("realignment"))
                let report = try JSONValue.read(folder + "/session/session_report.json")
                #expect(report["grids"]?.array?.first?["realignment"]?["residual"]?.double == found["residual"]?.double)
            }
        }
    }

    @Test("Before its lamellae were recentred, a grid is found again by its map where somebody had it off the stage, and only then", arguments: [true, false])
    func itIsFoundAgainByItsMap(wasAway: Bool) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let first = try await run(folder, port: simulator.port, level: 1)
                #expect((first.status, first.error) == (0, ""))
                let before = try await lamellae(simulator)
                if wasAway {
                    let client = try await SerialEMConnection.connect(host: "127.0.0.1", port: simulator.port, logger: Logger(label: "test"))
                    _ = try await client.beginControl()
                    try await client.unloadCartridge()
                    try await client.loadCartridge(1)
                    await client.close()
                    let after = try await lamellae(simulator)
                    #expect(zip(before.lamellae, after.lamellae).contains { hypot($0.stage.x - $1.stage.x, $0.stage.y - $1.stage.y) > 8 })
                }
                let last = try await run(folder, port: simulator.port, level: 2)
                #expect((last.status, last.error) == (0, ""))
                #expect(last.output.contains("Look whether grid HeLa_1 lies as before"))
                #expect(last.output.contains("It was taken off the stage and brought back meanwhile, and is realigned.") == wasAway)
                try await expectEachMapOnALamella(simulator, in: folder)
            }
        }
    }

    @Test func aGridThatSomebodyHadInHandsWhileTheSessionWaitedForTheVacuumIsRealignedBeforeItGoesOn() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                // While a lamella is recentred; who mends the vacuum takes the grid out for it.
                let faults = """
                    [
                        {"kind": "vacuum", "seconds": 4000, "when": {"command": "Eucentricity", "after": 4}},
                        {"kind": "reloaded", "when": {"command": "ReportVacuumStatus", "after": 100}}
                    ]
                    """
                simulator.microscope.faults.add(try Fault.list(text: faults, place: "faults"))
                let session = try await run(folder, port: simulator.port, level: 2)
                #expect((session.status, session.error) == (0, ""))
                #expect(simulator.microscope.faults.strikes.map(\.kind) == ["vacuum", "reloaded"])
                let lines = session.output.split(separator: "\n").map(String.init)
                let over = try #require(lines.firstIndex { $0.hasPrefix("goes on    The vacuum is bad: over") }, "\(session.output)")
                let told = try #require(lines.firstIndex { $0.contains("It was taken off the stage and brought back meanwhile, and is realigned.") }, "\(session.output)")
                #expect(over < told)
                // Nothing was looked for where it is not any more.
                #expect(!session.output.contains("was not found at intermediate magnification"), "\(session.output)")
                try await expectEachMapOnALamella(simulator, in: folder)
            }
        }
    }

    @Test func aGridThatIsNotFoundAgainIsLoadedOnceMoreAlsoWhereTheVacuumTakesHalfAnHourAfterEachLoad() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let first = try await run(folder, port: simulator.port, level: 1)
                #expect((first.status, first.error) == (0, ""))
                let faults = """
                    [
                        {"kind": "reloaded", "when": {"command": "ReportVacuumStatus"}},
                        {"kind": "displaced", "micrometers": 600, "degrees": 30, "when": {"times": "always"}},
                        {"kind": "vacuum", "seconds": 2000, "when": {"command": "LoadCartridge", "times": "always"}}
                    ]
                    """
                simulator.microscope.faults.add(try Fault.list(text: faults, place: "faults"))
                let last = try await run(folder, port: simulator.port, level: 2)
                #expect(last.status != 0)
                #expect(last.output.components(separatedBy: "begin      Load grid 1 again").count == 2, "\(last.output)")
                #expect(last.output.contains("goes on    The vacuum is bad: over; the session goes on with: open the column valves"), "\(last.output)")
                #expect(last.output.contains("SKIPPED    grid HeLa_1 (slot 1): Grid HeLa_1 was loaded again"), "\(last.output)")
            }
        }
    }

    /// A session that is killed while SerialEM maps a lamella; SerialEM takes the montage to its end, or not, and somebody has the grid off
    /// the stage and brings it back.
    @Test("A lamella's map that was begun before the grid was loaded again is used where the lamella is now, or asked about", arguments: [true, false])
    func itsMapIsOfTheEarlierLoading(isWhole: Bool) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                func write(level: Int) throws {
                    try writeSettingsOfFewLamellae(
                        in: folder, port: simulator.port, level: level, without: ", contaminated", more: "WG_detection_threshold: 0.87\nuncertain_steps: repeat")
                }
                try write(level: 1)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
                try write(level: 2)
                if !isWhole { simulator.microscope.faults.add([Fault(.diskFull, when: .init(command: "Montage", after: 2))]) }
                let killed = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
                var begun: ExposureRecord?
                let deadline = ContinuousClock.now + .seconds(300)
                while begun == nil, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(2))
                    begun = await simulator.microscope.exposureLog().first { $0.area == "V" }
                }
                let map = try #require(begun?.file)
                let name = String(map.dropLast(4).suffix(2).drop { $0 == "0" })
                try await killed.crash()
                var count = 0
                while await simulator.microscope.exposureLog().count > count {
                    count = await simulator.microscope.exposureLog().count
                    try await Task.sleep(for: .seconds(1))
                }
                let client = try await SerialEMConnection.connect(host: "127.0.0.1", port: simulator.port, logger: Logger(label: "test"))
                _ = try await client.beginControl()
                try await client.unloadCartridge()
                try await client.loadCartridge(1)
                await client.close()

                let last = try await tomopilot("run", "s.yaml", in: folder)
                #expect((last.status, last.error) == (0, ""), "\(last.output)")
                #expect(last.output.contains("was taken before the grid was loaded again; it is put where the lamella is now") == isWhole)
                #expect(FileManager.default.fileExists(atPath: map.replacing(".mrc", with: "_old1.mrc")) == !isWhole)
                // Where it is said to be, the stage would find the lamella.
                let truth = try await lamellae(simulator)
                let items = try NavigatorFile.read(folder + "/session/HeLa_1/HeLa_1.nav").items
                let item = try #require(items.first { $0.kind == .map && map.hasSuffix($0.note) && $0.note.contains("_L0") })
                #expect(truth.lamellae.contains { hypot($0.stage.x - item.stage.x, $0.stage.y - item.stage.y) < 6 })
                let polygon = try #require(items.first { $0.label == "FP\(name)" && $0.kind == .polygon }).polygon.vertexMean
                let centre = try #require(polygon)
                #expect(truth.lamellae.contains { hypot($0.stage.x - centre.x, $0.stage.y - centre.y) < 1.5 }, "\(centre)")
            }
        }
    }

    @Test func darkImagesAreNoSignThatAGridWasAwayAndAreWaitedFor() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                #expect(try await run(folder, port: simulator.port, level: 1).status == 0)
                simulator.microscope.faults.add([Fault(.blankImage, when: .init(command: "R", times: 4))])
                let last = try await run(folder, port: simulator.port, level: 2)
                #expect((last.status, last.error) == (0, ""))
                #expect(last.output.contains("he images by which the place of grid HeLa_1 is looked at are dark, as without a beam."))
                #expect(last.output.contains("the images of grid HeLa_1 are not dark any more"))
                #expect(!last.output.contains("taken off the stage"))
            }
        }
    }
}
