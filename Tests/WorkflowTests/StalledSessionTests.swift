import Foundation
import ImageFiles
import InferenceWire
import Logging
import Microscope
import SerialEMMicroscope
import SerialEMSimulator
import Store
import Synchronization
import Testing
import Workflow

/// SerialEM shows EXTERNAL CONTROL and answers no more: nobody waits for half a day, and nothing is exposed twice.
@Suite struct StalledSessionTests {
    private struct NothingFound: Predicting {
        func predict(model: String, input: Tensor) async throws -> Tensor { throw WorkflowError.badImage("No lamella is looked for.") }
    }

    @Test func aMontageThatIsNeverAnsweredIsGivenUpByWhatMontagesTookAndPeopleAreTold() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stalled-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let times = folder + "/command_times.json"
        try Data(#"{"M": {"count": 9, "longest": 0.1}}"#.utf8).write(to: URL(fileURLWithPath: times))
        let models = ModelClassesTests.models
        let settings = try SessionSettings(
            yaml: "session_dir: \(folder)\nautomation_level: 1\nWG_model: \(models)/lamella-detector-sim\nMM_model: \(models)/lamella-segmenter-sim\n",
            file: "s.yaml")
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, logger: Logger(label: "test"))
        server.microscope.faults.add([Fault(.silence, when: .init(command: "Montage"))])
        let told = Mutex<[String]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), commandTimes: times, givingUpAfter: .milliseconds(700),
                logger: Logger(label: "test"))
            let session = Session(
                settings: settings, models: try SessionModels(settings: settings, predictor: NothingFound()),
                journal: try SessionStore(path: folder + "/session.sqlite", settings: "")
            ) { event in
                switch event {
                case .obstructed(let text, let next): told.withLock { $0.append("\(text) \(next)") }
                case .cleared(let text): told.withLock { $0.append(text) }
                default: break
                }
            }
            // It ends at the detector, which finds nothing on purpose.
            _ = try? await session.run(on: microscope)
            group.cancelAll()
        }
        let words = told.withLock { $0 }.filter { !$0.contains("acuum") }
        #expect(words.count == 2)
        #expect(words.first?.hasSuffix("It connects again, asks SerialEM what happened, and goes on.") == true)
        #expect(words.last == "SerialEM answers again")
        let pieces = try MRCFile.header("\(folder)/Alga_1/Alga_1.mrc").sections
        #expect(await server.microscope.exposureLog().count == pieces)
        let kept = try JSONValue.read(times)
        #expect((kept["M"]?["count"]?.integer ?? 0) > 9)
    }
}
