import Foundation
import ImageFiles
import Raster
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

@Suite struct SimulatedImageFileTests {
    @Test func anImageOfTheCameraIsReadBackAsItWasSaved() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            try await bench.run("SetBinning", .text("R"), .number(4))
            try await bench.run("OpenNewFile", .text("one.mrc"))
            for angle in [0.0, 10] {
                try await bench.run("TiltTo", .number(angle))
                try await bench.run("R")
                try await bench.run("S")
            }
            try await bench.run("AddToAutodoc", .text("CtfFind"), .text("-4.5"))
            try await bench.run("WriteAutodoc")
            #expect(try await bench.numbers("ReportFileZsize") == [2])
            let mean = try await bench.numbers("ReportMeanCounts", .text("A"))
            try await bench.run("CloseFile")

            let mdoc = try Mdoc.read(bench.path("one.mrc.mdoc"))
            #expect(mdoc.pieces.count == 2)
            #expect(mdoc.globals["DataMode"] == "6")
            #expect(mdoc.pieces[1]["CtfFind"] == "-4.5")
            for key in [
                "MinMaxMean", "TiltAngle", "StagePosition", "StageZ", "Magnification", "Intensity", "ExposureDose", "DoseRate", "PixelSpacing",
                "SpotSize", "Defocus", "ImageShift", "RotationAngle", "ExposureTime", "Binning", "CameraIndex", "DividedBy2", "OperatingMode",
                "UsingCDS", "MagIndex", "LowDoseConSet", "CountsPerElectron", "TargetDefocus", "DateTime", "FilterSlitAndLoss",
                "UncroppedSize", "RotationAndFlip", "TimeStamp",
            ] { #expect(mdoc.pieces[0][key] != nil, "\(key)") }

            try await bench.run("OpenOldFile", .text("one.mrc"))
            try await bench.run("ReadFile", .integer(1), .text("P"))
            #expect(try await bench.numbers("ReportMeanCounts", .text("P")) == mean)
            let tilt = try #require(Double(try await bench.texts("ReportMetadataString", .text("P"), .text("TiltAngle"))[0]))
            #expect(abs(tilt - 10) < 0.1)
            #expect(try await bench.texts("ReportMetadataValues", .text("P"), .text("FilterSlitAndLoss")) == ["0", "0"])
            #expect(try await bench.failure("ReportMetadataString", .text("P"), .text("Nothing")).contains("Key Nothing does not exist"))
            #expect(try await bench.numbers("ImageProperties", .text("P"))[5] == -1)
            try await bench.run("S", .text("P"))
            #expect(try await bench.numbers("ReportFileZsize") == [3])
            let header = try MRCFile.header(bench.path("one.mrc"))
            #expect(header.extendedFields == [.tiltAngle, .stagePosition, .magnification, .intensity, .dose])
        }
    }

    @Test(arguments: [MRCImage.int16(Raster(width: 3, height: 2, pixels: [-5, 7, 0, 100, -30000, 12])),
        .float32(Raster(width: 3, height: 2, pixels: [-0.5, 1e6, 0, 3.25, -7, 12])), .uint8(Raster(width: 3, height: 2, pixels: [0, 1, 2, 253, 254, 255]))])
    func numbersOfEveryTypeAreSavedInTheirType(image: MRCImage) async throws {
        try await withBench { bench in
            try MRCFile.write(image, to: bench.path("in.mrc"), pixelSize: PixelSize(1))
            try await bench.run("ReadOtherFile", .integer(0), .text("O"), .text("in.mrc"))
            try await bench.run("Copy", .text("O"), .text("P"))
            try await bench.run("OpenNewFile", .text("out.mrc"))
            try await bench.run("S", .text("P"))
            try await bench.run("CloseFile")
            #expect(try MRCFile.read(bench.path("out.mrc")) == image)
            #expect(try Mdoc.read(bench.path("out.mrc.mdoc")).globals["DataMode"] == "\(image.pixelType.mode)")
            let values = image.asFloat.pixels.map(Double.init)
            let all = try await bench.numbers("ReportMeanCounts", .text("P"), .text("2"))
            #expect(abs(all[0] - values.reduce(0, +) / 6) < 1e-3)
            #expect(all[2] == values.min())
            #expect(all[3] == values.max())
        }
    }

    @Test func aRealValuedImageOfAClientIsSavedAsOne() async throws {
        try await withSimulator { sem, _, folder in
            let bytes: [UInt8] = [0, 0, 0x80, 0x3E, 0, 0, 0xC0, 0xBF]
            try await sem.putImage(#require(BufferImage(width: 2, height: 1, pixelType: .float, bytes: bytes)), into: "B", base: "A")
            try await sem.openNewFile("\(folder)/put.mrc")
            try await sem.save(buffer: "B")
            try await sem.closeFile()
            #expect(try MRCFile.read("\(folder)/put.mrc") == .float32(Raster(width: 2, height: 1, pixels: [0.25, -1.5])))
        }
    }

    @Test func piecesOutsideOfAnOutlineAreLeftOut() async throws {
        try await withBench { bench in
            try await bench.run("OpenNavigator")
            try await bench.run("GoToImagingState", .text("2"))
            try await bench.run("AddCirclePolygon", .number(100), .number(0), .number(0))
            let all = try await bench.numbers("AssessPolygonMontage", .integer(1), .number(0.1))
            #expect(all[0] == all[1] * all[2])
            for overlap in [0.5, 10, -0.1] { _ = try await bench.failure("AssessPolygonMontage", .integer(1), .number(overlap)) }
            #expect(all[0] > 20)
            try await bench.run("SetupPolygonMontage", .integer(1), .number(0.1), .text("poly.mrc"))
            #expect(try await bench.numbers("ReportNumMontagePieces") == [all[0]])
            try await bench.run("SkipPiecesOutsideItem", .integer(1))
            #expect(try await bench.numbers("ReportNumMontagePieces") == [all[0]])
            try await bench.run("AddCirclePolygon", .number(10), .number(0), .number(0))
            try await bench.run("SkipPiecesOutsideItem", .integer(2))
            let rest = try await bench.numbers("ReportNumMontagePieces")[0]
            #expect(rest < all[0] / 2)
            #expect(rest > 0)
            try await bench.run("SkipPiecesOutsideItem", .integer(-1))
            #expect(try await bench.numbers("ReportNumMontagePieces") == [all[0]])
        }
    }

    @Test func scalingMakesRealNumbersUnlessTheTypeIsKept() async throws {
        try await withBench { bench in
            try MRCFile.write(.int16(Raster(width: 2, height: 2, pixels: [-2, 0, 2, 4])), to: bench.path("in.mrc"), pixelSize: PixelSize(1))
            try await bench.run("ReadOtherFile", .integer(0), .text("O"), .text("in.mrc"))
            try await bench.run("ScaleImage", .text("O"), .number(0.25), .number(1), .text("P"))
            try await bench.run("ScaleImage", .text("O"), .number(2), .number(1), .text("Q"), .integer(1))
            try await bench.run("SaveToOtherFile", .text("P"), .text("MRC"), .text("NONE"), .text("p.mrc"))
            try await bench.run("SaveToOtherFile", .text("Q"), .text("MRC"), .text("NONE"), .text("q.mrc"))
            #expect(try MRCFile.read(bench.path("p.mrc")) == .float32(Raster(width: 2, height: 2, pixels: [0.5, 1, 1.5, 2])))
            #expect(try MRCFile.read(bench.path("q.mrc")) == .int16(Raster(width: 2, height: 2, pixels: [-3, 1, 5, 9])))
        }
    }

    @Test func aMontageIsReadAgainByPiecesAndAsAWhole() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            try await bench.run("GoToImagingState", .text("1"))
            try await bench.run("OpenNavigator", .text("grid.nav"))
            try await bench.run("OpenNewMontage", .integer(2), .integer(3), .text("mont.mrc"))
            try await bench.run("SetMontageParams", .integer(1), .integer(32), .integer(32), .integer(240), .integer(200), .integer(0), .number(4))
            #expect(try await bench.numbers("ReportNumMontagePieces") == [6])
            try await bench.run("M")
            #expect(try await bench.numbers("ReportFileZsize") == [6, 1])
            try await bench.run("M")
            #expect(try await bench.numbers("ReportFileZsize") == [12, 2])
            #expect(try await bench.numbers("NewMap", .integer(0), .text("mont")) == [1])
            let shown = try await bench.numbers("ImageProperties", .text("B"))
            try await bench.run("SaveNavigator")
            try await bench.run("CloseFile")

            let mdoc = try Mdoc.read(bench.path("mont.mrc.mdoc"))
            #expect(mdoc.pieces.map { $0.pieceCoordinates?.z } == Array(repeating: 0, count: 6) + Array(repeating: 1, count: 6))
            #expect(mdoc.sections.filter { $0.kind == "MontSection" }.count == 2)
            #expect(mdoc.sections.last?["FullMontNumFrames"] == "2 3")
            let file = try MRCFile(path: bench.path("mont.mrc"))
            for piece in mdoc.pieces {
                #expect(try file.metadata(section: try #require(piece.index)).pieceCoordinates == piece.pieceCoordinates)
            }

            try await bench.run("OpenOldFile", .text("mont.mrc"))
            #expect(try await bench.numbers("ReportFileZsize") == [12, 2])
            try await bench.run("ReadFile", .integer(1), .text("P"))
            let whole = try await bench.numbers("ImageProperties", .text("P"))
            #expect(Array(whole[0 ..< 3]) == Array(shown[0 ..< 3]))
            try await bench.run("ReadMontagePiece", .integer(2), .integer(1), .integer(0), .text("Q"))
            #expect(try await bench.numbers("ImageProperties", .text("Q"))[0] == 240)
            #expect(try await bench.failure("ReadMontagePiece", .integer(3), .integer(1), .integer(0), .text("Q")).contains("Could not find"))
            try await bench.run("LoadOtherMap", .integer(1), .text("R"))
            // Without its mdoc the pieces lie where the extended header of the file says.
            try FileManager.default.removeItem(atPath: bench.path("mont.mrc.mdoc"))
            try await bench.run("LoadOtherMap", .integer(1), .text("S"))
            #expect(abs(try await bench.numbers("ImageProperties", .text("S"))[0] - shown[0]) < 60)
        }
    }

    @Test func framesGoWhereTheSettingsSayAndAddUpToTheImage() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            try await bench.run("SetBinning", .text("R"), .number(8))
            #expect(try await bench.failure("ReportLastFrameFile").contains("no last frame file"))
            try await bench.run("SetDoseFracParams", .text("R"), .integer(1), .integer(1))
            try await bench.run("SetFrameTime", .text("R"), .number(0.25))
            try await bench.run("SetFolderForFrames", .text(bench.path("raw")))
            #expect(try await bench.texts("ReportFrameSavingPath") == [bench.path("raw")])
            try await bench.run("SetFrameNameFormat", .integer(0), .integer(-1), .integer(0x440))
            try await bench.run("SetFrameBaseName", .integer(0), .integer(1), .integer(0), .text("L01_ts_001"))
            try await bench.run("StartNextFrameStackMdoc", .text("Lamella"), .text("L01"))
            try await bench.run("OpenNewFile", .text("ts.mrc"))
            try await bench.run("R")
            try await bench.run("S")
            let last = try await bench.texts("ReportLastFrameFile")
            #expect(last == [bench.path("raw/L01_ts_001_0000_0.0.mrc"), bench.path("raw"), "L01_ts_001_0000_0.0.mrc"])
            #expect(try await bench.numbers("ReportNumFramesSaved") == [4])
            let section = try #require(try Mdoc.read(bench.path("ts.mrc.mdoc")).pieces.first)
            #expect(section["SubFramePath"] == last[0])
            #expect(section["NumSubFrames"] == "4")
            let frames = try Mdoc.read("\(last[0]).mdoc").sections
            #expect(frames.map(\.kind) == ["FrameSet"])
            #expect(frames[0]["Lamella"] == "L01")
            let file = try MRCFile(path: last[0])
            var sum = [Float](repeating: 0, count: file.header.width * file.header.height)
            for frame in 0 ..< 4 { sum = zip(sum, try file.read(section: frame).asFloat.pixels).map(+) }
            let saved = try MRCFile.read(bench.path("ts.mrc")).asFloat.pixels
            #expect(sum == saved)
            try await bench.run("R")
            #expect(try await bench.texts("ReportLastFrameFile")[2] == "L01_ts_001_0001_0.0.mrc")
            try await bench.startNewPeriod()
            #expect(try await bench.texts("ReportFrameBaseName").contains("none"))
            #expect(try await bench.numbers("ReportFrameNameFormat") == [0x180])
        }
    }

    @Test func namesInPartsAreThoseOfSerialEM() async throws {
        try await withBench { bench in
            try await bench.run("OpenNewFile", .text(bench.path("a.b.mrc")))
            #expect(
                try await bench.texts("ReportCurrentFilename", .integer(1)) == [bench.path("a.b"), ".mrc", bench.folder, "a.b"])
            #expect(try await bench.texts("ReportOpenImageFile", .integer(1)) == [bench.path("a.b.mrc")])
            #expect(try await bench.failure("ReportOpenImageFile", .integer(2)).hasSuffix("ReportOpenImageFile(2)"))
        }
    }
}
