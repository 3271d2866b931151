import Foundation
import ImageFiles
import Processes
import SerialEMSimulator
import Testing

/// A disk that is full, and a map that was cut off: one sentence, a status that is not 0, nothing half written.
///
/// Any user may limit the size of files (`ulimit -f`, in KiB), and a write beyond the limit fails as one on a full disk
/// does; so these tests need no rights and run everywhere. Where a small disk may be mounted, it is tried as well.
@Suite(.serialized) struct DamagedDiskTests {
    private static let tooLarge = "File too large. Raise the limit on the size of files (ulimit -f) and write again."

    private static let onItsDisk = "Free space on the disk that SerialEM writes to, and run again."

    /// What a run of level 1 may leave when it stops after the map; SerialEM writes the first three.
    private static let untilMap: Set = [
        "s.yaml", "session/Alga_1/Alga_1.mrc", "session/Alga_1/Alga_1.mrc.mdoc", "session/Alga_1/Alga_1.nav", "session/Alga_1/Alga_1_maps.nav",
        "session/session.log", "session/session.sqlite", "session/session_report.json",
    ]

    @Test func theSettingsFileOfInitDoesNotFit() async throws {
        try await withFolder { folder in
            expectSentence(
                "Cannot write s.yaml: \(Self.tooLarge)", try await tomopilot("init", "s.yaml", in: folder, after: "ulimit -f 1"))
            #expect(try files(in: folder) == [])
        }
    }

