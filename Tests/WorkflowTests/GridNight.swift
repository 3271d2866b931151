import Foundation
import ImageFiles
import InferenceWire
import Logging
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Synchronization
import Workflow

/// Sessions of level 1 on a simulated cassette, one after the other on the same microscope, with networks that find nothing.
struct GridNight: Sendable {
    /// Finds nothing, at once; level 1 needs no more.
    struct NoLamellae: Predicting {
        // A box for each of six classes, with no score.
        func predict(model: String, input: Tensor) async throws -> Tensor { Tensor(shape: [1, 10, 1], filledWith: 0) }
    }
    /// Finds one lamella on every tenth image, wherever that is: a handful on the map of a grid.
    final class SomeLamellae: Predicting {
        private let count = Mutex(0)
        func predict(model: String, input: Tensor) async throws -> Tensor {
            let isTenth = count.withLock { count in
                count += 1
                return count % 10 == 0
            }
            let box: [Float] = [300, 300, 30, 30]
            return try Tensor(shape: [1, 10, 1], values: box + (0 ..< 6).map { $0 == 2 && isTenth ? 0.9 : 0 })
        }
    }
    /// What a person does when the session comes to a checkpoint.
    private struct Hand: Supervisor {
        let act: @Sendable (Checkpoint) async -> Verdict
        func verdict(at checkpoint: Checkpoint) async -> Verdict { await act(checkpoint) }
        let hold: Duration
        func untilReleased(at checkpoint: Checkpoint) async throws { try await Task.sleep(for: hold) }
        let left: @Sendable () -> (skips: [Skip], takenBack: [SkippedPart])
        var skips: [Skip] { left().skips }
        var takenBack: [SkippedPart] { left().takenBack }
    }

    /// How a run of the session ended.
    struct Outcome: Sendable {
        let failure: (any Error)?
        let events: [RunEvent]
        let report: JSONValue

        var alarms: [String] {
            events.compactMap { if case .gridFailed(_, let name, let reason, _) = $0 { "\(name): \(reason)" } else { nil } }
        }
        var warnings: [String] { events.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
        var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }
        /// What is said of waiting, and notes and warnings between, one after the other.
        var lines: [String] {
            events.compactMap { event in
                switch event {
                case .obstructed(let text, _): "WAITS \(text)"
                case .cleared(let text): "GOES ON \(text)"
                case .note(let text): text
                case .warning(let text): "WARNING \(text)"
                default: nil
                }
            }
        }
        /// Whether the session said that the microscope was left safe.
        var isSafe: Bool? { events.compactMap { if case .microscopeLeft(let isSafe) = $0 { isSafe } else { nil } }.last }
        /// The grids of the report by their slot.
        func grid(_ slot: Int) -> JSONValue? { report["grids"]?.array?.first { $0["slot"]?.integer == slot } }
    }

    let folder: String
    var sessionFolder: String { folder + "/session" }
    let server: SimulatorServer
    var microscope: VirtualMicroscope { server.microscope }

    /// Runs the session with more lines of settings.
    ///
    /// - Parameters:
    ///   - commandTimes: the file that keeps how long SerialEM's commands take.
    ///   - limit: how long a command may take at least before it is given up.
    ///   - pace: how many times faster than a real one the microscope is.
    ///   - predictor: finds the lamellae.
    ///   - hold: how long a person holds the session, which has no patience then.
    ///   - act: what a person does when the session comes to a checkpoint.
    ///   - left: what people leave out, and take back.
    func run(
        _ more: String, commandTimes: String? = nil, givingUpAfter limit: Duration = .seconds(60), pace: Double = 1,
        predictor: any Predicting = NoLamellae(), hold: Duration = .zero,
        act: @escaping @Sendable (Checkpoint) async -> Verdict = { _ in .goOn },
        left: @escaping @Sendable () -> (skips: [Skip], takenBack: [SkippedPart]) = { ([], []) }
    ) async throws -> Outcome {
        let models = ModelClassesTests.models
        let settings = try SessionSettings(
            yaml: """
                session_dir: \(sessionFolder)
                automation_level: 1
                WG_model: \(models)/lamella-detector-sim
                MM_model: \(models)/lamella-segmenter-sim
                \(more)
                """, file: "s.yaml")
        try FileManager.default.createDirectory(atPath: sessionFolder, withIntermediateDirectories: true)
        let events = Mutex<[RunEvent]>([])
        let session = Session(
            settings: settings, models: try SessionModels(settings: settings, predictor: predictor),
            journal: try SessionStore(path: sessionFolder + "/session.sqlite", settings: ""), supervisor: Hand(act: act, hold: hold, left: left),
            patience: hold == .zero ? .seconds(60) : .milliseconds(1)
        ) { event in events.withLock { $0.append(event) } }
        let connected = try await SerialEMMicroscope.connect(
            host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), commandTimes: commandTimes, givingUpAfter: limit, pace: pace,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var failure: (any Error)?
        do { try await session.run(on: connected) } catch { failure = error }
        return Outcome(
            failure: failure, events: events.withLock { $0 }, report: try JSONValue.read(sessionFolder + "/session_report.json"))
    }

    /// Takes the grid off the stage, as a person does between two runs.
    func unload() async throws {
        guard let slot = await microscope.truth().loadedSlot else { return }
        let connected = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, logger: Logger(label: "test"))
        try await connected.unloadGrid(to: slot)
        await connected.disconnect()
    }

    /// Exposures that were made on the grid of a slot.
    func exposures(slot: Int) async -> Int { await microscope.exposureLog().count { $0.slot == slot } }
    /// How often a cartridge was brought to the stage, or tried to be.
    func loads() async -> [Int] { await microscope.eventLog().filter { $0.kind == .load }.map(\.slot) }

    /// A simulated cassette while the body runs.
    ///
    /// - Parameter faults: what goes wrong, as JSON.
    static func with(seed: UInt64 = 1, kind: MicroscopeKind = .thermo, faults: String = "[]", _ body: @Sendable (GridNight) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("grids-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: seed, folder: folder, kind: kind), port: 0,
            faults: FaultPlan(try Fault.list(text: faults, place: "f")), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(GridNight(folder: folder, server: server))
            group.cancelAll()
        }
    }
}
