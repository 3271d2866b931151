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

    @Test func abortedWhileANetworkRunsThatNeverAnswersTheMicroscopeIsSafeInSeconds() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                let infer = folder + "/infer"
                let script = "#!/bin/sh\necho $$ > '\(folder)/worker'\nexec '\(program("tomopilot-infer"))' \"$@\"\n"
                try Data(script.utf8).write(to: URL(fileURLWithPath: infer))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: infer)
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 2, more: "grid_list: [1]")
                let (service, port) = try await serve(in: folder, models: modelsFolder, "--infer", infer)
                _ = try await tomopilot("queue", "add", "s.yaml", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "begin      Map grid"))
                // It has answered when the models were checked, and is stopped before it is asked about the map.
                let worker = try #require(pid_t(try String(contentsOfFile: folder + "/worker", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
                kill(worker, SIGSTOP)
                let log = folder + "/session/session.log"
                while try !String(contentsOfFile: log, encoding: .utf8).contains("begin      Find lamellae on grid") { try await Task.sleep(for: .milliseconds(20)) }
                try await Task.sleep(for: .seconds(2))
                let begin = ContinuousClock.now
                _ = try await tomopilot("abort", "--port", port, in: folder)
                _ = try #require(try await service.line(beginning: "           the microscope is left with beam blanked, stage at 0 degrees, column valves closed"))
                // And not when the ten minutes are over that an answer may take.
                #expect(ContinuousClock.now - begin < .seconds(300))
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
            var pausedInAcquisition = false
            /// Tilt series that were there when the pause that was asked for during the acquisition began.
            var acquiredWhenHeld: Int?
        }
        private let state = Mutex(State())
        private let series: @Sendable () -> Int
        init(series: @escaping @Sendable () -> Int) { self.series = series }
        var cut: [String] { state.withLock { $0.cut } }
        var acquiredWhenHeld: Int? { state.withLock { $0.acquiredWhenHeld } }
        var isPausedNow: Bool { state.withLock { $0.isPaused } }

        func take(_ event: RunEvent) {
            state.withLock { state in
                switch event {
                case .started(let step, _, _) where state.seen.insert(step).inserted: state.isPaused = true
                case .interrupted(let step, _): state.cut.append(step.kind)
                case .waiting(let text) where text.contains("tilt series after") && !state.pausedInAcquisition:
                    state.pausedInAcquisition = true
                    state.isPaused = true
                case .held where state.pausedInAcquisition && state.acquiredWhenHeld == nil: state.acquiredWhenHeld = series()
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
                let grid = folder + "/session/HeLa_1"
                let person = Impatient {
                    ((try? FileManager.default.contentsOfDirectory(atPath: grid)) ?? []).count { $0.contains("_ts_") && $0.hasSuffix(".mrc") }
                }
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
                let log = await simulator.microscope.exposureLog()
                let files = try FileManager.default.contentsOfDirectory(atPath: grid).filter { $0.hasSuffix(".mrc") && !$0.contains("_old") }
                let maps = files.filter { $0 == "HeLa_1.mrc" || ($0.contains("_L") && !$0.contains("_view") && !$0.contains("_ts_")) }
                #expect(maps.count > 2)
                for name in maps {
                    // While a map is the current file still, the grid's place is looked at with another magnification.
                    let exposures = log.filter { $0.file == "\(grid)/\(name)" }
                    let ofTheMap = exposures.count { $0.magnification == exposures.first?.magnification }
                    #expect(ofTheMap == (try MRCFile.header("\(grid)/\(name)").sections), "\(name)")
                }
                // The images of tilt series, which are tilted: one at each target and tilt.
                let tilted = log.filter { $0.area == "R" && abs($0.tilt) > 20 }
                #expect(tilted.count > 10)
                for (index, one) in tilted.enumerated() {
                    let again = tilted[..<index].filter { abs($0.tilt - one.tilt) < 1 && abs($0.trueX - one.trueX) < 0.3 && abs($0.trueY - one.trueY) < 0.3 }
                    #expect(again.isEmpty, "\(one)")
                }
                // While SerialEM acquires nothing is cut: the pause begins when it has ended.
                #expect(person.acquiredWhenHeld == files.count { $0.contains("_ts_") })
                #expect(person.acquiredWhenHeld ?? 0 > 10)
            }
        }
    }
}