    @Test func theJournalDoesNotFitAtTheStart() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                expectSentence(
                    "The journal \(folder)/session/session.sqlite cannot be written: disk I/O error (is the disk full, or the "
                        + "limit on the size of files reached?).",
                    try await tomopilot("run", "s.yaml", in: folder, after: "ulimit -f 8"))
                #expect(try files(in: folder) == ["s.yaml"])
                #expect(await simulator.microscope.exposureLog().isEmpty)
            }
        }
    }

    @Test func theJournalOutgrowsTheDiskAndTheNextRunGoesOn() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                let ending = try await tomopilot("run", "s.yaml", in: folder, after: "ulimit -f 132")
                expectSentence(
                    "The journal \(folder)/session/session.sqlite cannot be written: disk I/O error (is the disk full, or the "
                        + "limit on the size of files reached?).", ending)
                #expect(ending.output.contains("the microscope is left with beam blanked"))
                #expect(
                    try files(in: folder)
                        == ["s.yaml", "session/session.log", "session/session.sqlite", "session/session_report.json"])
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
            }
        }
    }

    @Test func thePictureOfTheMapDoesNotFitAndTheNextRunMakesItWithoutAnExposure() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                let ending = try await tomopilot("run", "s.yaml", in: folder, after: "ulimit -f 5000")
                expectSentence("Cannot write \(folder)/session/Alga_1/SPACE_maps/Alga_1_wg.png: \(Self.tooLarge)", ending)
                #expect(try files(in: folder) == Self.untilMap)
                let exposures = await simulator.microscope.exposureLog().count
                #expect(exposures > 0)
                let next = try await tomopilot("run", "s.yaml", in: folder)
                #expect((next.status, next.error) == (0, ""))
                #expect(try files(in: folder).contains("session/Alga_1/SPACE_maps/Alga_1_wg.png"))
                #expect(await simulator.microscope.exposureLog().count == exposures)
            }
        }
    }

    @Test func serialEMCannotWriteItsMap() async throws {
        try await withFolder { folder in
            let simulator = try RunningProgram(
                [program("serialem-sim"), "--port", "0", "--time-scale", "0"], in: folder, after: "ulimit -f 20000")
            let address = try #require(try await simulator.line(beginning: "listening on "))
            try writeSettings(in: folder, port: try #require(Int(address.split(separator: ":").last ?? "")))
            let ending = try await tomopilot("run", "s.yaml", in: folder)
            let map = folder + "/session/Alga_1/Alga_1.mrc"
            expectSentence(
                "M failed: SerialEM at \(address) reported 'Cannot write \(map): \(Self.tooLarge) / M()'.", ending)
            // What SerialEM has written of its map stays, and is what its header says; the next run puts it aside.
            #expect(try files(in: folder) == Self.untilMap.subtracting(["session/Alga_1/Alga_1.nav", "session/Alga_1/Alga_1_maps.nav"]))
            try MRCFile(path: map).requireAllSections()
            try await simulator.stop()
        }
    }

    private static let mayMount: Bool = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mount-\(UUID().uuidString)").path
        guard (try? Folder.make(folder)) != nil else { return false }
        defer { rmdir(folder) }
        let script = "unshare -m mount -t tmpfs -o size=64k tmpfs \"$0\""
        return (try? ChildProgram(["/bin/bash", "-c", script, folder]))?.wait() == .status(0)
    }()

    /// The session's folder as a small disk that only the script sees; what was on it is copied to `left`.
    private static let onSmallDisk = """
        mkdir session left; touch simulator.txt
        mount -t tmpfs -o size="$1" tmpfs session || exit 99
        "$2" --port 0 --time-scale 0 >simulator.txt &
        until grep -q '^listening' simulator.txt; do kill -0 $! || exit 98; sleep 0.05; done
        sed -i "s/^serialem_port:.*/serialem_port: $(sed 's/.*://' simulator.txt)/" s.yaml
        "$3" run s.yaml
        status=$?
        kill $!
        cp -r session/. left
        exit $status
        """

    @Test(
        "A disk that is really full", .enabled(if: mayMount, "a disk can be mounted by root only"),
        arguments: [
            ("20m", "Alga_1/Alga_1.mrc", "No space left on device. Free space on this disk and write again. / M()'. \(Self.onItsDisk)"),
            ("64m", "Alga_1/SPACE_maps/Alga_1_wg.png", "No space left on device. Free space on this disk and write again."),
        ])
    func smallDisk(size: String, file: String, reason: String) async throws {
        try await withFolder { folder in
            // Its forecast would keep the session from beginning the map.
            try writeSettings(in: folder, port: 1, more: "interlocks: []")
            let ending = try await RunningProgram(
                ["unshare", "-m", "/bin/bash", "-c", Self.onSmallDisk, "bash", size, program("serialem-sim"), program("tomopilot")],
                in: folder
            ).ending()
            #expect(ending.status == 1)
            #expect(ending.error.hasPrefix("tomopilot: "))
            #expect(ending.error.hasSuffix("Cannot write \(folder)/session/\(file): \(reason)\n"))
            #expect(ending.error.split(separator: "\n").count == 1)
            // On a full disk the database may have to keep its log beside it; that is SQLite's, and the next run reads it.
            let left = try files(in: folder + "/left").map { "session/\($0)" }
            #expect(Set(left).subtracting(["session/session.sqlite-wal", "session/session.sqlite-shm"]).isSubset(of: Self.untilMap))
        }
    }

    @Test func aMapThatWasCutOffIsNamedWithItsSizesAndUsedOnceItIsWhole() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                // A run that stops between the map and its picture.
                #expect(try await tomopilot("run", "s.yaml", in: folder, after: "ulimit -f 5000").status == 1)
                let map = folder + "/session/Alga_1/Alga_1.mrc"
                let mdoc = map + ".mdoc"
                for whole in [map, mdoc] { try FileManager.default.copyItem(atPath: whole, toPath: whole + ".whole") }
                func mend(_ path: String) throws {
                    try FileManager.default.removeItem(atPath: path)
                    try FileManager.default.copyItem(atPath: path + ".whole", toPath: path)
                }
                let size = try #require(try FileManager.default.attributesOfItem(atPath: map)[.size] as? NSNumber)
                let cutOff = "it was cut off or is still being written"
                for (length, expected) in [(30_000_000, size.intValue), (500, 1024)] {
                    try shorten(map, to: UInt64(length))
                    expectSentence(
                        "\(map) is incomplete: \(expected) bytes expected, \(length) found; \(cutOff).",
                        try await tomopilot("run", "s.yaml", in: folder))
                    #expect(try files(in: folder).filter { !$0.hasSuffix(".whole") } == Self.untilMap)
                    try mend(map)
                }
                try shorten(mdoc, to: 5000)
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect(ending.error.hasPrefix("tomopilot: \(map) has 20 pieces and its mdoc places "))
                #expect(ending.error.split(separator: "\n").count == 1)
                #expect(ending.status == 1)
                try mend(mdoc)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
            }
        }
    }
}
