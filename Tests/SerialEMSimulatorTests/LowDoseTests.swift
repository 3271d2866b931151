import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

@Suite struct LowDoseTests {
    @Test func theAreaIsUndefinedUntilOneIsUsed() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.number("SetLowDoseMode", .integer(1)) == 0)
            #expect(try await sem.numbers("ReportLowDose") == [1, -1])
            try await sem.run("ScreenDown")
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.numbers("ReportLowDose") == [1, -1])
            try await sem.run("ScreenUp")
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.numbers("ReportLowDose") == [1, 0])
            #expect(try await sem.refuses("GoToLowDoseArea", .text("v")))
            #expect(try await sem.number("SetLowDoseMode", .integer(0)) == 1)
            #expect(try await sem.refuses("GoToLowDoseArea", .text("V")))
        }
    }

    @Test func eachAreaBringsItsDefocusAndItsOpticsBack() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetLowDoseMode", .integer(1))
            try await sem.run("GoToLowDoseArea", .text("R"))
            try await sem.run("SetDefocus", .number(-3))
            try await sem.run("SetLDDefocusOffset", .text("V"), .number(-60))
            #expect(try await sem.number("ReportLDDefocusOffset", .text("V")) == -60)
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.number("ReportDefocus") == -63)
            let magnification = try await sem.number("ReportMag")
            try await sem.run("SetMag", .number(8700))
            try await sem.run("SetSpotSize", .integer(3))
            try await sem.run("GoToLowDoseArea", .text("R"))
            #expect(try await sem.number("ReportDefocus") == -3)
            try await sem.run("GoToLowDoseArea", .text("V"))
            // What was not stored in the area is undone.
            #expect(try await sem.number("ReportMag") == magnification)
            #expect(try await sem.number("ReportSpotSize") == 6)
            #expect(try await sem.refuses("ReportLDDefocusOffset", .text("R")))
        }
    }

    @Test func anUpdatedAreaFollowsUntilControlEnds() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetLowDoseMode", .integer(1))
            try await sem.run("GoToLowDoseArea", .text("V"))
            let magnification = try await sem.number("ReportMag")
            try await sem.run("UpdateLowDoseParams", .text("V"))
            try await sem.run("SetMag", .number(8700))
            try await sem.run("GoToLowDoseArea", .text("R"))
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.number("ReportMag") == 8700)
            try await sem.run("Exit")
            _ = try await sem.beginControl()
            try await sem.run("GoToLowDoseArea", .text("R"))
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.number("ReportMag") == magnification)

            try await sem.run("UpdateLowDoseParams", .text("V"))
            try await sem.run("SetMag", .number(8700))
            try await sem.run("RestoreLowDoseParams", .text("V"))
            #expect(try await sem.number("ReportMag") == magnification)
            try await sem.run("UpdateLowDoseParams", .text("V"), .integer(1))
            try await sem.run("SetMag", .number(8700))
            try await sem.run("Exit")
            _ = try await sem.beginControl()
            try await sem.run("GoToLowDoseArea", .text("R"))
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(try await sem.number("ReportMag") == 8700)
        }
    }

    @Test func focusIsTakenBesideTheTarget() async throws {
        try await withSimulator { sem, server, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetLowDoseMode", .integer(1))
            try await sem.run("SetAxisPosition", .text("F"), .number(4))
            let axis = try await sem.numbers("ReportAxisPosition", .text("F"))
            #expect(axis == [4, 0, 0, 0])
            try await sem.record()
            try await sem.run("F")
            let log = await server.microscope.exposureLog()
            let (x, y) = (log[1].trueX - log[0].trueX, log[1].trueY - log[0].trueY)
            #expect(abs((x * x + y * y).squareRoot() - 4) < 0.1)
            #expect(log[1].accumulatedDose == log[1].dose)
            #expect(try await sem.refuses("SetAxisPosition", .text("F"), .number(25)))
            #expect(try await sem.refuses("ReportAxisPosition", .text("V")))
        }
    }

    @Test func aShiftOffsetCentresViewOnRecord() async throws {
        try await withSimulator { sem, server, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetLowDoseMode", .integer(1))
            func distance() async throws -> Double {
                try await sem.record()
                try await sem.run("Search")
                let log = await server.microscope.exposureLog().suffix(2).map { $0 }
                let (x, y) = (log[1].trueX - log[0].trueX, log[1].trueY - log[0].trueY)
                return (x * x + y * y).squareRoot()
            }
            #expect(try await distance() > 3)
            try await sem.run("FindLowDoseShiftOffset", .integer(1))
            #expect(try await distance() < 0.1)
            let offset = try await sem.numbers("ReportLDShiftOffset", .integer(1))
            #expect(offset.count == 2 && offset[0].magnitude + offset[1].magnitude > 3)
            #expect(try await sem.numbers("ReportLDShiftOffset", .integer(-1)) == offset)
            try await sem.run("SetLowDoseShiftOffset", .integer(1), .number(0), .number(0))
            #expect(try await distance() > 3)
        }
    }

    @Test func theParametersOfAnAreaAreTwentyOneNumbers() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("GetLowDoseAreaParams", .text("F"), .text("params"))
            let text = try #require(try await sem.run("GetVariable", .text("params")).first?.text)
            let numbers = text.split(separator: " ").compactMap { Double($0) }
            #expect(numbers.count == 21)
            #expect(numbers[0] == 1 && numbers[1] == 27 && numbers[2] == 6 && numbers[4] == 2.5 && numbers[20] == 100)
            try await sem.run("GetAllLowDoseValues", .integer(1), .text("V"), .text("all"), .text("area"), .text("index"))
            #expect(try await sem.number("GetVariable", .text("index")) == 16)
            try await sem.run("SetLowDoseMode", .integer(1))
            #expect(try await sem.refuses("GetLowDoseAreaParams", .text("F"), .text("params")))
            #expect(try await sem.refuses("GetAllLowDoseValues", .integer(1), .text("V"), .text("all")))
        }
    }

    @Test func areasTakeTheSettingsOfTheColumnAndOfEachOther() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetMag", .number(42_000))
            try await sem.run("SetSpotSize", .integer(5))
            try await sem.run("CurrentSettingsToLDArea", .text("R"))
            #expect(try await sem.number("ReportLowDose") == 1)
            #expect(try await sem.refuses("CurrentSettingsToLDArea", .text("R")))
            try await sem.run("GoToLowDoseArea", .text("R"))
            #expect(try await sem.number("ReportMag") == 42_000)
            #expect(try await sem.refuses("CopyLowDoseArea", .text("F"), .text("R")))
            try await sem.run("CopyLowDoseArea", .text("R"), .text("F"))
            try await sem.run("GoToLowDoseArea", .text("F"))
            #expect(try await sem.number("ReportSpotSize") == 5)
            #expect(try await sem.numbers("ReportAxisPosition", .text("F"))[0] == 2.5)
        }
    }

    @Test func anAreaKeepsTheBeamThatWasMadeBrighterInIt() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetLowDoseMode", .integer(1))
            try await sem.run("GoToLowDoseArea", .text("V"))
            let wide = try await sem.number("ReportIlluminatedArea")
            try await sem.run("ChangeIntensityBy", .number(4))
            try await sem.run("GoToLowDoseArea", .text("R"))
            try await sem.run("GoToLowDoseArea", .text("V"))
            #expect(abs(try await sem.number("ReportIlluminatedArea") - wide / 2) < 1e-6)
        }
    }

    @Test func imagingStatesTellByValueWhatIsWrong() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.numbers("GoToImagingState", .text("Nothing")) == [1])
            #expect(try await sem.numbers("GoToImagingState", .text("LowDose")) == [2])
            #expect(try await sem.numbers("GoToImagingState", .text("77")) == [3])
            #expect(try await sem.refuses("RestoreState", .integer(1)))
            let magnification = try await sem.number("ReportMag")
            #expect(try await sem.numbers("GoToImagingState", .text("Whole")) == [0])
            #expect(try await sem.numbers("GoToImagingState", .text("LowDoseV")) == [0])
            #expect(try await sem.numbers("ReportLowDose") == [1, 0])
            try await sem.run("RestoreState")
            #expect(try await sem.number("ReportMag") == magnification)
            #expect(try await sem.number("ReportLowDose") == 0)
            try await sem.run("SetMag", .number(1150))
            #expect(try await sem.numbers("UpdateImagingState", .text("2")) == [0])
            #expect(try await sem.numbers("ImagingStateProperties", .text("2")) == [0, 2, -1, 1, 11])
        }
    }
}
