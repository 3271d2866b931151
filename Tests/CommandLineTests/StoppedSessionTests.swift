import SerialEMSimulator
import Testing

/// Somebody stops a session, or starts it twice: the microscope is left safe, and the session goes on.
@Suite struct StoppedSessionTests {
    @Test func controlCLeavesTheMicroscopeSafeAndTheNextRunGoesOn() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                let ending = try await tomopilot(
                    "run", "s.yaml", in: folder, after: RunningProgram.signal("INT", whenSaid: "begin      Map grid"))
                expectSentence("Stopped by Control-C; the same command goes on from here.", ending)
                #expect(ending.output.contains("the microscope is left with beam blanked, stage at 0 degrees"))
                #expect(ending.output.contains("the session is stopped from outside"))

                let next = try await tomopilot("run", "s.yaml", in: folder)
                #expect((next.status, next.error) == (0, ""))
            }
        }
    }

    @Test func aSecondRunOfTheSameSessionIsRefusedAndTheFirstGoesOn() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings(in: folder, port: simulator.port)
                let first = try RunningProgram([program("tomopilot"), "run", "s.yaml"], in: folder)
                _ = try #require(try await first.line(beginning: "begin      Map grid"))
                expectSentence(
                    "Another tomopilot runs the session in \(folder)/session; end it, or use another session_dir.",
                    try await tomopilot("run", "s.yaml", in: folder))
                let ending = try await first.ending()
                #expect((ending.status, ending.error) == (0, ""))
            }
        }
    }
}
