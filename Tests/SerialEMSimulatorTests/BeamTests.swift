import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// What keeps electrons from the camera makes a dark image.
@Suite struct BeamTests {
    @Test(arguments: [
        (off: "SetBeamBlank", 1, on: "SetBeamBlank", 0), (off: "SetColumnOrGunValve", 0, on: "SetColumnOrGunValve", 1),
    ])
    func aClosedBeamMakesADarkImageAndGivesNoDose(off: String, offValue: Int, on: String, onValue: Int) async throws {
        try await withSimulator { sem, server, folder in
            try await sem.goToLamella(folder)
            let bright = try await sem.meanOfRecord()
            try await sem.run(off, .integer(offValue))
            #expect(try await sem.meanOfRecord() < 0.02 * bright)
            #expect(await server.microscope.exposureLog().last?.dose == 0)
            try await sem.run(on, .integer(onValue))
            #expect(try await sem.meanOfRecord() > 0.5 * bright)
        }
    }

    @Test func aShotRaisesTheScreenFirst() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            let bright = try await sem.meanOfRecord()
            #expect(try await sem.number("ReportScreenCurrent") == 0)
            for letter in ["R", "V", "T"] {
                try await sem.run("ScreenDown")
                #expect(try await sem.number("ReportScreen") == 1)
                #expect(try await sem.number("ReportScreenCurrent") > 0)
                try await sem.run(letter)
                #expect(try await sem.number("ReportScreen") == 0)
            }
            try await sem.run("ScreenDown")
            #expect(try await sem.meanOfRecord() > 0.5 * bright)
        }
    }

    @Test func aSlitOffTheZeroLossPeakMakesADarkImage() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            let bright = try await sem.meanOfRecord()
            try await sem.run("SetSlitWidth", .number(10))
            try await sem.run("SetEnergyLoss", .number(100))
            #expect(try await sem.numbers("ReportEnergyFilter") == [10, 100, 1])
            #expect(try await sem.meanOfRecord() < 0.05 * bright)
            try await sem.run("SetSlitIn", .integer(0))
            #expect(try await sem.meanOfRecord() > 0.5 * bright)
            try await sem.run("SetSlitIn")
            #expect(try await sem.numbers("RefineZLP", .number(0)) == [0])
            #expect(try await sem.meanOfRecord() > 0.5 * bright)
        }
    }

    @Test func theFilterDriftsUntilItIsRefined() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetSlitWidth", .number(3))
            let bright = try await sem.meanOfRecord()
            try await sem.run("Delay", .number(13_000), .text("s"))
            #expect(try await sem.meanOfRecord() < 0.3 * bright)
            try await sem.run("RefineZLP", .number(60))
            #expect(try await sem.meanOfRecord() > 0.6 * bright)
            // Skipped within the interval, and then nothing is reported.
            #expect(try await sem.numbers("RefineZLP", .number(60)) == [])
        }
    }

    @Test func withoutABeamTheZeroLossPeakIsNotFound() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetBeamBlank", .integer(1))
            #expect(try await sem.refuses("RefineZLP"))
            #expect(try await sem.numbers("RefineZLP", .number(0), .integer(0), .integer(0), .integer(1)) == [1])
        }
    }

    @Test(arguments: [("SetSlitWidth", 0.5), ("SetSlitWidth", 500), ("SetEnergyLoss", 99999), ("SetSpotSize", 0), ("SetSpotSize", 40),
        ("SetEDMDutyPercent", 0.2), ("SetBeamSize", 5000), ("ChangeIntensityBy", -1), ("SetMag", 777), ("SetMagIndex", 99),
        ("SetCamLenIndex", 99), ("SetDefocus", 9000), ("ChangeFocus", 0), ("SetTargetDefocus", 60), ("NormalizeLenses", 0)])
    func whatTheColumnCannotDoIsRefused(name: String, value: Double) async throws {
        let whole = ["SetSpotSize", "SetMagIndex", "SetCamLenIndex", "NormalizeLenses"].contains(name)
        try await withSimulator { sem, _, _ in
            let isRefused = try await sem.refuses(name, whole ? .integer(Int(value)) : .number(value))
            #expect(isRefused)
        }
    }

    @Test func aWiderBeamIsADimmerOne() async throws {
        try await withSimulator { sem, server, folder in
            try await sem.goToLamella(folder)
            let before = try await sem.number("ReportIlluminatedArea")
            let bright = try await sem.meanOfRecord()
            try await sem.run("SetIlluminatedArea", .number(2 * before))
            #expect(abs(try await sem.number("ReportIlluminatedArea") - 2 * before) < 1e-9)
            #expect(abs(try await sem.meanOfRecord() / bright - 0.25) < 0.02)
            // Micrometres here, for the property says so.
            #expect(abs(try await sem.number("ReportPercentC2") - 200 * before) < 1e-6)
            try await sem.run("ChangeIntensityBy", .number(4))
            #expect(abs(try await sem.number("ReportIlluminatedArea") - before) < 1e-9)
            let doses = await server.microscope.exposureLog().map(\.dose)
            #expect(abs(doses[0] / doses[1] - 4) < 0.01)
        }
    }

    @Test func spotModulatorAndCondenserApertureChangeTheCurrent() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            let bright = try await sem.meanOfRecord()
            try await sem.run("SetSpotSize", .integer(8))
            #expect(try await sem.number("ReportSpotSize") == 8)
            #expect(abs(try await sem.meanOfRecord() / bright - 1 / 2.56) < 0.03)
            try await sem.run("SetSpotSize", .integer(6))
            try await sem.run("SetEDMDutyPercent", .number(50))
            #expect(abs(try await sem.meanOfRecord() / bright - 0.5) < 0.03)
            try await sem.run("SetEDMDutyPercent", .number(100))
            try await sem.run("SetApertureSize", .integer(1), .integer(30))
            #expect(abs(try await sem.meanOfRecord() / bright - 0.36) < 0.03)
        }
    }

    @Test func theIntensityIsSetForAMean() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            let bright = try await sem.meanOfRecord()
            try await sem.run("SetIntensityForMean", .number(bright / 2))
            #expect(abs(try await sem.meanOfRecord() / bright - 0.5) < 0.03)
            try await sem.run("SetDoseRate", .number(10))
            try await sem.record()
            let size = try await sem.imageProperties("A")
            #expect(size.width == 1440)
            #expect(abs(try await sem.meanOfA() / 20 - 10) < 0.5)
        }
    }

    @Test func theObjectiveApertureLimitsTheFieldAtLowMagnification() async throws {
        try await withSimulator { sem, _, _ in
            try await loadFirstGrid(sem)
            #expect(try await sem.goToImagingState("1") == 0)
            let open = try await sem.meanOfRecord()
            try await sem.setApertureSize(number: 2, size: 100)
            #expect(try await sem.meanOfRecord() < 0.2 * open)
            try await sem.run("RemoveAperture", .integer(2))
            #expect(try await sem.number("ReportApertureSize", .integer(2)) == 0)
            #expect(try await sem.meanOfRecord() > 0.8 * open)
            try await sem.run("ReInsertAperture", .integer(2))
            #expect(try await sem.number("ReportApertureSize", .integer(2)) == 100)
        }
    }

    @Test func aperturesThatAreNotMountedAreRefused() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.refuses("SetApertureSize", .integer(2), .integer(77)))
            #expect(try await sem.refuses("SetApertureSize", .integer(9), .integer(50)))
            #expect(try await sem.refuses("ReportApertureSize", .integer(9)))
            #expect(try await sem.number("ReportApertureSize", .text("Objective")) == 70)
            try await sem.run("SetApertureSize", .text("C"), .integer(150))
            #expect(try await sem.number("ReportApertureSize", .integer(1)) == 150)
        }
    }

    @Test func diffractionIsLeftByAMagnification() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetCamLenIndex", .integer(4))
            #expect(try await sem.number("ReportCameraLength") == 0.58)
            try await sem.run("SetMag", .number(53_000))
            #expect(try await sem.number("ReportCameraLength") == 0)
            #expect(try await sem.numbers("ReportMag") == [53_000, 0, 1])
            try await sem.run("ChangeMag", .integer(-1))
            #expect(try await sem.numbers("ReportMagIndex") == [26, 0])
        }
    }
}
