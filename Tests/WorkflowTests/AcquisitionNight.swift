import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Logging
import Microscope
import SerialEMClient
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Synchronization
import Testing
import Units
@testable import Workflow

/// Level 5 of a grid with three areas on a simulated microscope, in as many runs of the session as it takes.
struct AcquisitionNight: Sendable {
    private struct NoPredictor: Predicting {
        struct Called: Error {}
        func predict(model: String, input: Tensor) async throws -> Tensor { throw Called() }
    }

    static let areas = ["G_L01", "G_L02_A1", "G_L02_A2"]
    static let tilts = 13
    /// Stage positions of the areas, micrometres; far from each other, so that an exposure's place tells whose it is.
    private static let places = [(-150.0, 0.0), (0.0, 0.0), (150.0, 0.0)]

    /// What a run of the session reached and said.
    struct Outcome: Sendable {
        let targets: [AcquiredTarget]
        let report: GridReport
        let failure: (any Error)?
        let events: [RunEvent]
        let questions: [StepQuestion]

        /// Tilts of each target, area by area.
        var images: [String: [Int]] { Dictionary(grouping: targets, by: \.area).mapValues { $0.map(\.images) } }
        func isWhole(_ area: String) -> Bool { !targets.filter { $0.area == area }.isEmpty && targets.allSatisfy { $0.area != area || $0.isAcquired } }
        var warnings: [String] { events.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
    }

    let folder: String
    let server: SimulatorServer
    var grid: String { folder + "/G" }

    /// A microscope with the grid of slot 1 and marked items for its areas, while the body runs.
    static func with(seed: UInt64 = 3, _ body: @Sendable (AcquisitionNight) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("acquisition-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/G/SPACE_maps", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: seed, folder: folder, timeScale: 600), port: 0, faults: FaultPlan([], logger: logger), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let night = AcquisitionNight(folder: folder, server: server)
            try await night.prepare()
            try await body(night)
            group.cancelAll()
        }
    }

    private func prepare() async throws {
        let sem = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await sem.beginControl()
        try await sem.loadCartridge(1)
        try await sem.setDirectory(grid)
        try await sem.openNavigator("\(grid)/G.nav")
        #expect(try await sem.goToImagingState("3") == 0)
        for (area, place) in zip(Self.areas, Self.places) {
            try await sem.moveStageTo(x: Micrometers(place.0), y: Micrometers(place.1))
            try await sem.view()
            try await sem.openNewFile("\(grid)/\(area)_tgt_001_view.mrc")
            try await sem.save()
            let item = try await sem.newMap(note: "\(area)_tgts.txt")
            try await sem.closeFile()
            try await sem.setItemAcquire(item)
            let targets = (1 ... 2).map { number in
                """
                _tgt = 00\(number)
                tsfile = \(area)_ts_00\(number).mrc
                SSX = \(3 * (number - 1)).0
                SSY = 0.0
                stageX = \(place.0)
                stageY = \(place.1)
                skip = False

                """
            }.joined()
            try ("_set startTilt = 0\n_set minTilt = -18\n_set maxTilt = 18\n_set step = 3\n\n" + targets)
                .write(toFile: "\(grid)/\(area)_tgts.txt", atomically: true, encoding: .utf8)
        }
        try await sem.saveNavigator("\(grid)/G.nav")
        try await sem.exit()
        await sem.close()
    }

