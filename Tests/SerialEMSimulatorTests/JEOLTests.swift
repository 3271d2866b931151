import SerialEMProtocol
import SerialEMSimulator
import Testing

/// What a JEOL tells of its surroundings otherwise than a Thermo, or not at all.
@Suite struct JEOLTests {
    private func jeol() async throws -> Scenario { try await Scenario { $0.kind = .jeol } }

    @Test func tanksAreRefilledOneByOne() async throws {
        let s = try await jeol()
        #expect(try await s.numbers("AreDewarsFilling") == [0])
        let stage = try await s.numbers("RefrigerantLevel", 1)[0]
        let transfer = try await s.numbers("RefrigerantLevel", 2)[0]
        #expect(try await s.numbers("RefrigerantLevel", 0) == [min(stage, transfer)])
        try await s.run("LongOperation", "RT", "0")
        #expect(try await s.numbers("RefrigerantLevel", 1)[0] < stage)
        #expect(try await s.numbers("RefrigerantLevel", 2)[0] > 0.94)
        try await s.run("LongOperation", "RS", "0")
        #expect(try await s.numbers("RefrigerantLevel", 0)[0] > 0.9)
        await #expect(throws: Scenario.Refusal.self) { try await s.run("RefrigerantLevel", 3) }
    }

    @Test func theTanksThatAreFilledAreBitsOfANumber() async throws {
        let s = try await jeol()
        try await s.run("LongOperation", "RT", "0")
        let left = try await s.numbers("DewarsRemainingTime")[0]
        try await s.run("Delay", .number(left + 60), "s")
        #expect(try await s.numbers("AreDewarsFilling") == [1])
        #expect(try await s.numbers("DewarsRemainingTime") == [0])
        try await s.run("ManageDewarsAndPumps")
        #expect(try await s.numbers("AreDewarsFilling") == [0])
    }

    @Test("What a Thermo has and a JEOL has not is refused", arguments: [
        ("IsPVPRunning", []), ("IsFEGFlashingAdvised", [0]), ("NextFEGFlashHighTemp", []), ("ReportFEGBeamCurrent", []),
        ("LongOperation", ["Re", "0"]), ("LongOperation", ["Bu", "0"]), ("LongOperation", ["Un"]), ("UnloadCartridge", []),
        ("ReportVacuumGauge", ["IGPco"]), ("SetAlpha", [9]),
    ] as [(String, [Argument])])
    func refused(name: String, arguments: [Argument]) async throws {
        let s = try await jeol()
        let code = try #require(FunctionCodes.definition(named: name)).code
        let reply = await s.microscope.perform(CommandRequest(code: code, arguments: arguments))
        #expect(reply.status == .failed)
        #expect(reply.failureMessage?.contains(name) == true)
    }

    @Test func theGunIsSwitchedAndWithoutEmissionImagesAreDark() async throws {
        let s = try await jeol()
        try await s.run("LongOperation", "In")
        try await s.loadGrid()
        try await s.run("R")
        let bright = try await s.numbers("ReportMeanCounts", "A")[0]
        #expect(try await s.numbers("ReportFEGEmissionState") == [1])
        try await s.run("SetFEGEmissionState", 0)
        #expect(try await s.numbers("ReportFEGEmissionState") == [0])
        #expect(try await s.numbers("ReportColumnOrGunValve") == [-1])
        try await s.run("R")
        #expect(try await s.numbers("ReportMeanCounts", "A")[0] < 0.1 * bright)
        try await s.run("SetFEGEmissionState", 1)
        #expect(try await s.numbers("ReportColumnOrGunValve") == [1])
    }

    @Test func gaugesReadAFractionAndSayWhetherTheyAreReady() async throws {
        let s = try await jeol()
        let rest = try await s.numbers("ReportVacuumGauge", "Pen1")
        #expect(rest[0] == 3 && (0 ... 1).contains(rest[1]))
        try await s.run("LongOperation", "In")
        try await s.run("LoadCartridge", 1)
        let after = try await s.numbers("ReportVacuumGauge", "Pen1")
        #expect(after[0] == 0 && after[1] > rest[1])
        #expect(try await s.numbers("ReportVacuumStatus") == [1])
        try await s.run("Delay", 600, "s")
        #expect(try await s.numbers("ReportVacuumStatus") == [0])
    }

    @Test func alphaWidensTheCone() async throws {
        let s = try await jeol()
        #expect(try await s.numbers("ReportAlpha") == [3])
        try await s.run("SetAlpha", 5)
        #expect(try await s.numbers("ReportAlpha") == [5])
        await #expect(throws: Scenario.Refusal.self) { try await Scenario().run("ReportAlpha") }
    }

    @Test func aCartridgeThatCameBackIsInTheStorage() async throws {
        let s = try await jeol()
        try await s.run("LongOperation", "In")
        try await s.run("LoadCartridge", 2)
        try await s.run("UnloadCartridge")
        #expect(try await s.run("ReportSlotStatus", 2)[1] == .number(2))
        try await s.run("LongOperation", "In")
        #expect(try await s.run("ReportSlotStatus", 2)[1] == .number(1))
    }
}
