import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct StageTests {
    @Test func aStageOnItsWayTakesNoOtherMoveAndSaysThatItIsBusy() async throws {
        let s = try await Scenario()
        try await s.run("BackgroundTilt", 30)
        #expect(try await s.numbers("ReportStageBusy") == [1])
        try await s.run("MoveStageTo", 100, 50)
        try await s.run("TiltTo", -20)
        try await s.run("BackgroundMoveStage", 40, 40)
        #expect(try await s.waitForStage() > 5)
        #expect(abs(try await s.numbers("ReportTiltAngle")[0] - 30) < 0.1)
        let place = try await s.numbers("ReportStageXYZ")
        #expect(abs(place[0]) < 0.1 && abs(place[1]) < 0.1)
        try await s.run("MoveStageTo", 100, 50)
        #expect(abs(try await s.numbers("ReportStageXYZ")[0] - 100) < 0.1)
    }

    @Test func anImageDuringABackgroundTiltIsTakenBetweenTheAngles() async throws {
        let s = try await Scenario()
        try await s.run("BackgroundTilt", 60)
        try await s.run("R")
        let tilt = try #require(await s.microscope.exposureLog().last).tilt
        #expect(tilt > 2 && tilt < 40)
    }

    @Test func aSlowerBackgroundMoveTakesLonger() async throws {
        let s = try await Scenario()
        try await s.run("BackgroundMoveStage", 400, 0)
        let usual = try await s.waitForStage()
        try await s.run("BackgroundMoveStage", 0, 0, 0.2)
        #expect(try await s.waitForStage() > 2 * usual)
        #expect(abs(try await s.numbers("ReportStageXYZ")[0]) < 0.1)
    }

    @Test func aStoppedTiltStaysWhereItWas() async throws {
        let s = try await Scenario()
        try await s.run("BackgroundTilt", 60)
        try await s.run("Delay", 2, "s")
        try await s.run("StopBackgroundTilt")
        _ = try await s.waitForStage()
        let tilt = try await s.numbers("ReportTiltAngle")[0]
        #expect(tilt > 10 && tilt < 35)
        try await s.run("BackgroundMoveStage", 800, 0)
        try await s.run("Delay", 2, "s")
        try await s.run("StopBackgroundStage", 5, 0)
        _ = try await s.waitForStage()
        let x = try await s.numbers("ReportStageXYZ")[0]
        #expect(x > 100 && x < 600)
    }

    @Test func tiltStepsHaveTheIncrementThatWasSet() async throws {
        let s = try await Scenario()
        try await s.run("SetTiltIncrement", 5)
        try await s.run("TiltUp")
        try await s.run("U")
        try await s.run("TiltDown")
        #expect(abs(try await s.numbers("ReportTiltAngle")[0] - 5) < 0.1)
        try await s.run("TiltTo", 60)
        try await s.run("SetTiltIncrement", 4, 1)
        try await s.run("D")
        #expect(abs(try await s.numbers("ReportTiltAngle")[0] - 58) < 0.2)
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SetTiltIncrement", 100) }
    }

    @Test(arguments: [("TiltTo", 75.0), ("BackgroundTilt", -75), ("TiltBy", 71), ("SetStageBAxis", 100)])
    func anAngleBeyondTheLimitIsRefusedAndTheStageStays(command: String, angle: Double) async throws {
        let s = try await Scenario()
        await #expect(throws: Scenario.Refusal.self) { try await s.run(command, .number(angle)) }
        #expect(try await s.numbers("ReportTiltAngle") == [0])
        #expect(try await s.numbers("ReportStageBAxis") == [0])
    }

    @Test func tiltingWithRestoreBringsXAndYBack() async throws {
        let s = try await Scenario()
        try await s.run("TiltTo", 20, 1, 30, -40)
        let place = try await s.numbers("ReportStageXYZ")
        #expect(abs(place[0] - 30) < 0.1 && abs(place[1] + 40) < 0.1)
    }

    @Test func reversingTheTiltEndsAtTheSameAngle() async throws {
        let s = try await Scenario()
        try await s.run("TiltTo", 12)
        try await s.run("ReverseTilt", 1)
        #expect(abs(try await s.numbers("ReportTiltAngle")[0] - 12) < 0.1)
        #expect(await s.microscope.eventLog().suffix(2).allSatisfy { $0.kind == .tilt && $0.command == "ReverseTilt" })
        await #expect(throws: Scenario.Refusal.self) { try await s.run("ReverseTilt", 0) }
    }

    @Test func theSecondAxisTurnsAndIsReported() async throws {
        let s = try await Scenario()
        try await s.run("SetStageBAxis", 15)
        #expect(try await s.numbers("ReportStageBAxis") == [15])
    }

    @Test(arguments: [0.0, 50])
    func stageAndImageShiftByTheSamePixelsShowTheSamePlace(tilt: Double) async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("TiltTo", .number(tilt))
        try await s.run("SetMag", 3600)
        try await s.run("ImageShiftByPixels", 300, 400)
        let byCoils = try await s.trueCenter()
        try await s.run("SetImageShift", 0, 0)
        try await s.run("StageShiftByPixels", 300, 400)
        #expect((try await s.trueCenter() - byCoils).length < 0.6)
    }

    @Test func aSpecimenOffTheEucentricHeightWandersWithTheTilt() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        try await s.run("Eucentricity", 2)
        let flat = try await s.trueCenter()
        try await s.run("TiltTo", 45)
        #expect((try await s.trueCenter() - flat).length < 0.6)
        try await s.run("MoveStage", 0, 0, 10)
        #expect(abs((try await s.trueCenter() - flat).length - 10) < 1)
    }

    @Test func anOffsetOfTheTiltAxisIsMeasuredAndMadeUpFor() async throws {
        let s = try await Scenario { $0.tiltAxisOffset = 4 }
        try await s.loadGrid()
        try await s.goToLamella()
        await #expect(throws: Scenario.Refusal.self) { try await s.run("ReportLastAxisOffset") }
        try await s.run("Eucentricity", 2)
        #expect(try await s.numbers("ReportLastAxisOffset") == [4])
        let flat = try await s.trueCenter()
        try await s.run("TiltTo", 60)
        #expect(abs((try await s.trueCenter() - flat).length - 4) < 0.6)

        try await s.run("SetTiltAxisOffset", 4)
        let report = try await s.numbers("ReportTiltAxisOffset")
        #expect(report.count == 6 && report[0] == 4 && report[5] == 1)
        #expect(abs(SIMD2(report[1], report[2]).length - 4) < 0.01)
        let tilted = try await s.trueCenter()
        try await s.run("TiltTo", 0)
        #expect((try await s.trueCenter() - tilted).length < 0.6)
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SetTiltAxisOffset", 30) }
    }

    @Test func theStageDriftsAfterAMoveAndComesToRest() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.run("MoveStageTo", 300, 200)
        let first = try await s.trueCenter()
        let early = (try await s.trueCenter() - first).length
        try await s.run("Delay", 300, "s")
        let rest = try await s.trueCenter()
        let late = (try await s.trueCenter() - rest).length
        #expect(early > 0.0015 && early < 0.02)
        #expect(late < 1e-4)
        #expect((rest - first).length > 0.01 && (rest - first).length < 0.1)
    }

    @Test func theDriftIsSeenInSuccessiveImages() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        func shift() async throws -> Double {
            try await s.run("R")
            try await s.run("AlignTo", "B", 1)
            let pixels = try await s.numbers("ReportAlignShift")
            return SIMD2(pixels[0], pixels[1]).length
        }
        try await s.run("SetMag", 33000)
        try await s.run("R")
        try await s.run("Delay", 20, "s")
        let early = try await shift()
        try await s.run("Delay", 300, "s")
        try await s.run("R")
        try await s.run("Delay", 20, "s")
        #expect(early > 8)
        #expect(try await shift() < 4)
    }

    @Test func backlashIsTakenUpWithImagesAndLetsTheStageRelax() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        let before = try await s.numbers("ReportStageXYZ")
        try await s.run("BacklashAdjust")
        #expect(await s.microscope.exposureLog().count == 2)
        let after = try await s.numbers("ReportStageXYZ")
        #expect(abs(after[0] - before[0]) < 0.05 && abs(after[1] - before[1]) < 0.05)
        let events = await s.microscope.eventLog().count
        try await s.run("RelaxStage")
        #expect(await s.microscope.eventLog().count == events + 1)
        try await s.run("MoveStage", 3, 3)
        let moved = await s.microscope.eventLog().count
        // A plain move leaves the backlash unknown, and relaxing is only a line in the log.
        try await s.run("RelaxStage")
        #expect(await s.microscope.eventLog().count == moved)
    }

    @Test func aRelaxedStageDriftsLess() async throws {
        func drift(_ command: String) async throws -> Double {
            let s = try await Scenario()
            try await s.loadGrid()
            try await s.run(command, 60, 60)
            let first = try await s.trueCenter()
            try await s.run("Delay", 300, "s")
            return (try await s.trueCenter() - first).length
        }
        #expect(try await drift("TestRelaxingStage") < 0.6 * drift("MoveStage"))
    }
}
