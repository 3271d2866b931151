import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Logging
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Testing
@testable import Workflow

@Suite struct ReportTests {
    private struct NoPredictor: Predicting {
        struct Called: Error {}
        func predict(model: String, input: Tensor) async throws -> Tensor { throw Called() }
    }

    private func settings(_ folder: String) throws -> SessionSettings {
        let models = ModelClassesTests.models
        return try SessionSettings(
            yaml: "session_dir: \(folder)\nWG_model: \(models)/lamella-detector-sim\nMM_model: \(models)/lamella-segmenter-sim\n",
            file: "s.yaml")
    }

    private static func report(acquired: Int) -> Data {
        Data(
            """
            {"slot": 1, "name": "G01", "lamellae": [{"number": 1, "className": "good", "score": 0.9, "levelReached": 5,
              "targets": 4, "acquired": \(acquired), "note": ""}]}
            """.utf8)
    }

    @Test("A finished grid whose files people changed is gone through again where it is on the stage", arguments: [
        (false, false, false), (true, false, false), (true, true, true),
    ])
    func changedSince(isChanged: Bool, isOnStage: Bool, isDoneAgain: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = try settings(folder)
        let journal = try SessionStore(path: folder + "/session.sqlite", settings: "")
        let points = folder + "/G01_L01_points0.json"
        try Data("{}".utf8).write(to: URL(fileURLWithPath: points))
        let step = StepIdentifier.grid(1, "finished-level-4")
        let digest = try inputDigest(of: settings.ofTheSample)
        try await journal.intend(step, input: StepInput(digest: digest, json: nil))
        try await journal.finish(
            step, input: StepInput(digest: digest, json: nil), output: Self.report(acquired: 0), products: [try #require(StepProduct(points))])
        if isChanged { try Data("{ }".utf8).write(to: URL(fileURLWithPath: points)) }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, logger: Logger(label: "test"))
        var failure: (any Error)?
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
            if isOnStage { try await microscope.loadGrid(slot: 1) }
            let models = try SessionModels(settings: settings, predictor: NoPredictor())
            do { try await Session(settings: settings, models: models, journal: journal) { _ in }.run(on: microscope) } catch { failure = error }
            group.cancelAll()
        }
        // Nobody can detect lamellae here.
        #expect((failure is NoPredictor.Called) == isDoneAgain)
        #expect((failure == nil) == !isDoneAgain)
    }

    @Test func aDoseThatIsNotCertainIsToldAsAtLeastSoMuch() {
        func report(isCertain: Bool) -> GridReport {
            let found = FoundLamella(
                number: 1, box: .init(minX: 0, minY: 0, maxX: 10, maxY: 10), className: "good", classIndex: 2, score: 0.9, stage: .init(x: 0, y: 0), stageCorners: [],
                widthMicrometers: 10, heightMicrometers: 10)
            let entry = LamellaDose.Entry(purpose: "eucentricity", images: 3, dose: 0.51, sum: 0.51, file: nil, isCertain: isCertain)
            return GridReport(slot: 1, name: "G", found: [found], doses: [1: LamellaDose(number: 1, entries: [entry], targets: [], geoPoints: [])])
        }
        #expect(report(isCertain: false).lines.last?.hasSuffix("0 targets, at least 0.51 e/Å²") == true)
        #expect(report(isCertain: true).lines.last?.hasSuffix("0 targets, 0.51 e/Å²") == true)
        #expect(report(isCertain: false).json["lamellae"]?.array?.first?["dose_is_certain"]?.bool == false)
    }

    @Test func aLowerLevelAfterwardsForgetsNoAcquisition() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = try settings(folder)
        let journal = try SessionStore(path: folder + "/session.sqlite", settings: "")
        for (level, acquired) in [(4, 0), (5, 3)] {
            let step = StepIdentifier.grid(1, "finished-level-\(level)")
            let digest = try inputDigest(of: settings.ofTheSample.withLevel(level))
            try await journal.intend(step, input: StepInput(digest: digest, json: nil))
            try await journal.finish(step, input: StepInput(digest: digest, json: nil), output: Self.report(acquired: acquired), products: [])
        }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, logger: Logger(label: "test"))
            let models = try SessionModels(settings: settings, predictor: NoPredictor())
            try await Session(settings: settings, models: models, journal: journal) { _ in }.run(on: microscope)
            group.cancelAll()
        }
        let lamella = try JSONValue.read(folder + "/session_report.json")["grids"]?.array?.first?["lamellae"]?.array?.first
        #expect(lamella?["acquired"]?.integer == 3)
    }
}
