import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// Vacuum, nitrogen and gun change with the time of the simulated night.
@Suite struct SurroundingsTests {
    @Test func dewarsRunLowAndARefillTakesTime() async throws {
        try await withSimulator { sem, _, _ in
            let full = try await sem.number("RefrigerantLevel", .integer(1))
            let left = try await sem.number("DewarsRemainingTime")
            #expect(left > 3600)
            try await sem.run("Delay", .number(left - 1200), .text("s"))
            #expect(try await sem.number("RefrigerantLevel", .integer(1)) < full)
            #expect(try await sem.number("AreDewarsFilling") == 0)
            try await sem.run("Delay", .number(1500), .text("s"))
            #expect(try await sem.number("AreDewarsFilling") == 1)
            let before = try await sem.number("ReportTickTime")
            try await sem.run("ManageDewarsAndPumps")
            #expect(try await sem.number("AreDewarsFilling") == 0)
            #expect(try await sem.number("ReportTickTime") - before > 300)
            #expect(try await sem.number("RefrigerantLevel", .integer(1)) > 0.9)
            #expect(try await sem.refuses("RefrigerantLevel", .integer(7)))
        }
    }

    @Test func aRefillThatIsDueSoonIsDoneWhenDewarsAreManaged() async throws {
        try await withSimulator { sem, _, _ in
            let left = try await sem.number("DewarsRemainingTime")
            try await sem.run("Delay", .number(left - 300), .text("s"))
            try await sem.run("ManageDewarsAndPumps", .integer(1))
            #expect(try await sem.number("DewarsRemainingTime") > 36_000)
        }
    }

    @Test func thePumpRunsNowAndThenAndIsWaitedFor() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.number("IsPVPRunning") == 0)
            try await sem.run("Delay", .number(4900), .text("s"))
            #expect(try await sem.number("IsPVPRunning") == 1)
            try await sem.run("ManageDewarsAndPumps")
            #expect(try await sem.number("IsPVPRunning") == 0)
        }
    }

    @Test func longOperationsRememberWhenTheyWereDone() async throws {
        try await withSimulator { sem, _, _ in
            let start = try await sem.number("ReportTickTime")
            #expect(try await sem.numbers("LongOperation", .text("Re"), .text("0")) == [0, 0])
            #expect(try await sem.number("ReportTickTime") - start >= 900)
            // Not again within the hours.
            let second = try await sem.number("ReportTickTime")
            #expect(try await sem.numbers("LongOperation", .text("Refill"), .text("2")) == [0, 0])
            #expect(try await sem.number("ReportTickTime") - second < 1)
            try await sem.run("Delay", .number(3600), .text("s"))
            #expect(abs(try await sem.number("LongOperation", .text("Re"), .text("-2")) - 1) < 0.01)
            #expect(try await sem.refuses("LongOperation", .text("Xy"), .text("0")))
            #expect(try await sem.refuses("LongOperation", .text("RS"), .text("0")))
        }
    }

    @Test func theTipIsFlashedWhenItIsAdvised() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.number("IsFEGFlashingAdvised", .integer(0)) == 0)
            let fresh = try await sem.number("ReportFEGBeamCurrent")
            try await sem.run("Delay", .number(30_000), .text("s"))
            #expect(try await sem.number("IsFEGFlashingAdvised", .integer(0)) == 1)
            #expect(try await sem.number("ReportFEGBeamCurrent") < fresh)
            try await sem.run("NextFEGFlashHighTemp")
            try await sem.run("LongOperation", .text("FF"), .text("0"))
            #expect(try await sem.number("IsFEGFlashingAdvised", .integer(0)) == 0)
            #expect(try await sem.number("ReportFEGBeamCurrent") >= fresh)
        }
    }

    @Test func gaugesAreReadByName() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.number("ReportVacuumStatus") == 0)
            let gauge = try await sem.numbers("ReportVacuumGauge", .text("IGPco"))
            #expect(gauge.count == 2 && gauge[0] == 4 && gauge[1] > 0 && gauge[1] < 1e-4)
            #expect(try await sem.refuses("ReportVacuumGauge", .text("P99")))
        }
    }

    @Test(arguments: ["ReportFilamentCurrent", "SimpleOriginStatus", "ReportFEGEmissionState", "ReportAlpha", "ReportPhasePlatePos"])
    func whatThisMicroscopeDoesNotHaveIsRefused(name: String) async throws {
        try await withSimulator { sem, _, _ in
            let isRefused = try await sem.refuses(name)
            #expect(isRefused)
        }
    }
}
