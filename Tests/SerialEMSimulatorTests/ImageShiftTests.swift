import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct ImageShiftTests {
    @Test func theStageWayThatIsReportedIsTheOneThatAResetTakes() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("TiltTo", 40)
        #expect(try await s.numbers("SetImageShift", 3, 5) == [0])
        let report = try await s.numbers("ReportImageShift")
        #expect(report.count == 6)
        #expect(abs(report[0] - 3) < 1e-9 && abs(report[1] - 5) < 1e-9)
        let shifted = try await s.trueCenter()
        let before = try await s.numbers("ReportStageXYZ")
        try await s.run("ResetImageShift")
        let after = try await s.numbers("ReportStageXYZ")
        #expect(abs(after[0] - before[0] - report[4]) < 0.05)
        #expect(abs(after[1] - before[1] - report[5]) < 0.05)
        #expect(try await s.numbers("ReportImageShift").allSatisfy { $0 == 0 })
        #expect((try await s.trueCenter() - shifted).length < 0.6)
    }

    @Test(arguments: ["SetImageShift", "ImageShiftByUnits", "ImageShiftByMicrons", "ImageShiftByStageDiff", "ImageShiftByPixels"])
    func aShiftBeyondTheLimitIsRefusedByValueAndNothingMoves(command: String) async throws {
        let s = try await Scenario()
        try await s.run("SetImageShift", 1, 2)
        let before = try await s.numbers("ReportImageShift")
        #expect(try await s.numbers(command, 50000, 0) == [1])
        #expect(try await s.numbers("ReportImageShift") == before)
        #expect(try await s.numbers(command, 2, 1) == [0])
        #expect(try await s.numbers("ReportImageShift") != before)
    }

    @Test func aShiftByAStageDifferenceShowsThatPlace() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.run("Delay", 300, "s")
        let before = try await s.trueCenter()
        try await s.run("ImageShiftByStageDiff", 4, -6)
        let way = try await s.trueCenter() - before
        #expect(abs(way.x - 4) < 0.1 && abs(way.y + 6) < 0.1)
    }

    @Test func aShiftIsResetOnlyAboveTheLimit() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("SetMag", 3600)
        try await s.run("SetImageShift", 2, 0)
        try await s.run("ResetShiftIfAbove", 3)
        #expect(await s.microscope.exposureLog().isEmpty)
        let before = try await s.trueCenter()
        try await s.run("ResetShiftIfAbove", 1)
        #expect(await s.microscope.exposureLog().count == 3)
        let rest = try await s.numbers("ReportImageShift")
        #expect(SIMD2(rest[0], rest[1]).length < 0.7)
        #expect((try await s.trueCenter() - before).length < 0.15)
    }

    @Test func whatAnAlignmentFoundIsReportedInAllForms() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("SetMag", 3600)
        #expect(try await s.run("ReportISforBufferShift").isEmpty)
        try await s.run("R")
        try await s.run("ImageShiftByMicrons", 2, -1)
        try await s.run("R")
        try await s.run("AlignTo", "B", 1)
        let shift = try await s.numbers("ReportAlignShift")
        #expect(abs(shift[4].magnitude - 2000) < 250 && abs(shift[5].magnitude - 1000) < 250)
        let back = try await s.numbers("ReportISforBufferShift")
        let set = try await s.numbers("ReportImageShift")
        // The shift that would bring the image onto the reference undoes the one that was set.
        #expect(abs(back[0] + set[0]) < 0.3 && abs(back[1] + set[1]) < 0.3)
        try await s.run("ReportAlignShift")
        let sum = try await s.numbers("ReportAccumShift")
        #expect(abs(sum[0] - 2 * shift[0]) < 1e-6 && abs(sum[1] - 2 * shift[1]) < 1e-6)
    }

    @Test func clearingAnAlignmentTakesItsImageShiftBack() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("SetMag", 3600)
        try await s.run("R")
        try await s.run("SetImageShift", 2, 0)
        try await s.run("R")
        try await s.run("AlignTo", "B")
        #expect(abs(try await s.numbers("ReportImageShift")[0]) < 0.3)
        try await s.run("ClearAlignment")
        #expect(abs(try await s.numbers("ReportImageShift")[0] - 2) < 1e-6)
        #expect(try await s.numbers("ReportAlignShift").allSatisfy { $0 == 0 })
    }

    @Test func aLimitHoldsForTheNextAlignmentOnly() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("SetMag", 3600)
        try await s.run("R")
        try await s.run("ImageShiftByMicrons", 2, 0)
        try await s.run("R")
        try await s.run("LimitNextAutoAlign", 0.4)
        try await s.run("AlignTo", "B", 1)
        #expect(try await s.numbers("ReportAlignShift")[4].magnitude < 700)
        try await s.run("AlignTo", "B", 1)
        #expect(try await s.numbers("ReportAlignShift")[4].magnitude > 1700)
    }

    @Test func aJEOLColumnCountsInItsOwnUnitsAndTheMatricesSaySo() async throws {
        let s = try await Scenario { $0.kind = .jeol }
        try await s.run("SetImageShift", 6, -4)
        let matrix = try await s.numbers("ISToSpecimenMatrix", 0)
        let specimen = try await s.numbers("ReportSpecimenShift")
        #expect(abs(matrix[0] * 6 - matrix[1] * 4 - specimen[0]) < 1e-9)
        #expect(abs(matrix[2] * 6 - matrix[3] * 4 - specimen[1]) < 1e-9)
        #expect(abs(SIMD2(specimen[0], specimen[1]).length - 1.02 * SIMD2(3.0, 2).length) < 1e-6)
        #expect(try await s.numbers("ReportMaxImageShift", 0) == [15, 12])
        // 13 um: the property would allow it, the coils do not.
        #expect(try await s.numbers("ImageShiftByMicrons", 13, 0) == [1])
        #expect(try await Scenario().numbers("ReportMaxImageShift", 0) == [15, 0])
    }
}
