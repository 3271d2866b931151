import Foundation
import ImageFiles
import InferenceWorker
import Logging
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Synchronization
import Testing
import Workflow

/// A session that is paused at every checkpoint, with the microscope made safe each time: nothing is lost and nothing done twice.
@Suite struct PausedEverywhereTests {
    /// Holds once at each checkpoint, for no longer than it takes to make the microscope safe.
    private final class Holding: Supervisor {
        private let held = Mutex<Set<String>>([])
        private let released = Mutex<Set<String>>([])
        var count: Int { held.withLock { $0.count } }

        func verdict(at checkpoint: Checkpoint) -> Verdict {
            held.withLock { $0.insert("\(checkpoint)").inserted } ? .hold("a person looks") : .goOn
        }
        func untilReleased(at checkpoint: Checkpoint) async throws {
            // The first is asked how long the session may be held as it stands, the second comes when it is safe.
            guard released.withLock({ $0.insert("\(checkpoint)").inserted }) else { return }
            try await Task.sleep(for: .seconds(3600))
        }
    }

    @Test func everyLamellaIsMappedOnceThoughTheSessionIsPausedBeforeEachOfThem() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                    .deletingLastPathComponent().appendingPathComponent("Models").path
                let settings = try SessionSettings(
                    yaml: """
                        session_dir: \(folder)/session
                        automation_level: 2
                        WG_model: \(models)/lamella-detector-sim
                        MM_model: \(models)/lamella-segmenter-sim
                        exclude_lamella_classes: [gone, broken, thick, wedge]
                        """, file: "s.yaml")
                try FileManager.default.createDirectory(atPath: folder + "/session", withIntermediateDirectories: true)
                let worker = InferenceWorker(executable: program("tomopilot-infer"), logger: Logger(label: "test"))
                let supervisor = Holding()
                let microscope = try await SerialEMMicroscope.connect(
                    host: "127.0.0.1", port: simulator.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
                let session = Session(
                    settings: settings, models: try SessionModels(settings: settings, predictor: worker),
                    journal: try SessionStore(path: folder + "/session/session.sqlite", settings: ""), supervisor: supervisor,
                    patience: .milliseconds(1)
                ) { _ in }
                do { try await session.run(on: microscope) } catch { Issue.record(error) }
                await worker.shutdown()

                let report = try JSONValue.read(folder + "/session/session_report.json")
                let lamellae = try #require(report["grids"]?.array?.first?["lamellae"]?.array)
                let mapped = lamellae.filter { $0["level_reached"]?.integer == 2 }
                #expect(mapped.count > 2)
                // Before the grid, and before recentring and mapping of each lamella.
                #expect(supervisor.count > 2 * mapped.count)
                let log = await simulator.microscope.exposureLog()
                let grid = folder + "/session/HeLa_1"
                for name in try FileManager.default.contentsOfDirectory(atPath: grid) where name.contains("_L") && name.hasSuffix(".mrc") {
                    #expect(log.count { $0.file == "\(grid)/\(name)" } == (try MRCFile.header("\(grid)/\(name)").sections), "\(name)")
                }
            }
        }
    }
}
