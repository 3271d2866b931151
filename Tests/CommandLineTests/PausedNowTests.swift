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

/// A session that is paused in the middle of its steps: the microscope is made safe at once, and nothing is exposed twice.
@Suite(.serialized) struct PausedNowTests {
    @Test func pausedInsideAMontageTheMicroscopeIsMadeSafeWhenItIsDoneAndOnResumeNothingIsExposedAgain() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                simulator.microscope.faults.add([Fault(.delayReply(seconds: 3), when: .init(command: "Montage"))])
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Map grid"))
                while await simulator.microscope.exposureLog().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                let status = try await tomopilot("pause", "--now", "--port", port, in: folder).output
                #expect(status.hasPrefix("pausing: session 1 'a'") && status.contains("(paused at once by a person)"), "\(status)")
                #expect(status.contains("\n  it waits as soon as SerialEM has finished its command, "), "\(status)")
                _ = try #require(try await service.line(beginning: "           while it waits, the microscope has beam blanked, stage at 0 degrees, column valves closed"))
                let paused = try await tomopilot("status", "--port", port, in: folder).output
                #expect(paused.hasPrefix("paused: session 1 'a'"), "\(paused)")
                #expect(!paused.contains("Map grid"), "what was cut is not being done: \(paused)")
                let exposures = await simulator.microscope.exposureLog().count

                _ = try await tomopilot("resume", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "SERVICE    session 'a' is done"))
                let log = try await tomopilot("log", "--port", port, in: folder).output
                for words in ["cut: Map grid", "waits in the middle of a step: paused at once by a person", "goes on in the middle of a step", "had happened: Map grid"] {
                    #expect(log.contains(words), "\(words)\n\(log)")
                }
                #expect(await simulator.microscope.exposureLog().count == exposures)
                #expect(try MRCFile.header(folder + "/a/Alga_1/Alga_1.mrc").sections == exposures)
                try await service.stop()
            }
        }
    }

    /// A person who pauses now when a step begins that was not begun before, and goes on when the microscope is safe.
    private final class Impatient: Supervisor {
        private struct State {
            var seen: Set<StepIdentifier> = []
            var isPaused = false
            var wasAsked = false
            var cut: [String] = []
        }
        private let state = Mutex(State())
        var cut: [String] { state.withLock { $0.cut } }
        var isPausedNow: Bool { state.withLock { $0.isPaused } }

        func take(_ event: RunEvent) {
            state.withLock { state in
                switch event {
                case .started(let step, _, _) where state.seen.insert(step).inserted: state.isPaused = true
                case .interrupted(let step, _): state.cut.append(step.kind)
                default: break
                }
            }
        }
        func untilPausedNow() async {
            while !Task.isCancelled, !isPausedNow { try? await Task.sleep(for: .milliseconds(1)) }
        }
        func verdict(at checkpoint: Checkpoint) -> Verdict { isPausedNow ? .hold("a person looks") : .goOn }
        func untilReleased(at checkpoint: Checkpoint) async throws {
            // The first is asked how long the session may be held as it stands, the second comes when it is safe.
            let isSafe = state.withLock { state in
                defer { state.wasAsked.toggle() }
                return state.wasAsked
            }
            guard isSafe else { return try await Task.sleep(for: .seconds(3600)) }
            state.withLock { $0.isPaused = false }
        }
    }

    @Test func everyStepOfASessionCanBeCutOnceAndWhatIsMappedAndAcquiredIsExposedOnce() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let settings = try SessionSettings(
                    yaml: """
                        session_dir: \(folder)/session
                        automation_level: 5
                        WG_model: \(modelsFolder)/lamella-detector-sim
                        MM_model: \(modelsFolder)/lamella-segmenter-sim
                        exclude_lamella_classes: [gone, broken, thick, wedge]
                        """, file: "s.yaml")
                try FileManager.default.createDirectory(atPath: folder + "/session", withIntermediateDirectories: true)
                let worker = InferenceWorker(executable: program("tomopilot-infer"), logger: Logger(label: "test"))
                let person = Impatient()
                let microscope = try await SerialEMMicroscope.connect(
                    host: "127.0.0.1", port: simulator.port, answerWithin: .seconds(300), logger: Logger(label: "test"))
                let lines = Mutex<[String]>([])
                let session = Session(
                    settings: settings, models: try SessionModels(settings: settings, predictor: worker),
                    journal: try SessionStore(path: folder + "/session/session.sqlite", settings: ""), supervisor: person
                ) { event in
                    person.take(event)
                    if case .warning(let text) = event { lines.withLock { $0.append(text) } }
                }
                do {
                    let missing = try await session.run(on: microscope)
                    #expect(missing == [])
                } catch { Issue.record(error) }
                await worker.shutdown()

                #expect(lines.withLock { $0 } == [])
                let cut = Set(person.cut)
                #expect(cut.isSuperset(of: ["whole-grid-map", "medium-map", "segmentation"]), "\(person.cut)")
                #expect(!cut.contains("acquisition"), "SerialEM takes no command while it acquires")
                let log = await simulator.microscope.exposureLog()
                let grid = folder + "/session/HeLa_1"
                let files = try FileManager.default.contentsOfDirectory(atPath: grid).filter { $0.hasSuffix(".mrc") && !$0.contains("_view") && !$0.contains("_IM") }
                #expect(files.contains { $0.contains("_ts_") })
                for name in files { #expect(log.count { $0.file == "\(grid)/\(name)" } == (try MRCFile.header("\(grid)/\(name)").sections), "\(name)") }
            }
        }
    }
}
