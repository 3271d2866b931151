import Foundation
import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct SessionCommandTests {
    @Test func settingsComeBackWhenControlEndsUnlessTheyAreKept() async throws {
        try await withBench { bench in
            try await bench.run("SetUserSetting", .text("DriftProtection"), .number(0))
            try await bench.run("SetUserSetting", .text("BuffersToRollOnAcquire"), .number(2), .integer(1))
            try await bench.run("SetFileOptions", .integer(0), .integer(0), .integer(0), .integer(1))
            #expect(try await bench.numbers("ReportFileOptions", .integer(0))[1] == 1)
            try await bench.startNewPeriod()
            #expect(try await bench.numbers("ReportUserSetting", .text("DriftProtection")) == [1])
            #expect(try await bench.numbers("ReportUserSetting", .text("BuffersToRollOnAcquire")) == [2])
            #expect(try await bench.numbers("ReportFileOptions", .integer(0))[1] == 6)
        }
    }

    @Test func variablesKnowTheirKind() async throws {
        try await withBench { bench in
            try await bench.run("SetPersistentVar", .text("kept"), .text("yes"))
            try await bench.run("SetVariable", .text("list"), .text("4\n1\n3\n2"))
            #expect(try await bench.numbers("ArrayStatistics", .text("LIST")).prefix(4) == [4, 1, 4, 2.5])
            #expect(try await bench.numbers("ArrayStatistics", .text("list"))[5] == 2.5)
            #expect(try await bench.failure("MakeVarPersistent", .text("kept")).contains("persistent already"))
            try await bench.startNewPeriod()
            #expect(try await bench.numbers("IsVariableDefined", .text("list")) == [0])
            #expect(try await bench.texts("GetVariable", .text("KEPT")) == ["yes"])
            try await bench.run("MakeVarPersistent", .text("kept"), .integer(0))
            try await bench.startNewPeriod()
            #expect(try await bench.failure("GetVariable", .text("kept")).contains("not defined"))
        }
    }

    @Test func textFilesAreWrittenAndReadAsArrays() async throws {
        try await withBench { bench in
            try await bench.run("OpenTextFile", .text("out"), .text("W"), .integer(0), .text("list.txt"))
            try await bench.run("WriteLineToFile", .text("out"), .text("two words"))
            try await bench.run("WriteLineToFile", .text("OUT"))
            try await bench.run("WriteLineToFile", .text("out"), .text("end"))
            try await bench.run("CloseTextFile", .text("out"))
            #expect(try String(contentsOfFile: bench.path("list.txt"), encoding: .utf8) == "two words\r\n\r\nend\r\n")
            try await bench.run("ReadStringsFromFile", .text("lines"), .text("list.txt"))
            #expect(try await bench.texts("GetVariable", .text("lines")) == ["two words\nend"])
            try await bench.run("ReadTextFile", .text("words"), .text("list.txt"))
            #expect(try await bench.texts("GetVariable", .text("words")) == ["two\nwords\nend"])
            #expect(try await bench.numbers("OpenTextFile", .text("in"), .text("T"), .integer(0), .text("nothing.txt")) == [0])
            #expect(try await bench.failure("OpenTextFile", .text("out"), .text("W"), .integer(0), .text("list.txt")).contains("already exists"))
            #expect(try await bench.failure("WriteLineToFile", .text("in"), .text("x")).contains("no open text file"))
        }
    }

    @Test func statusLinesAreTakenFromTheFirstFree() async throws {
        try await withBench { bench in
            try await bench.run("SetStatusLine", .integer(2), .text("SPACEtomo"))
            #expect(try await bench.numbers("SetStatusLine", .integer(0), .text("grid 1")) == [1, 0])
            #expect(try await bench.numbers("SetStatusLine", .integer(0), .text("grid 2")) == [3, 0])
            try await bench.run("ClearStatusLine", .integer(0))
            #expect(try await bench.numbers("SetStatusLine", .integer(0), .text("again")) == [1, 0])
            #expect(try await bench.failure("ClearStatusLine", .integer(7)).contains("out of range"))
        }
    }

    @Test func theVersionIsAsNewAsItsBuild() async throws {
        try await withBench { bench in
            let wanted = try await bench.numbers("IsVersionAtLeast", .text("40200"), .text("20250228"))
            #expect(wanted == [1])
            #expect(try await bench.numbers("IsVersionAtLeast", .text("40300"), .text("20270101")) == [0])
            #expect(try await bench.numbers("IsVersionAtLeast", .text("40400")) == [0])
        }
    }

    @Test func theLogIsSavedWithItsUnfinishedLines() async throws {
        try await withBench { bench in
            try await bench.run("EchoNoLineEnd", .text("Grid "))
            try await bench.run("Echo", .text("1"))
            try await bench.run("EchoBreakLines", .text("a\\nb"))
            try await bench.run("SaveLog", .integer(1), .text("night.txt"))
            #expect(try String(contentsOfFile: bench.path("night.log"), encoding: .utf8) == "Grid 1\na\nb\n")
            try await bench.run("CloseLogOpenNew", .integer(1))
            try await bench.run("Echo", .text("new"))
            try await bench.run("SaveLog", .integer(0), .text("night.log"))
            #expect(try String(contentsOfFile: bench.path("night-1.log"), encoding: .utf8) == "new\n")
        }
    }

    @Test func aLatticeIsFoundByItsSpacing() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            // Grid bars: a film image has no pattern of 11 pixels.
            try await bench.run("SetBinning", .text("R"), .number(8))
            try await bench.run("R")
            #expect(try await bench.failure("AutoCorrPeakVectors", .text("A"), .number(1e6)).contains("cannot be found"))
        }
    }
}
