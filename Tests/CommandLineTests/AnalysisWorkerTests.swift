import Foundation
import ImageFiles
import Raster
import SerialEMSimulator
import Testing

/// Workers as a facility starts them: real programs, over real HTTP.
@Suite(.serialized) struct AnalysisWorkerTests {
    /// A map with grey steps, for the network to work on for some seconds.
    private func writeMaps(_ count: Int, side: Int, to folder: String) throws -> [String] {
        try (1 ... count).map { number in
            var map = Raster<UInt8>(width: side, height: side, filledWith: 90)
            for y in 0 ..< side { for x in 0 ..< side { map[x, y] = UInt8(40 + (x / 16 * number + y / 16) % 160) } }
            try PNGFile.write(map, to: "\(folder)/m\(number).png")
            return "m\(number).png"
        }
    }

    private func segment(_ maps: [String], in folder: String, analysis: String, more: [String] = []) throws -> RunningProgram {
        try Data(analysis.utf8).write(to: URL(fileURLWithPath: folder + "/analysis.yaml"))
        return try RunningProgram(
            [program("tomopilot"), "segment"] + maps
                + ["--model", modelsFolder + "/lamella-segmenter-sim", "--pixel-size", "20", "--out", "out", "--analysis", "analysis.yaml"] + more, in: folder)
    }

    private func worker(_ name: String, port: Int, in folder: String, _ more: String..., after script: String = "true") throws -> RunningProgram {
        try RunningProgram(
            [program("tomopilot"), "worker", "--url", "http://127.0.0.1:\(port)", "--name", name, "--folder", "models-\(name)", "--threads", "1"] + more, in: folder,
            after: script)
    }

    /// A port that nobody has.
    private func freePort() throws -> Int {
        // Gone again at the end of this line; the system does not hand it out again soon.
        try #require(Port.withoutListener()).number
    }

    private func lines(_ output: String, _ text: String) -> [String] { output.split(separator: "\n").map(String.init).filter { $0.contains(text) } }

