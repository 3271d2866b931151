import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// Focus shows in the images, and what is measured in them follows it.
@Suite struct FocusTests {
    @Test func theRingsOfARecordTellItsDefocus() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            for defocus in [-3.0, -6] {
                try await sem.run("SetDefocus", .number(defocus))
                try await sem.record()
                let fit = try await sem.numbers("CtfFind", .text("A"), .number(-1), .number(-10))
                #expect(fit.count == 6)
                #expect(abs(fit[0] - defocus) < 0.5)
                #expect(fit[4] > 0.5)
                #expect((3.0 ... 20).contains(fit[5]))
                let plotted = try await sem.numbers("Ctfplotter", .text("A"), .number(-1), .number(-10))
                #expect(plotted.count == 6 && plotted[0] == fit[0])
            }
        }
    }

    @Test func theStigmatorMakesTheRingsElliptic() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetDefocus", .number(-4))
            try await sem.run("CorrectAstigmatism")
            try await sem.record()
            let round = try await sem.numbers("CtfFind", .text("A"), .number(-1), .number(-10))
            let stigmator = try await sem.numbers("ReportObjectiveStigmator")
            try await sem.run("SetObjectiveStigmator", .number(stigmator[0] + 0.1), .number(stigmator[1]))
            try await sem.record()
            let elliptic = try await sem.numbers("CtfFind", .text("A"), .number(-1), .number(-10))
            #expect(round[1] < 0.25)
            #expect(abs(elliptic[1] - 0.8) < 0.25)
            // Along the camera's x.
            #expect(min(elliptic[2].magnitude, 180 - elliptic[2].magnitude) < 15)
        }
    }

    @Test func withoutRingsThereIsNoFit() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetBeamBlank", .integer(1))
            try await sem.record()
            #expect(try await sem.refuses("CtfFind", .text("A"), .number(-1), .number(-10)))
            #expect(try await sem.numbers("Ctfplotter", .text("A"), .number(-1), .number(-10)) == [1, 1])
            #expect(try await sem.refuses("CtfFind", .text("A"), .number(1), .number(10)))
        }
    }

    @Test func autofocusSaysWhyItFailed() async throws {
        try await withSimulator { sem, _, folder in
            #expect(try await sem.refuses("ReportFocusDrift"))
            try await sem.goToLamella(folder)
            try await sem.setTargetDefocus(Micrometers(-4))
            try await sem.run("FocusChangeLimits", .number(-0.5), .number(0.5))
            try await sem.autoFocus()
            #expect(try await sem.numbers("ReportAutoFocus")[1] == 3)
            #expect(try await sem.number("ReportDefocus") == 0)
            try await sem.run("FocusChangeLimits", .number(-50), .number(50))
            try await sem.autoFocus()
            #expect(try await sem.numbers("ReportAutoFocus")[1] == 0)
            #expect(try await sem.numbers("ReportFocusDrift").count == 2)
            try await sem.run("SetBeamBlank", .integer(1))
            try await sem.autoFocus()
            #expect(try await sem.numbers("ReportAutoFocus") == [0, -1])
            #expect(try await sem.refuses("G", .integer(1), .integer(9)))
        }
    }

    @Test func autofocusIsInconsistentWhereNothingGetsThrough() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            // A lamella is surrounded by heaped cells and platinum.
            let lamella = try firstGoodLamella(folder, slot: 1)
            try await sem.moveStageTo(x: lamella.x + Micrometers(10.5), y: lamella.y, z: lamella.z)
            try await sem.autoFocus(-1)
            #expect(try await sem.numbers("ReportAutoFocus")[1] == 1)
        }
    }

    @Test func theLensKeepsItsFocusWhenTheReadoutIsReset() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetDefocus", .number(-7))
            let absolute = try await sem.number("ReportFocus")
            try await sem.run("ResetDefocus")
            #expect(try await sem.number("ReportDefocus") == 0)
            #expect(abs(try await sem.number("ReportAbsoluteFocus") - absolute) < 1e-12)
            try await sem.run("SetEucentricFocus")
            #expect(try await sem.number("ReportFocus") == 0.5)
            try await sem.run("SetAbsoluteFocus", .number(absolute))
            #expect(abs(try await sem.number("ReportDefocus") + 7) < 1e-6)
        }
    }

    @Test func comaIsMeasuredAndCorrected() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            #expect(try await sem.refuses("ReportComaTiltNeeded"))
            try await sem.run("FixComaByCTF", .integer(1))
            let needed = try await sem.numbers("ReportComaTiltNeeded")
            #expect(needed[0].magnitude + needed[1].magnitude > 0.2)
            try await sem.run("FixComaByCTF")
            try await sem.run("FixComaByCTF", .integer(1))
            let left = try await sem.numbers("ReportComaTiltNeeded")
            #expect(left[0].magnitude < 0.15 && left[1].magnitude < 0.15)
        }
    }

    @Test func driftIsWaitedFor() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            #expect(try await sem.refuses("GetWaitTaskDrift"))
            try await sem.run("DriftWaitTask", .number(0.5), .text("nm"), .number(300), .number(10))
            let waited = try await sem.numbers("GetWaitTaskDrift")
            #expect(waited[0] <= 0.5 && waited[1] == 0)
            try await sem.run("DriftWaitTask", .number(0.01), .text("nm"), .number(20), .number(10))
            #expect(try await sem.numbers("GetWaitTaskDrift")[1] == 1)
        }
    }
}
