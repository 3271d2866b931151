import Foundation
import ImageFiles
import SerialEMProtocol
import SerialEMSimulator
import Testing

/// What SerialEM's source says and its manual does not, or says otherwise.
@Suite struct AsInTheSourceTests {
    @Test func anImageThatWasReadIsTheCurrentOneUntilTheNextShot() async throws {
        try await withBench { bench in
            try await bench.run("OpenNavigator", .text("a.nav"))
            try await bench.run("OpenNewFile", .text("map.mrc"))
            try await bench.run("SetBinning", .text("R"), .number(2))
            try await bench.run("SetExposure", .text("R"), .number(0.75))
            try await bench.run("R")
            try await bench.run("NewMap", .integer(0), .text("target"))
            let taken = try await bench.numbers("ImageProperties", .text("A"))
            try await bench.run("SetBinning", .text("R"), .number(1))
            #expect(try await bench.texts("ReportCurrentBuffer")[0] == "A")
            try await bench.run("LoadOtherMap", .integer(1))
            let buffer = try await bench.texts("ReportCurrentBuffer")[0]
            #expect(buffer != "A")
            // As PACEtomo goes on with it.
            try await bench.run("AcquireToMatchBuffer", .text(buffer))
            #expect(try await bench.texts("ReportCurrentBuffer")[0] == "A")
            #expect(Array(try await bench.numbers("ImageProperties", .text("A"))[..<4]) == Array(taken[..<4]))
            try await bench.run("AlignTo", .text(buffer))
            for (command, arguments) in [("ReadFile", [Argument.integer(0), .text("N")]), ("ReadOtherFile", [.integer(0), .text("M"), .text("map.mrc")])] {
                if arguments.count == 2 { try await bench.run(command, arguments[0], arguments[1]) }
                else { try await bench.run(command, arguments[0], arguments[1], arguments[2]) }
                #expect(try await bench.texts("ReportCurrentBuffer")[0] == arguments[1].text)
            }
            try await bench.run("V")
            #expect(try await bench.texts("ReportCurrentBuffer")[0] == "A")
        }
    }