    private func lamellae() -> [GridSession.AnalysedLamella] {
        (1 ... 2).map { number in
            let areas = Self.areas.filter { $0.hasPrefix("G_L0\(number)") }.map {
                TargetedLamella.Area(name: $0, pointsFile: "\(grid)/\($0)_points.json", targets: 2, digest: $0)
            }
            let picture = MapPicture(
                png: "", width: 100, height: 100, pixelSize: .init(10), pixelToStage: AffineMap(linear: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1), sending: Point(x: 0, y: 0), to: Point(x: 0, y: 0)),
                z: .init(0))
            return GridSession.AnalysedLamella(
                map: LamellaMap(number: number, picture: picture, stage: .init(x: 0, y: 0), center: .init(x: 50, y: 50), score: 1, measured: false),
                segmented: nil, targeted: TargetedLamella(number: number, areas: areas))
        }
    }

    private func found() -> [FoundLamella] {
        (1 ... 2).map {
            FoundLamella(
                number: $0, box: .init(minX: 0, minY: 0, maxX: 10, maxY: 10), className: "good", classIndex: 2, score: 0.9, stage: .init(x: 0, y: 0), stageCorners: [],
                widthMicrometers: 10, heightMicrometers: 10)
        }
    }

    private func recentred() -> [RecentredLamella] {
        found().map {
            RecentredLamella(
                number: $0.number, outcome: .found, onGridMap: $0, stage: $0.stage, z: .zero, className: $0.className, score: $0.score, images: 1)
        }
    }

    /// Runs level 5 of the session until it ends, through losses of SerialEM as a session does.
    ///
    /// - Parameters:
    ///   - policy: `uncertain_steps`.
    ///   - answer: what a person says of an area, by its name.
    ///   - supervisor: asked at each checkpoint.
    ///   - attempts: how many losses of SerialEM the session goes on after.
    func run(_ policy: UncertainSteps = .stop, under supervisor: any Supervisor = FreeRun(), attempts: Int = 5, answering answer: @escaping @Sendable (String) -> StepAnswer? = { _ in nil }) async throws -> Outcome {
        let settings = try SessionSettings(
            yaml: """
                session_dir: \(folder)
                automation_level: 5
                WG_model: \(ModelClassesTests.models)/lamella-detector-sim
                MM_model: \(ModelClassesTests.models)/lamella-segmenter-sim
                MM_image_state: [3]
                """, file: "s.yaml")
        let events = Mutex<[RunEvent]>([])
        let report: @Sendable (RunEvent) -> Void = { event in
            events.withLock { $0.append(event) }
            guard case .asking(let question) = event, let area = question.area, let given = answer(area) else { return }
            do {
                try Data(StepQuestion.marking(given, reason: "a person said so").utf8).write(to: URL(fileURLWithPath: question.marker))
            } catch {
                Issue.record("the answer cannot be written: \(error)")
            }
        }
        let models = try SessionModels(settings: settings, predictor: NoPredictor())
        let engine = Engine(journal: try SessionStore(path: folder + "/session.sqlite", settings: ""), uncertainSteps: policy, report: report)
        let microscope = try await SerialEMMicroscope.connect(
            host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var targets: [AcquiredTarget] = []
        var failure: (any Error)?
        var grid: GridSession?
        for attempt in 1 ... attempts {
            do {
                if attempt > 1 { try await comeBack(microscope) }
                let facts = try await microscope.begin()
                try await microscope.enter(folder: self.grid, navigatorFile: "G.nav")
                let session = GridSession(
                    context: SessionContext(
                        settings: settings, engine: engine, microscope: microscope, models: models, facts: facts, progress: ProgressCounter(report: report),
                        gate: Gate(
                            supervisor: supervisor, makeSafe: { SafeState(reached: [], failures: []) }, reconnect: {}, patience: .seconds(3600), report: report)),
                    slot: 1, folder: GridFolder(session: folder, grid: "G")
                ) { _ in Loading(number: 0, mapped: 0, mapIsStale: false, isFresh: false) }
                await session.targetsAreWritten()
                grid = session
                targets = try await session.acquire(lamellae())
                failure = nil
                break
            } catch let error as MicroscopeError where [.lost, .stalled, .busy].contains(error.code) {
                failure = error
            } catch {
                failure = error
                break
            }
        }
        let all = events.withLock { $0 }
        let report5 = GridReport(
            slot: 1, name: "G", found: found(), recentred: recentred(), analysed: lamellae(), acquired: targets, skipped: await grid?.skipped ?? [:], dismissed: await grid?.dismissed ?? [], skippedTooLate: await grid?.skippedTooLate ?? [:], leftOut: await grid?.leftOut ?? [:])
        await microscope.disconnect()
        return Outcome(
            targets: targets, report: report5, failure: failure, events: all,
            questions: all.compactMap { if case .asking(let question) = $0 { question } else { nil } })
    }

    /// What the report of a session says that stops now, by its journal as the levels before left it.
    func reportsOfWhatIsUnfinished() async throws -> [GridReport] {
        let settings = try SessionSettings(
            yaml: "session_dir: \(folder)\nautomation_level: 5\nWG_model: \(ModelClassesTests.models)/lamella-detector-sim\nMM_model: \(ModelClassesTests.models)/lamella-segmenter-sim", file: "s.yaml")
        let journal = try SessionStore(path: folder + "/session.sqlite", settings: "")
        func write(_ step: StepIdentifier, _ output: some Encodable) async throws {
            let input = StepInput(digest: "d", json: nil)
            try await journal.intend(step, input: input)
            try await journal.finish(step, input: input, output: try JSONEncoder().encode(output), products: [])
        }
        try await write(.grid(1, "name"), "G")
        try await write(.grid(1, "lamellae"), found())
        for lamella in recentred() { try await write(.lamella(1, lamella.number, "recentred"), lamella) }
        for lamella in lamellae() {
            try await write(.lamella(1, lamella.map.number, "centre"), lamella.map)
            try await write(.lamella(1, lamella.map.number, "targets"), lamella.targeted)
        }
        return try await Session(settings: settings, models: try SessionModels(settings: settings, predictor: NoPredictor()), journal: journal) { _ in }
            .unfinished(besides: [])
    }

    private func comeBack(_ microscope: SerialEMMicroscope) async throws {
        for _ in 1 ... 100 {
            do {
                return try await microscope.reconnect()
            } catch let error as MicroscopeError where [.unreachable, .lost, .stalled, .busy].contains(error.code) {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        throw MicroscopeError(.unreachable, "SerialEM is not there again.")
    }

    /// Images of an area besides its tilt series (eucentricity, View, Preview, focus), and all.
    private static let (before, perArea) = (8, 8 + 2 * tilts)

    /// In the middle of an area the camera is going to take its time, so that who wants to do something there is not too late.
    func linger(in area: String) {
        let place = Self.areas.firstIndex(of: area) ?? 0
        let middle = place * Self.perArea + Self.before + Self.tilts
        server.microscope.faults.add([Fault(.slowExposure(seconds: 3), when: .init(command: "AcquireAtItems", after: middle))])
    }

    /// Does something as soon as PACEtomo stands in the middle of an area.
    func inside(_ area: String, _ act: @Sendable () async -> Void) async throws {
        let file = "\(grid)/\(area)_tgts_run01.txt"
        struct NeverInside: Error {}
        let begin = ContinuousClock.now
        while true {
            // Against hanging; how long it takes is the computer's business.
            guard ContinuousClock.now - begin < .seconds(300) else { throw NeverInside() }
            let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if let tilt = text.firstMatch(of: /_spos = (\d+),/)?.1, 2 ..< Self.tilts - 2 ~= Int(tilt) ?? 0 { return await act() }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Records of the tilt series of an area, by the tilt: the simulator's own log.
    func records(of area: String) async -> [Int: Int] {
        guard let index = Self.areas.firstIndex(of: area) else { return [:] }
        let place = Self.places[index]
        let own = await server.microscope.exposureLog().filter {
            $0.area == "R" && abs($0.stageX - place.0) < 50 && abs($0.stageY - place.1) < 50
        }
        return Dictionary(grouping: own) { Int($0.tilt.rounded()) }.mapValues(\.count)
    }

    /// Every tilt of both targets once, and nothing else.
    static let once = Dictionary(uniqueKeysWithValues: stride(from: -18, through: 18, by: 3).map { ($0, 2) })
}

extension GridSession {
    /// As after level 4, without its files.
    fileprivate func targetsAreWritten() async { placementOfTargets = await placed.placement }
}
