import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct BeamPositionTests {
    @Test func aBeamThatIsMovedAwayLeavesPartOfTheImageDark() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        func mean() async throws -> Double {
            try await s.run("R")
            return try await s.numbers("ReportMeanCounts", "A")[0]
        }
        let lit = try await mean()
        try await s.run("MoveBeamByFieldFraction", 0.9, 0)
        let half = try await mean()
        try await s.run("MoveBeamByMicrons", 20, 0)
        let dark = try await mean()
        #expect(half < 0.8 * lit && half > 0.1 * lit)
        #expect(dark < 0.02 * lit)
        try await s.run("SetBeamShift", 0, 0)
        #expect(abs(try await mean() / lit - 1) < 0.03)
    }

    @Test func aBeamThatIsMovedAwayGivesItsDoseWhereItIs() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.run("MoveBeamByMicrons", 20, 0)
        try await s.run("R")
        #expect(try #require(await s.microscope.exposureLog().last).accumulatedDose == 0)
    }

    @Test func aLongExposureLeavesADarkSpot() async throws {
        let s = try await Scenario()
        try await s.loadGrid()
        try await s.goToLamella()
        func mean() async throws -> Double {
            try await s.run("R")
            return try await s.numbers("ReportMeanCounts", "A")[0]
        }
        let fresh = try await mean()
        try await s.run("SetExposure", "T", 100)
        try await s.run("T")
        let used = try await mean()
        #expect(used < 0.975 * fresh && used > 0.9 * fresh)
    }

    @Test func aSavedBeamTiltComesBackOnce() async throws {
        let s = try await Scenario()
        try await s.run("SetBeamTilt", 1.5, -0.5)
        await #expect(throws: Scenario.Refusal.self) { try await s.run("RestoreBeamTilt") }
        try await s.run("SaveBeamTilt")
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SaveBeamTilt") }
        try await s.run("SetBeamTilt", 4, 4)
        try await s.run("RestoreBeamTilt")
        #expect(try await s.numbers("ReportBeamTilt") == [1.5, -0.5])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("RestoreBeamTilt") }
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SetBeamTilt", 900, 0) }
    }

    @Test func theBeamTiltFollowsTheImageShiftUntilControlEnds() async throws {
        let s = try await Scenario()
        try await s.run("SetBeamTilt", 1, 1)
        try await s.run("SetImageShift", 10, 0)
        try await s.run("AdjustBeamTiltforIS")
        let coma = try await s.numbers("ReportComaVsISmatrix")
        let tilt = try await s.numbers("ReportBeamTilt")
        #expect(abs(tilt[0] - 1 - 10 * coma[0]) < 1e-9 && abs(tilt[1] - 1 - 10 * coma[2]) < 1e-9)
        try await s.run("ImageShiftByUnits", -10, 0, 1, 1)
        #expect(abs(try await s.numbers("ReportBeamTilt")[0] - 1) < 1e-9)
        try await s.run("SetImageShift", 5, 5, 1, 1)
        #expect(try await s.numbers("ReportBeamTilt")[0] > 1.01)
        try await s.run("Exit")
        _ = await s.microscope.beginControl()
        #expect(try await s.numbers("ReportBeamTilt") == [1, 1])
    }

    @Test func aJEOLColumnGivesBeamTiltInPercent() async throws {
        let s = try await Scenario { $0.kind = .jeol }
        try await s.run("SetBeamTilt", 10, 0)
        #expect(try await s.numbers("ReportBeamTilt") == [10, 0])
        // 60 percent are 12 mrad, which a Thermo column would take as 60 mrad and refuse.
        try await s.run("SetBeamTilt", 60, 0)
        let thermo = try await Scenario()
        await #expect(throws: Scenario.Refusal.self) { try await thermo.run("SetBeamTilt", 60, 0) }
    }

    @Test func theStigmatorGoesFromMinusOneToOne() async throws {
        let s = try await Scenario()
        try await s.run("SetObjectiveStigmator", 0.25, -1)
        #expect(try await s.numbers("ReportObjectiveStigmator") == [0.25, -1])
        await #expect(throws: Scenario.Refusal.self) { try await s.run("SetObjectiveStigmator", 1.2, 0) }
    }
}