    @Test func scriptsSumUpTheDoseOfAnAreaAndImagesTellWhatTheAreaHadBefore() async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("SetColumnOrGunValve", .integer(1))
            func prior() async throws -> String? {
                try await bench.run("R")
                try await bench.run("ImageMetadataToVar", .text("A"), .text("told"))
                let lines = try await bench.texts("GetVariable", .text("told"))[0].split(separator: "\n")
                return lines.first { $0.hasPrefix("PriorRecordDose") }.map { String($0.drop { $0 != "=" }.dropFirst(2)) }
            }
            #expect(try await prior() == nil)
            try await bench.run("AreaForCumulRecordDose", .integer(4))
            try await bench.run("AccumulateRecordDose", .number(0))
            #expect(try await prior() == "0.0000")
            // A Record adds nothing by itself.
            #expect(try await prior() == "0.0000")
            try await bench.run("AccumulateRecordDose", .number(3))
            try await bench.run("AccumulateRecordDose", .number(1.5))
            #expect(try await prior() == "4.5000")
            try await bench.run("AreaForCumulRecordDose", .integer(5))
            #expect(try await prior() == nil)
            try await bench.run("AreaForCumulRecordDose", .integer(4))
            #expect(try await prior() == "4.5000")
            try await bench.run("OpenNewFile", .text("dose.mrc"))
            try await bench.run("S")
            #expect(try Mdoc.read(bench.path("dose.mrc.mdoc")).pieces[0]["PriorRecordDose"] == "4.5000")
            try await bench.run("AccumulateRecordDose", .number(-1))
            #expect(try await prior() == nil)
            _ = try await bench.failure("AreaForCumulRecordDose", .integer(255))
        }
    }

    @Test func theMiddleOfTheAreaOfFocusIsReportedWhereItLiesOnTheCamera() async throws {
        try await withBench { bench in
            try await bench.run("SetLowDoseMode", .integer(1))
            #expect(try await bench.numbers("ReportAxisPosition", .text("F")) == [2.5, 0, 0, 0])
            try await bench.run("SetAxisPosition", .text("F"), .number(4))
            try await bench.run("SetCameraArea", .text("F"), .integer(0), .integer(720), .integer(256), .integer(1024))
            #expect(try await bench.numbers("ReportAxisPosition", .text("F")) == [4, 0, -360, 128])
            #expect(try await bench.numbers("ReportAxisPosition", .text("T")) == [2.5, 0, 0, 0])
            try await bench.run("SetCameraArea", .text("F"), .text("H"))
            #expect(try await bench.numbers("ReportAxisPosition", .text("F"))[2...] == [0, 0])
        }
    }

    @Test func aFileIsThereAsSoonAsItIsOpened() async throws {
        try await withBench { bench in
            try await bench.run("OpenNewFile", .text("new.mrc"))
            #expect(try await bench.numbers("DoesFileExist", .text("new.mrc")) == [1])
            #expect(try await bench.numbers("ReportFileZsize") == [0])
            try await bench.run("CloseFile")
            _ = try await bench.failure("OpenNewFile", .text("new.mrc"))
            try await bench.run("AllowFileOverwrite", .integer(1))
            try await bench.run("OpenNewFile", .text("new.mrc"))
            try await bench.run("R")
            try await bench.run("S")
            let titles = try MRCFile.header(bench.path("new.mrc")).labels
            #expect(titles.count == 2)
            let title = try #require(titles.last)
            #expect(title.hasPrefix("    Tilt axis angle = ") && title.contains(", binning = 1  spot = 6  camera = 0"))
            #expect(try Mdoc.read(bench.path("new.mrc.mdoc")).titles == titles.map { $0.trimmingCharacters(in: .whitespaces) })
        }
    }

    @Test func anMdocTellsTheParameterSetInItsOwnWayOutsideOfLowDose() async throws {
        try await withBench { bench in
            func told() async throws -> [String] { try await bench.texts("ReportMetadataString", .text("A"), .text("LowDoseConSet")) }
            for (command, outside, inside) in [("V", "0", "1"), ("F", "-1", "2"), ("R", "-3", "4")] {
                try await bench.run("SetLowDoseMode", .integer(0))
                try await bench.run(command)
                #expect(try await told() == [outside])
                try await bench.run("SetLowDoseMode", .integer(1))
                try await bench.run(command)
                #expect(try await told() == [inside])
            }
            try await bench.run("OpenNewFile", .text("set.mrc"))
            try await bench.run("S")
            try await bench.run("ReadFile", .integer(0), .text("P"))
            #expect(try await bench.numbers("ImageLowDoseSet", .text("P")) == [3, 1])
            #expect(try await bench.numbers("ImageProperties", .text("P"))[5] == -1)
        }
    }

    @Test func anFFTBufferIsReadLikeAnyOther() async throws {
        try await withBench { bench in
            try await bench.run("R")
            _ = try await bench.failure("ImageProperties", .text("AF"))
            try await bench.run("FFT", .text("A"))
            #expect(Array(try await bench.numbers("ImageProperties", .text("AF"))[..<2]) == [512, 512])
            #expect(try await bench.numbers("ReportMeanCounts", .text("af"), .integer(2)).count == 4)
            _ = try await bench.failure("ImageProperties", .text("BF"))
        }
    }

    @Test(arguments: [
        ("SetUserSetting", [Argument.text("Nonsense"), .number(3)]), ("SetProperty", [.text("Nonsense"), .number(3)]),
        ("Eucentricity", [.integer(4)]), ("Eucentricity", [.integer(0)]), ("NewMap", [.integer(1)]),
    ])
    func argumentsThatMeanNothingAreRefused(command: String, arguments: [Argument]) async throws {
        try await withBench { bench in
            try await bench.run("OpenNavigator", .text("a.nav"))
            try await bench.run("OpenNewFile", .text("a.mrc"))
            try await bench.run("R")
            if arguments.count == 2 { _ = try await bench.failure(command, arguments[0], arguments[1]) }
            else { _ = try await bench.failure(command, arguments[0]) }
        }
    }

    @Test func aKnownSettingWithoutAValueIsForgottenWhenControlEnds() async throws {
        try await withBench { bench in
            try await bench.run("SetUserSetting", .text("movestageonbigmouseshift"), .number(0))
            #expect(try await bench.numbers("ReportUserSetting", .text("MoveStageOnBigMouseShift")) == [0])
            try await bench.startNewPeriod()
            _ = try await bench.failure("ReportUserSetting", .text("MoveStageOnBigMouseShift"))
            try await bench.run("SetProperty", .text("EnableExternalPython"), .number(1))
        }
    }

    @Test func anotherNameOfACommandDoesTheSame() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("V")
        try await s.run("Copy", "A", "F")
        try await s.run("V")
        #expect(try await s.numbers("A") == [0])
        try await s.run("RetractCamera")
        #expect(try await s.numbers("ReportCameraInserted", 1) == [0])
    }

    @Test func atTiltTheStageHasToGoFartherAlongItsOwnY() async throws {
        let s = try await Scenario()
        try await s.run("SetImageShift", 3, 5)
        let flat = try await s.numbers("ReportImageShift")
        try await s.run("TiltTo", 60)
        let tilted = try await s.numbers("ReportImageShift")
        let tilt = try await s.numbers("ReportTiltAngle")[0]
        #expect(abs(tilted[4] - flat[4]) < 1e-6)
        #expect(abs(tilted[5] - flat[5] / cos(tilt * .pi / 180)) < 1e-6)
    }
}
