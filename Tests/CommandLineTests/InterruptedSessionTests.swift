import Foundation
import ImageFiles
import SerialEMSimulator
import Testing

/// A session that loses SerialEM or the disk in the middle of a map: nothing is exposed twice, and it comes to its end.
@Suite struct InterruptedSessionTests {
    @Test func mapsWithoutTheirJournalAreNotExposedAgain() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                #expect(try await tomopilot("run", "s.yaml", in: folder).status == 0)
                let exposures = await simulator.microscope.exposureLog().count
                let session = folder + "/session"
                for name in try FileManager.default.contentsOfDirectory(atPath: session) where name.hasPrefix("session.sqlite") {
                    try FileManager.default.removeItem(atPath: session + "/" + name)
                }
                expectSentence(
                    "\(session) holds the map Alga_1/Alga_1.mrc of a session and no journal of it (session.sqlite), so everything would be exposed "
                        + "again: put the journal back, or use another session_dir.", try await tomopilot("run", "s.yaml", in: folder))
                #expect(await simulator.microscope.exposureLog().count == exposures)
            }
        }
    }

    /// Images of the whole-grid map of slot 1, and exposures that were made for it.
    private func counts(_ simulator: SimulatorServer, _ folder: String) async throws -> (pieces: Int, exposures: Int) {
        (
            try MRCFile.header("\(folder)/session/Alga_1/Alga_1.mrc").sections,
            await simulator.microscope.exposureLog().count
        )
    }

    @Test func aLostConnectionIsTakenUpAgainByItselfAndTheMapIsNotTakenTwice() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.dropBeforeReply(executed: true), when: .init(command: "Montage"))])
                try writeSettings(in: folder, port: simulator.port)
                let ending = try await tomopilot("run", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.contains("connected to SerialEM again; the session goes on from the last finished step"))
                let (pieces, exposures) = try await counts(simulator, folder)
                #expect(pieces == exposures)
            }
        }
    }

    @Test func aGridThatIsFinishedIsNotTakenUpAgainWhateverElseIsWatched() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                for (more, wasDone) in [("interlocks: [disk, beam, valves, dewars]", false), ("interlocks: [vacuum, disk]", true)] {
                    try writeSettings(in: folder, port: simulator.port, more: more)
                    let ending = try await tomopilot("run", "s.yaml", in: folder)
                    #expect((ending.status, ending.error) == (0, ""))
                    let log = try String(contentsOfFile: folder + "/session/session.log", encoding: .utf8)
                    #expect(log.contains("was done   Grid Alga_1") == wasDone, "\(log)")
                }
            }
        }
    }

    @Test func aFullDiskEndsTheSessionInOneSentenceAndTheNextRunTakesThePiecesThatAreLeft() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.diskFull, when: .init(command: "Montage", after: 4))])
                try writeSettings(in: folder, port: simulator.port)
                let full = try await tomopilot("run", "s.yaml", in: folder)
                #expect(full.status == 1)
                #expect(full.error.contains("not enough space on the disk"))
                #expect(full.error.hasSuffix("Free space on the disk that SerialEM writes to, and run again.\n"))
                #expect(full.error.split(separator: "\n").count == 1)

                let next = try await tomopilot("run", "s.yaml", in: folder)
                #expect((next.status, next.error) == (0, ""))
                let (pieces, exposures) = try await counts(simulator, folder)
                // The one that found the disk full is exposed again.
                #expect(exposures == pieces + 1)
            }
        }
    }

    @Test func aGridThatWasGoneThroughIsNotLoadedAgainBecauseTheConnectionIsLostAtTheNextNorBecauseTheServiceIsKilledThere() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder, seed: 25) { simulator in
                let text = """
                    session_dir: ./a
                    serialem_port: \(simulator.port)
                    automation_level: 2
                    grid_list: [1, 2]
                    WG_model: \(modelsFolder)/lamella-detector-sim
                    MM_model: \(modelsFolder)/lamella-segmenter-sim
                    exclude_lamella_classes: [gone, broken, thick, wedge, contaminated]
                    WG_detection_threshold: 0.87
                    """
                try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/a.yaml"))
                // One lamella of the first grid fails.
                simulator.microscope.faults.add([Fault(.error(text: "Eucentricity failed."), when: .init(command: "Eucentricity"))])
                let (first, port) = try await serve(in: folder, models: modelsFolder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await first.line(beginning: "begin      Load grid 2"))
                simulator.microscope.faults.add([Fault(.dropBeforeReply(executed: true), when: .init(command: "Montage"))])
                while await simulator.microscope.exposureLog().count(where: { $0.slot == 2 }) < 3 { try await Task.sleep(for: .milliseconds(5)) }
                _ = try #require(try await first.line(beginning: "           connected to SerialEM again"))
                try await first.crash()
                let (second, _) = try await serve(in: folder, models: modelsFolder)
                _ = try #require(try await second.line(beginning: "SERVICE    session 'a' is done"))
                try await second.stop()

                let slots = await simulator.microscope.exposureLog().map(\.slot)
                let begin = try #require(slots.firstIndex(of: 2))
                #expect(!slots[begin...].contains(1))
                // What was left out of it is told, and tried by a person's retry.
                let report = try JSONValue.read(folder + "/a/session_report.json")
                #expect(report["grids"]?.array?.count == 2)
                #expect("\(report)".contains("left out: Eucentricity failed"))
            }
        }
    }
}
