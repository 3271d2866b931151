import Foundation
import ImageFiles
import Navigator
import SerialEMSimulator
import Testing

/// SerialEM ends, the disk is full or the beam is lost in the middle of a lamella's map: nobody can tell what was exposed, and the
/// session asks a person.
@Suite(.serialized) struct UnsettledMapTests {
    /// A session that stopped in the middle of the first lamella's map.
    ///
    /// - Parameter isForgotten: SerialEM has ended since, and knows nothing of the montage any more.
    private func withCutMap(isForgotten: Bool = true, _ body: @Sendable (_ folder: String, _ simulator: SimulatorServer) async throws -> Void) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 1)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
                simulator.microscope.faults.add([Fault(.diskFull, when: .init(command: "Montage", after: 2))])
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 2)
                let full = try await tomopilot("run", "s.yaml", in: folder)
                #expect(full.status == 1 && full.error.contains("not enough space"), "\(full.output)\(full.error)")
                if isForgotten {
                    simulator.crash(seconds: 0.1)
                    try await Task.sleep(for: .milliseconds(300))
                }
                try await body(folder, simulator)
            }
        }
    }

    /// How often each place of a map was exposed: pieces that were lit, and in the dark.
    private func pieces(of map: String, _ folder: String, _ simulator: SimulatorServer) async throws -> (lit: Int, dark: Int, sections: Int) {
        let path = "\(folder)/session/HeLa_1/\(map)"
        // The image by which the grid's place is looked at is taken while the map's file is still open.
        let log = await simulator.microscope.exposureLog().filter { $0.file == path && $0.area == "V" }
        return (log.count { $0.dose > 0 }, log.count { $0.dose == 0 }, try MRCFile.header(path).sections)
    }

    @Test func aMontageThatAFullDiskCutIsGoneOnWithWhereAPersonAllowsThatThePieceThatWasLostIsExposedAgain() async throws {
        try await withCutMap(isForgotten: false) { folder, simulator in
            let cut = try #require(try maps(folder).first)
            let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            let question = try #require(try await run.line(beginning: "QUESTION   "))
            #expect(question.contains(" pieces were taken; SerialEM goes on with the others, but the piece after them may have been exposed and not saved, and is exposed again then"), "\(question)")
            #expect(try await pieces(of: cut, folder, simulator).lit == 3)
            try Data("repeat".utf8).write(to: URL(fileURLWithPath: folder + "/session/HeLa_1/" + cut.dropLast(4) + "_medium-map_answer.txt"))
            let ending = try await run.ending()
            #expect((ending.status, ending.error) == (0, ""))
            let taken = try await pieces(of: cut, folder, simulator)
            #expect(taken.lit == taken.sections + 1 && taken.sections > 3, "\(taken)")
            let doses = try JSONValue.read(folder + "/session/HeLa_1/SPACE_maps/" + cut.dropLast(4) + "_dose.json")
            #expect("\(doses)".contains("piece of a lamella map that was not saved"), "\(doses)")
            #expect(try maps(folder).allSatisfy { !$0.contains("_old") })
        }
    }

    /// A session of level 2 in which somebody closes the valves before the first lamella is mapped.
    private func withDarkMap(_ settings: String = "", _ body: @Sendable (_ folder: String, _ simulator: SimulatorServer) async throws -> Void) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 1)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
                simulator.microscope.faults.add([Fault(.closedValve, when: .init(command: "Montage"))])
                try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 2, more: settings)
                try await body(folder, simulator)
            }
        }
    }

    @Test func aMapInTheMiddleOfWhichTheBeamWasLostIsTakenAgainWhereAPersonSaysSo() async throws {
        try await withDarkMap { folder, simulator in
            var run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            _ = try #require(try await run.line(beginning: "QUESTION   "))
            // Killed before anybody answers, it still does not take the map for a good one.
            try await run.crash()
            run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            let question = try #require(try await run.line(beginning: "QUESTION   "))
            #expect(question.contains("the beam was lost while it was taken, and it may be dark. What is known: its mean is "), "\(question)")
            let dark = try #require(try maps(folder).first)
            try Data("repeat".utf8).write(to: URL(fileURLWithPath: folder + "/session/HeLa_1/" + dark.dropLast(4) + "_medium-map_answer.txt"))
            let ending = try await run.ending()
            #expect((ending.status, ending.error) == (0, ""))
            #expect(try maps(folder).contains(dark.dropLast(4) + "_old1.mrc"))
            let taken = try await pieces(of: dark, folder, simulator)
            #expect((taken.lit, taken.dark) == (taken.sections, taken.sections), "\(taken)")
            let navigator = try NavigatorFile.read(folder + "/session/HeLa_1/HeLa_1.nav")
            #expect(navigator.items.count { $0.kind == .map && $0.note == dark } == 1)
        }
    }

    @Test func aMapInTheMiddleOfWhichTheBeamWasLostIsLeftOutWhereTheSettingsSaySo() async throws {
        try await withDarkMap("uncertain_steps: skip") { folder, simulator in
            let ending = try await tomopilot("run", "s.yaml", in: folder)
            #expect(ending.output.contains("the beam was lost while it was taken, and it may be dark"), "\(ending.output)")
            let dark = try #require(try maps(folder).first)
            let taken = try await pieces(of: dark, folder, simulator)
            #expect((taken.lit, taken.dark) == (0, taken.sections), "\(taken)")
            let report = try JSONValue.read(folder + "/session/session_report.json")
            let levels = report["grids"]?.array?.first?["lamellae"]?.array?.compactMap { $0["level_reached"]?.integer } ?? []
            #expect(levels.contains(1) && levels.contains(2), "\(levels)")
        }
    }

    private func maps(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/session/HeLa_1")
            .filter { $0.hasPrefix("HeLa_1_L") && $0.hasSuffix(".mrc") }.sorted()
    }

    /// The step of a question, as its line names it.
    private func step(_ line: String) throws -> String {
        String(try #require(line.split(separator: "--step ").last?.split(separator: " ").first))
    }

    @Test func thePersonAtTheTerminalAllowsTheSecondExposure() async throws {
        try await withCutMap { folder, simulator in
            let cut = try #require(try maps(folder).first)
            let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            let question = try #require(try await run.line(beginning: "QUESTION   "))
            for words in [
                "It cannot be told whether 'Map lamella ", " holds a montage that was cut short", "the file has 2 images, written last at ",
                "SerialEM does not have it open", "the stage is at ", "happened (it is taken as done, if what it should have left can be read)",
                "repeat (it is done again, though the place may then be exposed twice)", "skip (lamella ", "the session leaves lamella ",
            ] { #expect(question.contains(words), "\(words)\n\(question)") }
            let file = folder + "/session/HeLa_1/" + cut.dropLast(4) + "_medium-map_answer.txt"
            #expect(question.contains("into the file \(file)."))
            try Data("perhaps".utf8).write(to: URL(fileURLWithPath: file))
            let again = try #require(try await run.line(beginning: "QUESTION   \(file) says 'perhaps'; it must say one of"))
            #expect(again.contains("It cannot be told"))
            try Data("repeat".utf8).write(to: URL(fileURLWithPath: file))
            let ending = try await run.ending()
            #expect((ending.status, ending.error) == (0, ""))
            #expect(ending.output.contains("is done again, as a person allowed: "))
            #expect(try maps(folder).contains(cut.dropLast(4) + "_old1.mrc"))
            #expect(!FileManager.default.fileExists(atPath: file))
            // Nothing is asked twice.
            let next = try await tomopilot("run", "s.yaml", in: folder)
            #expect(next.status == 0 && !next.output.contains("QUESTION"))
        }
    }

    @Test func theServiceIsAnsweredThroughItsCommandAndTakesAsDoneWhatCanBeRead() async throws {
        try await withCutMap { folder, simulator in
            let cut = try #require(try maps(folder).first)
            let service = try RunningProgram(
                [program("tomopilot"), "serve", "--folder", "service", "--sessions", ".", "--models", modelsFolder, "--port", "0"], in: folder)
            let port = try #require(try await service.line(beginning: "listening on http://127.0.0.1:"))
            #expect(try await tomopilot("queue", "add", "s.yaml", "--port", port, in: folder).error == "")
            let step = try step(try #require(try await service.line(beginning: "QUESTION   ")))
            let status = try await tomopilot("status", "--port", port, in: folder).output
            #expect(status.hasPrefix("asking: session 1 "), "\(status)")
            #expect(status.contains("    tomopilot answer --step \(step) happened: it is taken as done"), "\(status)")
            #expect(status.contains("    known: the file has 2 images"), "\(status)")
            let other = try await tomopilot("answer", "--step", "grid-1/acquisition", "repeat", "--port", port, in: folder)
            #expect(other.error.hasPrefix("tomopilot: The session does not ask about step 'grid-1/acquisition' but about \(step), "))
            let nonsense = try await tomopilot("answer", "--step", step, "yes", "--port", port, in: folder)
            #expect(nonsense.error == "tomopilot: 'yes' is no answer; it must be one of happened, repeat, skip.\n")

            let before = await simulator.microscope.exposureLog().count { $0.file == "\(folder)/session/HeLa_1/\(cut)" }
            let answered = try await tomopilot("answer", "--step", step, "happened", "--port", port, in: folder)
            #expect((answered.output, answered.error) == ("said 'happened' of \(step)\n", ""))
            _ = try #require(try await service.line(beginning: "SERVICE    session 'session' is done"))
            let log = try await tomopilot("log", "--port", port, in: folder).output
            #expect(log.contains("a person says 'happened' of 'Map lamella "))
            #expect(log.contains("had happened: Map lamella "))
            #expect(await simulator.microscope.exposureLog().count { $0.file == "\(folder)/session/HeLa_1/\(cut)" } == before)
            #expect(try maps(folder).allSatisfy { !$0.contains("_old") })
            try await service.stop()
        }
    }

    @Test func aLamellaThatIsSkippedByTheAnswerStaysSoInEveryLaterRun() async throws {
        try await withCutMap { folder, simulator in
            let cut = try #require(try maps(folder).first)
            let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            _ = try #require(try await run.line(beginning: "QUESTION   "))
            // The answer is given while nobody is there to take it.
            try await run.crash()
            let file = folder + "/session/HeLa_1/" + cut.dropLast(4) + "_medium-map_answer.txt"
            try Data("skip the ice is thick".utf8).write(to: URL(fileURLWithPath: file))
            for _ in 1 ... 2 {
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(!ending.output.contains("QUESTION"))
                let report = try JSONValue.read(folder + "/session/session_report.json")
                let notes = report["grids"]?.array?.first?["lamellae"]?.array?.compactMap { $0["note"]?.string } ?? []
                #expect(notes.contains("skipped: the ice is thick"), "\(notes)")
            }
        }
    }

    @Test func thatItHappenedIsRefusedByTheCommandWhereNothingCanBeRead() async throws {
        try await withCutMap { folder, simulator in
            let cut = try #require(try maps(folder).first)
            let (service, port) = try await serve(in: folder, models: modelsFolder)
            #expect(try await tomopilot("queue", "add", "s.yaml", "--port", port, in: folder).error == "")
            let step = try step(try #require(try await service.line(beginning: "QUESTION   ")))
            try Data("no images".utf8).write(to: URL(fileURLWithPath: "\(folder)/session/HeLa_1/\(cut)"))
            let refused = try await tomopilot("answer", "--step", step, "happened", "--port", port, in: folder)
            #expect(refused.status == 1 && refused.output == "", "\(refused.output)")
            #expect(refused.error.hasPrefix("tomopilot: 'Map lamella ") && refused.error.contains("' cannot be taken as done: "), "\(refused.error)")
            let status = try await tomopilot("status", "--port", port, in: folder).output
            #expect(status.hasPrefix("asking: session 1 ") && status.contains("\n  not taken: 'Map lamella "), "\(status)")
            #expect(try await tomopilot("answer", "--step", step, "skip", "--reason", "lost", "--port", port, in: folder).error == "")
            _ = try #require(try await service.line(beginning: "SERVICE    session 'session' is done"))
            try await service.stop()
        }
    }
}
