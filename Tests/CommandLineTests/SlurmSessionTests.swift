import Foundation
import ImageFiles
import Raster
import Testing

/// A session whose maps are jobs of a Slurm cluster, which is started for it on this machine.
@Suite(.serialized) struct SlurmSessionTests {
    private static let cluster = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/facility-day-run/cluster.py").path

    /// Where Slurm cannot be started the test fails with what it said.
    private func withCluster(in folder: String, _ body: (_ configuration: String) async throws -> Void) async throws {
        let cluster = try RunningProgram(["/usr/bin/env", "python3", Self.cluster, folder + "/slurm"], in: folder)
        guard let configuration = try await cluster.line(beginning: "ready ") else {
            Issue.record("Slurm cannot be set up: \(try await cluster.ending().output)")
            return
        }
        do {
            try await body(configuration)
        } catch {
            try await cluster.stop()
            throw error
        }
        try await cluster.stop()
    }

    /// What a facility would install on its nodes.
    private func writeWorker(to path: String) throws {
        try Data("#!/bin/sh\n[ \"$1\" = worker ] && shift\nexec '\(program("tomopilot"))' worker --folder '\((path as NSString).deletingLastPathComponent)/models' \"$@\"\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    @Test(.timeLimit(.minutes(10))) func aJobThatIsCancelledIsSubmittedAgainElsewhereAndWhatNoNodeCanDoIsDoneHere() async throws {
        try await withFolder { folder in
            try await withCluster(in: folder) { configuration in
                try writeWorker(to: folder + "/worker")
                let slurm = "export SLURM_CONF='\(configuration)'"
                var map = Raster<UInt8>(width: 1500, height: 1500, filledWith: 90)
                for place in map.pixels.indices { map.pixels[place] = UInt8(40 + place / 16 % 150) }
                try PNGFile.write(map, to: folder + "/m.png")
                try PNGFile.write(map.cropped(x: 0, y: 0, width: 64, height: 64, fill: 0), to: folder + "/small.png")
                func segment(_ image: String, worker: String, fallback: String) throws -> RunningProgram {
                    try Data("analysis: slurm\nanalysis_port: 0\nanalysis_attempts: 2\nanalysis_fallback: \(fallback)\nslurm_worker: \(worker)\n".utf8)
                        .write(to: URL(fileURLWithPath: folder + "/analysis.yaml"))
                    return try RunningProgram(
                        [program("tomopilot"), "segment", image, "--model", modelsFolder + "/lamella-segmenter-sim", "--pixel-size", "20", "--out", "out", "--analysis", "analysis.yaml"],
                        in: folder, after: slurm)
                }
                let session = try segment("m.png", worker: folder + "/worker", fallback: "report")
                let taker = try #require(try await session.line(beginning: "           m: taken by Slurm's job "))
                let words = taker.split(separator: " ")
                #expect(try await RunningProgram(["/usr/bin/env", "scancel", String(words[0])], in: folder, after: slurm).ending().status == 0)
                let ending = try await session.ending()
                #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
                // On the other of the two nodes.
                let other = words.last == "a" ? "b" : "a"
                #expect(ending.output.contains("not on \(words.last ?? "")\n"), "\(ending.output)")
                #expect(ending.output.split(separator: "\n").filter { $0.contains("m: done by Slurm's job ") && $0.contains(" on \(other) in ") }.count == 1, "\(ending.output)")

                let here = try await segment("small.png", worker: "/nowhere/tomopilot", fallback: "local").ending()
                #expect(here.status == 0)
                #expect(here.output.contains("ended as FAILED before it took its map (is slurm_worker there, and is this computer reached from there?); it is analysed on this computer\n"), "\(here.output)")
                #expect(FileManager.default.fileExists(atPath: folder + "/out/small_seg.png"))
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func aSessionHasItsMapsAnalysedBySlurmsJobs() async throws {
        try await withFolder { folder in
            try await withCluster(in: folder) { configuration in
                try writeWorker(to: folder + "/worker")
                let simulator = try RunningProgram([program("serialem-sim"), "--port", "0", "--seed", "1", "--folder", ".", "--time-scale", "0"], in: folder)
                let port = try #require(try await simulator.line(beginning: "listening on 127.0.0.1:"))
                do {
                    let text = """
                        session_dir: ./session
                        serialem_port: \(port)
                        automation_level: 3
                        exclude_lamella_classes: [gone, broken, wedge, contaminated, good]
                        WG_detection_threshold: 0.5
                        WG_model: \(modelsFolder)/lamella-detector-sim
                        MM_model: \(modelsFolder)/lamella-segmenter-sim
                        analysis: slurm
                        analysis_port: 0
                        analysis_fallback: report
                        slurm_worker: \(folder)/worker
                        """
                    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
                    let before = try await tomopilot("doctor", "s.yaml", in: folder, after: "export SLURM_CONF='\(configuration)'")
                    #expect(before.output.contains(/ok +analysis: slurm +Job [0-9]+ to start at [^\n]+ in partition/), "\(before.output)")
                    try Data((text + "\nslurm_partition: nowhere").utf8).write(to: URL(fileURLWithPath: folder + "/nowhere.yaml"))
                    let nowhere = try await tomopilot("doctor", "nowhere.yaml", in: folder, after: "export SLURM_CONF='\(configuration)'")
                    #expect(nowhere.output.contains(/MISSING +analysis: slurm +sbatch ended with status 1: [^\n]*nvalid partition/), "\(nowhere.output)")
                    let run = try await tomopilot("run", "s.yaml", in: folder, after: "export SLURM_CONF='\(configuration)'")
                    #expect((run.status, run.error) == (0, ""), "\(run.output)")
                    #expect(run.output.contains(/grid [^\n]+: done by Slurm's job [0-9]+ on [ab] in [0-9]/), "\(run.output)")
                    #expect(run.output.contains(/lamella [0-9]+ of grid [^\n]+: done by Slurm's job [0-9]+ on [ab] in [0-9]/), "\(run.output)")
                    #expect(try files(in: folder + "/session").contains { $0.hasSuffix("_seg.png") })
                }
                try await simulator.stop()
            }
        }
    }
}
