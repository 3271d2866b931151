import Foundation
import ImageFiles
import SerialEMSimulator
import Targets
import Testing

/// An acquisition that is cut inside one area, as an operator meets it: the question, the answer, and what the session says at its end.
@Suite(.serialized) struct UnsettledAcquisitionTests {
    private func grid(_ folder: String) -> String { folder + "/session/HeLa_1" }

    /// The areas by whether PACEtomo ended with them; one that it did not begin is missing.
    private func areas(_ folder: String) throws -> [String: Bool] {
        let files = try FileManager.default.contentsOfDirectory(atPath: grid(folder))
        var found: [String: Bool] = [:]
        for name in files where name.hasSuffix("_tgts_run01.txt") {
            let run = try PACEtomoTargets(parsing: String(contentsOfFile: "\(grid(folder))/\(name)", encoding: .utf8))
            found[name.replacing("_tgts_run01.txt", with: "")] = run.resume == nil
        }
        return found
    }

    private func areaCount(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: grid(folder)).count { $0.hasSuffix("_tgts.txt") }
    }

    /// The step of a question, as its line names it.
    private func step(_ line: String) throws -> String {
        String(try #require(line.split(separator: "--step ").last?.split(separator: " ").first))
    }

    @Test func theServiceIsAnsweredAboutTheAreaThatTheFullDiskCut() async throws {
        try await withTargetsChosen { folder, simulator in
            simulator.microscope.faults.add([Fault(.diskFull, when: .init(command: "AcquireAtItems", after: 30))])
            let service = try RunningProgram(
                [program("tomopilot"), "serve", "--folder", "service", "--sessions", ".", "--models", modelsFolder, "--port", "0"], in: folder)
            let port = try #require(try await service.line(beginning: "listening on http://127.0.0.1:"))
            #expect(try await tomopilot("queue", "add", "s.yaml", "--port", port, in: folder).error == "")
            let question = try #require(try await service.line(beginning: "QUESTION   "))
            let step = try step(question)
            let cut = try #require(try areas(folder).first { !$0.value }?.key)
            #expect(question.contains("'Acquire area \(cut)' of grid HeLa_1 (slot 1) was cut short: ") && question.contains(" of 41 tilts of "), "\(question)")
            #expect(step.hasPrefix("grid-1/lamella-") && step.contains("/tilt-series"))
            let status = try await tomopilot("status", "--port", port, in: folder).output
            #expect(status.hasPrefix("asking: session 1 "), "\(status)")
            #expect(status.contains("    tomopilot answer --step \(step) happened: what exists is taken as it is"), "\(status)")
            #expect(status.contains("    known: the newest run file is \(cut)_tgts_run01.txt"), "\(status)")
            // SerialEM went on with the other areas.
            #expect(try areas(folder).count == areaCount(folder) && areas(folder).count { !$0.value } == 1)
            let before = await records(simulator)
            let answered = try await tomopilot("answer", "--step", step, "happened", "--port", port, in: folder)
            #expect((answered.output, answered.error) == ("said 'happened' of \(step)\n", ""))
            _ = try #require(try await service.line(beginning: "SERVICE    session 'session' is done"))
            #expect(await records(simulator) == before)
            let log = try await tomopilot("log", "--port", port, in: folder).output
            #expect(log.contains("area \(cut) with ") && log.contains(" is taken as it is"))
            // Settled, it is nothing that a retry could do.
            #expect(!log.contains("tilt series not acquired to the end") && !log.contains("queue retry 1"), "\(log.suffix(2000))")
            #expect(log.contains("targets were not acquired to the end; see HeLa_1_acquisition.json"))
            let report = try JSONValue.read(folder + "/session/session_report.json")
            let notes = report["grids"]?.array?.first?["lamellae"]?.array?.compactMap { $0["note"]?.string } ?? []
            #expect(notes.contains { $0.hasPrefix("cut short: \(cut) has ") && $0.hasSuffix(", taken as it is") }, "\(notes)")
            // The lamella's dose file has the numbers of each target, and its overview was drawn anew with them.
            let stem = "\(grid(folder))/SPACE_maps/" + cut.replacing(/_A\d+$/, with: "")
            let targets = try #require(try JSONValue.read(stem + "_dose.json")["targets"]?.array?.filter { $0["area"]?.string == cut })
            #expect(!targets.isEmpty && targets.allSatisfy { $0["planned_images"]?.integer == 41 && ($0["images"]?.integer ?? 41) < 41 })
            #expect(log.components(separatedBy: "done: Draw the overview of grid HeLa_1").count > 2)
            try await service.stop()
        }
    }

    @Test func aRunThatIsKilledAndASerialEMThatCrashesLeaveOneQuestionAndTheOtherAreasAreAcquired() async throws {
        try await withTargetsChosen { folder, simulator in
            let killed = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            _ = try #require(try await killed.line(beginning: "begin      Acquire "))
            while await records(simulator) < 8 { try await Task.sleep(for: .milliseconds(2)) }
            try await killed.crash()
            simulator.crash(seconds: 0.2)
            try await Task.sleep(for: .milliseconds(500))
            let begun = try areas(folder)
            let cut = try #require(begun.first { !$0.value }?.key)
            #expect(begun.count { !$0.value } == 1)
            let all = try areaCount(folder)
            #expect(begun.count < all, "the crash came too late to leave anything untouched")

            let next = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
            let question = try #require(try await next.line(beginning: "QUESTION   "))
            #expect(question.contains("'Acquire area \(cut)'"))
            // The others were acquired before anybody was asked.
            #expect(try areas(folder).count == all && areas(folder).count { !$0.value } == 1)
            let file = String(try #require(question.split(separator: "into the file ").last?.split(separator: ". ANSWER").first))
            try Data("happened".utf8).write(to: URL(fileURLWithPath: file))
            let ending = try await next.ending()
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output.suffix(800))")
            #expect(ending.output.contains("area \(cut) with ") && ending.output.contains(" is taken as it is"))
            let exposures = await exposuresForGood(simulator)
            let again = try await tomopilot("run", "s.yaml", in: folder)
            #expect(again.status == 0 && !again.output.contains("QUESTION"))
            #expect(await exposuresForGood(simulator) == exposures)
        }
    }
}
