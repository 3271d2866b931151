import Foundation
import ImageFiles
import InferenceWire
import Logging
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Synchronization
import Testing
import Workflow

/// A session whose supervisor says at once what becomes of its grids.
@Suite struct SupervisorTests {
    private struct NoPredictor: Predicting {
        struct Called: Error {}
        func predict(model: String, input: Tensor) async throws -> Tensor { throw Called() }
    }

    private struct Answers: Supervisor {
        let answer: @Sendable (Checkpoint) -> Verdict
        func verdict(at checkpoint: Checkpoint) -> Verdict { answer(checkpoint) }
        func untilReleased(at checkpoint: Checkpoint) {}
    }

    /// Runs a session on two grids; returns its report, how it failed, what was exposed, and whether it said that the
    /// microscope was left safe.
    private func run(
        _ answer: @escaping @Sendable (Checkpoint) -> Verdict
    ) async throws -> (report: JSONValue, failure: (any Error)?, exposures: Int, isSafe: Bool?) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("supervised-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let models = ModelClassesTests.models
        let settings = try SessionSettings(
            yaml: """
                session_dir: \(folder)
                grid_list: [1, 2]
                automation_level: 1
                WG_model: \(models)/lamella-detector-sim
                MM_model: \(models)/lamella-segmenter-sim
                """, file: "s.yaml")
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, logger: Logger(label: "test"))
        let isSafe = Mutex<Bool?>(nil)
        var failure: (any Error)?
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
            let session = Session(
                settings: settings, models: try SessionModels(settings: settings, predictor: NoPredictor()),
                journal: try SessionStore(path: folder + "/session.sqlite", settings: ""), supervisor: Answers(answer: answer)
            ) { event in
                if case .microscopeLeft(let safe) = event { isSafe.withLock { $0 = safe } }
            }
            do { try await session.run(on: microscope) } catch { failure = error }
            group.cancelAll()
        }
        return (
            try JSONValue.read(folder + "/session_report.json"), failure, await server.microscope.exposureLog().count,
            isSafe.withLock { $0 }
        )
    }

    @Test func skippedGridsAreInTheReportWithTheirReasonAndNothingIsExposed() async throws {
        let (report, failure, exposures, isSafe) = try await run { checkpoint in
            checkpoint == .grid(slot: 1) ? .skip("torn film") : .skip("wrong grid")
        }
        #expect(failure == nil)
        #expect(report["grids"]?.array?.compactMap { $0["skipped"]?.string } == ["torn film", "wrong grid"])
        #expect(report["stopped"] == nil)
        #expect(exposures == 0)
        #expect(isSafe == true)
    }

    @Test func aStoppedSessionLeavesTheMicroscopeSafeAndTheReportSaysWhy() async throws {
        let (report, failure, exposures, isSafe) = try await run { checkpoint in
            checkpoint == .grid(slot: 1) ? .skip("torn film") : .stop("the user is here")
        }
        #expect((failure as? WorkflowError)?.code == .stopped)
        #expect(report["stopped"]?.string == "The session was stopped: the user is here.")
        #expect(report["grids"]?.array?.count == 1)
        #expect(exposures == 0)
        #expect(isSafe == true)
    }
}
