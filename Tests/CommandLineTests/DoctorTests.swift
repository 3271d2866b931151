import Foundation
import SerialEMSimulator
import Testing

/// `tomopilot doctor` says before a night what a session would fail for.
@Suite struct DoctorTests {
    @Test func aSessionThatCanRunIsCalledSoAndNothingIsLeftBehind() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                let before = try files(in: folder)
                let ending = try await tomopilot("doctor", "s.yaml", in: folder)
                #expect((ending.status, ending.error) == (0, ""))
                #expect(ending.output.hasSuffix("The session can run.\n"))
                #expect(ending.output.contains("imaging state '1' (WG_image_state)"))
                #expect(try files(in: folder) == before)
            }
        }
    }

    @Test func whatIsMissingIsNamedWithItsRemedy() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port, more: "grid_list: [1, 20]\ngrids: {1: {name: Yeast_9}}")
                let text = try String(contentsOfFile: folder + "/s.yaml", encoding: .utf8)
                try Data((text + "\nWG_image_state: 9\n").utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
                let ending = try await tomopilot("doctor", "s.yaml", in: folder)
                #expect(ending.status == 1)
                let lines = ending.output.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ") }
                #expect(lines.contains("MISSING grid 20 the cassette has no such slot"))
                #expect(lines.contains("-> take 20 out of grid_list"))
                #expect(lines.contains("MISSING imaging state '9' (WG_image_state) SerialEM has no such state"))
                #expect(lines.contains("-> save it in SerialEM, or name another in WG_image_state"))
                #expect(lines.contains("MISSING grid 1 'Alga_1', and grids says 'Yeast_9'"))
                #expect(lines.contains("-> put 'Yeast_9' into slot 1, or change its name in grids"))
                #expect(lines.last == "The session would fail: 3 missing, 0 odd.")
            }
        }
    }

    @Test func withoutSerialEMTheRestIsToldAllTheSame() async throws {
        try await withFolder { folder in
            try writeSettings(in: folder, port: 1, model: "nowhere")
            let ending = try await tomopilot("doctor", "s.yaml", in: folder)
            #expect(ending.status == 1)
            #expect(ending.output.contains("MISSING  models"))
            #expect(ending.output.contains("MISSING  SerialEM"))
            #expect(ending.output.contains("-> start SerialEM with EnableExternalPython 1"))
        }
    }

    @Test func aSessionInAnotherFolderThatRunsOnTheSameSerialEMIsLeftAlone() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.delayReply(seconds: 4), when: .init(command: "Montage"))])
                try writeSettings(in: folder, port: simulator.port)
                let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
                _ = try #require(try await run.line(beginning: "begin      Map grid"))
                let text = try String(contentsOfFile: folder + "/s.yaml", encoding: .utf8)
                try Data((text.replacing("session_dir: ", with: "session_dir: other-") + "\nserialem_host: localhost\n").utf8)
                    .write(to: URL(fileURLWithPath: folder + "/other.yaml"))
                let doctor = try await tomopilot("doctor", "other.yaml", in: folder)
                #expect((doctor.status, doctor.error) == (1, ""))
                #expect(doctor.output.contains("is driven by another tomopilot of this computer (process "), "\(doctor.output)")
                #expect(doctor.output.contains(": tomopilot run s.yaml), and serves one at a time; end that, or let it finish."), "\(doctor.output)")
                let ending = try await run.ending()
                #expect((ending.status, ending.error) == (0, ""))
                #expect(!ending.output.contains("connected to SerialEM again"))
            }
        }
    }

    @Test func aSessionThatRunsIsLeftAlone() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.delayReply(seconds: 4), when: .init(command: "Montage"))])
                try writeSettings(in: folder, port: simulator.port)
                let run = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
                _ = try #require(try await run.line(beginning: "begin      Map grid"))
                let doctor = try await tomopilot("doctor", "s.yaml", in: folder)
                #expect((doctor.status, doctor.error) == (1, ""))
                #expect(doctor.output.contains("Another tomopilot runs the session in \(folder)/session") && doctor.output.contains("-> the session is running; "), "\(doctor.output)")
                let ending = try await run.ending()
                #expect((ending.status, ending.error) == (0, ""))
                #expect(!ending.output.contains("connected to SerialEM again"), "\(ending.output)")
            }
        }
    }
}
