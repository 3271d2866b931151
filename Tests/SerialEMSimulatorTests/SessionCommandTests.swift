import Foundation
import ImageFiles
import Raster
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

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
            // Dots on a lattice with the vectors (24, 6) and (-6, 24).
            var image = Raster<Float>(width: 400, height: 300, filledWith: 0)
            for y in 0 ..< 300 {
                for x in 0 ..< 400 {
                    let u = (Double(x) * 24 + Double(y) * 6) / 612
                    let v = (Double(x) * -6 + Double(y) * 24) / 612
                    let (du, dv) = (u - u.rounded(), v - v.rounded())
                    image[x, y] = du * du + dv * dv < 0.06 ? 100 : 10
                }
            }
            try MRCFile.write(.float32(image), to: bench.path("holes.mrc"), pixelSize: PixelSize(10))
            try await bench.run("ReadOtherFile", .integer(0), .text("P"), .text("holes.mrc"))
            let found = try await bench.numbers("AutoCorrPeakVectors", .text("P"), .number(25))
            #expect(abs(found[0] - 24.74) < 1)
            for place in [1, 3] {
                let (x, y) = (found[place].magnitude, found[place + 1].magnitude)
                #expect(abs(max(x, y) - 24) < 2)
                #expect(abs(min(x, y) - 6) < 2)
            }
            // The two vectors are not one and the same.
            #expect(abs(found[1] * found[4] - found[2] * found[3]) > 300)
            try MRCFile.write(.float32(Raster(width: 400, height: 300, filledWith: 5)), to: bench.path("flat.mrc"), pixelSize: PixelSize(10))
            try await bench.run("ReadOtherFile", .integer(0), .text("P"), .text("flat.mrc"))
            #expect(try await bench.failure("AutoCorrPeakVectors", .text("P"), .number(25)).contains("No regular pattern"))
        }
    }

    @Test func aSnapshotIsAJPEGOfTheImageThatIsShown() async throws {
        try await withBench { bench in
            try await bench.run("SetBinning", .text("R"), .number(8))
            try await bench.run("R")
            try await bench.run("SnapshotToFile", .number(0), .number(0), .integer(0), .text("JPG"), .text("JPG"), .text("shot.jpg"))
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: bench.path("shot.jpg"))))
            #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF, 0xE0]))
            #expect(bytes.suffix(2) == [0xFF, 0xD9])
            // Height and width in the frame header.
            let size = Array(bytes.drop { $0 != 0xC0 }.dropFirst(4).prefix(4))
            #expect(size == [0, 128, 0, 180])
            #expect(try await bench.failure("SnapshotToFile", .number(0), .number(0), .integer(0), .text("MRC"), .text("NONE"), .text("x")).contains("MRC"))
        }
    }

    @Test func partsOfAnImageKeepTheirPlaceOnTheStage() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            try await bench.run("SetBinning", .text("R"), .number(4))
            try await bench.run("R")
            try await bench.run("OpenNavigator")
            try await bench.run("Copy", .text("A"), .text("P"))
            let place = try await bench.numbers("BufImagePosToStagePos", .text("P"), .integer(0), .number(100), .number(60))
            try await bench.run("CropImage", .text("P"), .integer(50), .integer(249), .integer(40), .integer(139))
            #expect(try await bench.numbers("ImageProperties", .text("A")).prefix(2) == [200, 100])
            let inPart = try await bench.numbers("BufImagePosToStagePos", .text("A"), .integer(0), .number(50), .number(20))
            #expect(abs(inPart[0] - place[0]) < 1e-6)
            #expect(abs(inPart[1] - place[1]) < 1e-6)
            let mean = try await bench.numbers("ReportMeanCounts", .text("A"))
            try await bench.run("Copy", .text("P"), .text("A"))
            #expect(try await bench.numbers("SubareaMean", .integer(50), .integer(249), .integer(40), .integer(139)) == mean)
            #expect(try await bench.failure("SubareaMean", .integer(0), .integer(360), .integer(0), .integer(1)).contains("out of bounds"))
            try await bench.run("ConvertToBytes", .text("P"))
            let bytes = try await bench.numbers("ReportMeanCounts", .text("P"), .text("2"))
            #expect(bytes[2] >= 0)
            #expect(bytes[3] <= 255)
        }
    }
}