    @Test func aWorkerThatIsKilledCostsNoResultAndMakesNoneTwice() async throws {
        try await withFolder { folder in
            let port = try freePort()
            let maps = try writeMaps(3, side: 700, to: folder)
            // Long enough that a worker on a busy machine keeps it.
            let session = try segment(maps, in: folder, analysis: "analysis: workers\nanalysis_port: \(port)\nanalysis_lease: 10\nanalysis_fallback: report\n")
            // It ends when it has one, and has not done it.
            let doomed = try worker("doomed", port: port, in: folder, after: RunningProgram.signal("KILL", whenSaid: "^job "))
            #expect(try await doomed.line(beginning: "job ") != nil)
            #expect(try await doomed.ending().status == SIGKILL)
            let steady = try worker("steady", port: port, in: folder)
            let ending = try await session.ending()
            #expect(try await steady.terminated().status == 0)
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
            for number in 1 ... 3 {
                #expect(lines(ending.output, "m\(number): done by steady").count == 1, "\(ending.output)")
                for name in ["_seg.png", "_areas.json"] { #expect(FileManager.default.fileExists(atPath: "\(folder)/out/m\(number)\(name)")) }
            }
            #expect(lines(ending.output, "done by doomed").isEmpty)
            #expect(lines(ending.output, "doomed was not heard of for 10 s; another worker gets it").count == 1, "\(ending.output)")
            // No disk is shared: the model has come over HTTP.
            let models = try FileManager.default.contentsOfDirectory(atPath: folder + "/models-steady")
            #expect(models.count == 1)
            #expect(try files(in: folder + "/models-steady/" + (models.first ?? "")) == ["model.json", "model.torchscript"])
        }
    }

    @Test func aWorkerThatIsAskedToEndGivesItsMapBack() async throws {
        try await withFolder { folder in
            let port = try freePort()
            let maps = try writeMaps(1, side: 1500, to: folder)
            let session = try segment(maps, in: folder, analysis: "analysis: workers\nanalysis_port: \(port)\nanalysis_lease: 600\nanalysis_fallback: report\n")
            let ended = try await worker("first", port: port, in: folder, after: RunningProgram.signal("TERM", whenSaid: "^job ")).ending()
            #expect((ended.status, ended.error) == (0, ""))
            #expect(ended.output.hasSuffix("job 1: given back\n"), "\(ended.output)")
            // Long before the lease would have ended.
            let second = try worker("second", port: port, in: folder, "--once")
            #expect(try await second.ending().status == 0)
            let ending = try await session.ending()
            #expect(ending.status == 0)
            #expect(lines(ending.output, "first gave it back; another worker gets it").count == 1, "\(ending.output)")
            #expect(lines(ending.output, "done by second").count == 1)
        }
    }

    @Test func aWorkerOutlivesASessionThatIsKilledAndItsOldResultDoesNotCount() async throws {
        try await withFolder { folder in
            let port = try freePort()
            let maps = try writeMaps(1, side: 700, to: folder)
            let analysis = "analysis: workers\nanalysis_port: \(port)\nanalysis_fallback: report\n"
            // It stands still at its first job, so that it has not done it before the session is killed.
            let worker = try worker("w", port: port, in: folder, after: RunningProgram.signal("STOP", whenSaid: "^job 1"))
            // There before its session is.
            #expect(try await worker.line(beginning: "waiting for the session at ") != nil)
            let first = try segment(maps, in: folder, analysis: analysis)
            #expect(try await worker.line(beginning: "job 1: m1, 700 x 700 px") != nil)
            try await worker.stopped()
            try await first.crash()
            let second = try segment(maps, in: folder, analysis: analysis)
            worker.signal(SIGCONT)
            let ending = try await second.ending()
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
            #expect(lines(ending.output, "m1: taken by w").count == 1, "\(ending.output)")
            #expect(lines(ending.output, "m1: done by w").count == 1, "\(ending.output)")
            let ended = try await worker.terminated()
            #expect(ended.status == 0)
            #expect(lines(ended.output, "job 1: This lease holds no more").count == 1, "\(ended.output)")
        }
    }

    @Test func aSessionOfTheServiceHasItsGridAnalysedByAWorker() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                let port = try freePort()
                try Data("analysis: workers\nanalysis_port: \(port)\nanalysis_fallback: report\n".utf8).write(to: URL(fileURLWithPath: folder + "/analysis.yaml"))
                try writeSettings("a", grid: 1, in: folder, port: simulator.port, more: "analysis: workers")
                let worker = try worker("w", port: port, in: folder)
                let models = URL(fileURLWithPath: detector).deletingLastPathComponent().path
                let (service, control) = try await serve(in: folder, models: models, "--analysis", "analysis.yaml")
                #expect(try await tomopilot("queue", "add", "a.yaml", "--port", control, in: folder).error == "")
                _ = try #require(try await service.line(beginning: "SERVICE    session 'a' is done"))
                let log = try await tomopilot("log", "--port", control, in: folder).output
                #expect(lines(log, ": done by w in ").count == 1, "\(log)")
                #expect(try await service.terminated().status == 0)
                #expect(try await worker.terminated().status == 0)
            }
        }
    }

    @Test func aMapThatNoWorkerTakesIsAnalysedHereAndTheLogSaysSo() async throws {
        try await withFolder { folder in
            let maps = try writeMaps(1, side: 64, to: folder)
            let ending = try await segment(maps, in: folder, analysis: "analysis: workers\nanalysis_port: \(try freePort())\nanalysis_wait: 0.01\n").ending()
            #expect(ending.status == 0)
            #expect(ending.output.contains("WARNING    m1: no worker took it within 0.6 s; it is analysed on this computer\n"), "\(ending.output)")
            #expect(FileManager.default.fileExists(atPath: folder + "/out/m1_seg.png"))
            let reported = try await segment(maps, in: folder, analysis: "analysis: workers\nanalysis_port: \(try freePort())\nanalysis_wait: 0.01\nanalysis_fallback: report\n").ending()
            expectSentence("m1 was not analysed: no worker took it within 0.6 s.", reported)
        }
    }

    @Test func probabilitiesOfAWorkerAreThoseOfThisProgram() async throws {
        try await withFolder { folder in
            let port = try freePort()
            let maps = try writeMaps(1, side: 100, to: folder)
            let session = try segment(maps, in: folder, analysis: "analysis: workers\nanalysis_port: \(port)\nanalysis_fallback: report\n", more: ["--probabilities"])
            #expect(try await worker("w", port: port, in: folder, "--once").ending().status == 0)
            let ending = try await session.ending()
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
            let here = try await tomopilot(
                "segment", "m1.png", "--model", modelsFolder + "/lamella-segmenter-sim", "--pixel-size", "20", "--out", "here", "--probabilities", in: folder)
            #expect(here.status == 0)
            let (there, own) = (try MRCFile(path: folder + "/out/m1_probabilities.mrc"), try MRCFile(path: folder + "/here/m1_probabilities.mrc"))
            #expect(there.header.sections == 9)
            for section in 0 ..< there.header.sections {
                let pairs = zip(try there.read(section: section).asFloat.pixels, try own.read(section: section).asFloat.pixels)
                #expect(pairs.allSatisfy { abs($0 - $1) < 1e-4 })
            }
        }
    }

    @Test func aPortThatIsTakenLeavesTheAnalysisHere() async throws {
        try await withFolder { folder in
            let taken = try #require(Port.stranger(.beSilent))
            let ending = try await segment(writeMaps(1, side: 64, to: folder), in: folder, analysis: "analysis: workers\nanalysis_port: \(taken.number)\n").ending()
            #expect(ending.status == 0)
            #expect(ending.output.contains("WARNING    No worker can be had: Port \(taken.number) of 127.0.0.1 cannot be opened for workers"), "\(ending.output)")
            #expect(FileManager.default.fileExists(atPath: folder + "/out/m1_seg.png"))
        }
    }

    @Test func aWorkerWithoutTheTokenIsToldSoAndOneWithItWorks() async throws {
        try await withFolder { folder in
            let port = try freePort()
            let file = folder + "/token"
            try Data("a-token-of-many-letters\n".utf8).write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let session = try segment(
                writeMaps(1, side: 64, to: folder), in: folder, analysis: "analysis: workers\nanalysis_port: \(port)\nanalysis_token_file: token\nanalysis_fallback: report\n")
            expectSentence(
                "This service wants its token; name it with --token-file, or in the header 'Authorization: Bearer …'.", try await worker("stranger", port: port, in: folder).ending())
            #expect(try await worker("known", port: port, in: folder, "--once", after: "export TOMOPILOT_WORKER_TOKEN=a-token-of-many-letters").ending().status == 0)
            #expect(try await session.ending().status == 0)
        }
    }

    @Test func aWorkerWhoseSessionIsNotThereEndsWithASentence() async throws {
        try await withFolder { folder in
            let nobody = try #require(Port.withoutListener())
            expectSentence(
                "No session of TomoPilot was at http://127.0.0.1:\(nobody.number) for 0.6 s (nobody answers there); the worker ends.",
                try await worker("alone", port: nobody.number, in: folder, "--patience", "0.01").ending())
        }
    }
}
