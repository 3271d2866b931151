import Foundation
import ImageFiles
import Logging
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// What goes wrong at the microscope and with its files on demand.
@Suite struct MicroscopeFaultTests {
    @Test func theSecondExposureIsBlank() async throws {
        try await withFaults(#"{"kind": "blankImage", "when": {"after": 1}}"#) { stand in
            let sem = try await stand.connect()
            try await loadFirstGrid(sem)
            for blank in [false, true, false] {
                try await sem.record()
                let image = try #require(try await sem.bufferImage("A"))
                #expect(image.samples().allSatisfy { $0 == 0 } == blank)
            }
            await sem.close()
        }
    }

    @Test func aMontageLacksOnePiece() async throws {
        try await withFaults(#"{"kind": "missingPiece", "when": {"after": 2}}"#) { stand in
            let sem = try await stand.connect()
            try await loadFirstGrid(sem)
            try await sem.openNavigator("\(stand.folder)/g.nav")
            #expect(try await sem.goToImagingState("1") == 0)
            try await sem.setupFullMontage(overlap: 0.1, file: "\(stand.folder)/g.mrc")
            let count = try await sem.reportNumMontagePieces()
            try await sem.montage()
            let pieces = try Mdoc.read("\(stand.folder)/g.mrc.mdoc").pieces
            #expect(count > 3)
            #expect(pieces.count == count - 1)
            #expect(try MRCFile.header("\(stand.folder)/g.mrc").sections == count - 1)
            await sem.close()
        }
    }

    @Test func theStageStaysShortAndSaysSo() async throws {
        try await withFaults(#"{"kind": "stageShort", "micrometers": 5, "when": {"after": 1}}"#) { stand in
            let sem = try await stand.connect()
            for (target, end) in [(30.0, 30.0), (60, 55), (90, 90)] {
                try await sem.moveStageTo(x: Micrometers(target), y: Micrometers(0))
                #expect(abs(try await sem.reportStageXYZ().x.value - end) < 0.1)
            }
            await sem.close()
        }
    }

    @Test func aCartridgeJamsAndCanBeLoadedLater() async throws {
        try await withFaults(#"{"kind": "jam"}"#) { stand in
            let sem = try await stand.connect()
            let error = await #expect(throws: SerialEMError.self) { try await sem.loadCartridge(1) }
            #expect(error?.code == .commandFailed)
            #expect(error?.reportedText?.contains("jammed") == true)
            #expect(try await sem.reportSlotStatus(1).state == .occupied)
            try await sem.loadCartridge(1)
            await sem.close()
        }
    }

    @Test func withMessageBoxesOnAFailedTaskEndsControlAsStopDoes() async throws {
        try await withFaults(#"{"kind": "jam"}"#) { stand in
            let sem = try await stand.connect()
            try await sem.noMessageBoxOnError(false)
            let error = await #expect(throws: SerialEMError.self) { try await sem.loadCartridge(1) }
            #expect(error?.code == .stopped)
            #expect(try await stand.ask("GET", "/status").contains(#""control": "idle""#))
        }
    }

    @Test func aSlotThatFailsEndsControlAsAnyFailedTaskDoes() async throws {
        try await withFaults { stand in
            let sem = try await stand.connect()
            try await sem.noMessageBoxOnError(false)
            let error = await #expect(throws: SerialEMError.self) { try await sem.loadCartridge(12) }
            #expect(error?.code == .stopped)
            #expect(try await stand.ask("GET", "/status").contains(#""control": "idle""#))
            await sem.close()
            let again = try await stand.connect()
            let refused = await #expect(throws: SerialEMError.self) { try await again.loadCartridge(12) }
            #expect(refused?.code == .commandFailed)
            #expect(refused?.reportedText?.contains("could not be taken") == true)
            #expect(try await again.reportTiltAngle().value == 0)
            await again.close()
        }
    }

    @Test func badVacuumClosesTheValveDarkensImagesAndGoesAway() async throws {
        try await withFaults(#"{"kind": "vacuum", "seconds": 300, "when": {"command": "R", "after": 1}}"#) { stand in
            let sem = try await stand.connect()
            try await loadFirstGrid(sem)
            func counts() async throws -> Double {
                try await sem.record()
                return try await sem.reportMeanCounts("A")
            }
            let bright = try await counts()
            let dark = try await counts()
            #expect(dark < 0.1 * bright)
            #expect(try await sem.reportColumnOrGunValve() == .closed)
            #expect(try await sem.number("ReportVacuumStatus") == 2)
            await #expect(throws: SerialEMError.self) { try await sem.setColumnOrGunValve(open: true) }
            await #expect(throws: SerialEMError.self) { try await sem.eucentricity(1) }
            try await sem.delay(Seconds(320))
            #expect(try await sem.number("ReportVacuumStatus") == 1)
            try await sem.setColumnOrGunValve(open: true)
            #expect(try await counts() > 0.9 * bright)
            try await sem.delay(Seconds(600))
            #expect(try await sem.number("ReportVacuumStatus") == 0)
            await sem.close()
        }
    }

    @Test func aSmallLeakShowsAtTheGaugesOnly() async throws {
        try await withFaults(#"{"kind": "vacuum", "severity": 1, "when": {"command": "SetColumnOrGunValve"}}"#) { stand in
            let sem = try await stand.connect()
            try await sem.setColumnOrGunValve(open: true)
            #expect(try await sem.number("ReportVacuumStatus") == 1)
            #expect(try await sem.reportColumnOrGunValve() == .open)
            await sem.close()
        }
    }

    @Test func aFullDiskKeepsTheImageInItsBuffer() async throws {
        try await withFaults(#"{"kind": "diskFull"}"#) { stand in
            let sem = try await stand.connect()
            try await sem.record()
            try await sem.openNewFile("\(stand.folder)/a.mrc")
            let error = await #expect(throws: SerialEMError.self) { try await sem.save() }
            #expect(error?.reportedText?.contains("not enough space on the disk") == true)
            try await sem.save()
            #expect(try MRCFile.header("\(stand.folder)/a.mrc").sections == 1)
            await sem.close()
        }
    }

    @Test(arguments: [true, false])
    func afterACrashTheColumnStaysAndTheMemoryIsLost(overTheControlPort: Bool) async throws {
        let fault = #"{"kind": "crash", "seconds": 0, "when": {"command": "ReportTiltAngle"}}"#
        try await withFaults(overTheControlPort ? "[]" : fault) { stand in
            let sem = try await stand.connect()
            try await sem.loadCartridge(1)
            try await sem.openNavigator("\(stand.folder)/g.nav")
            _ = try await sem.addStagePosAsNavPoint(x: Micrometers(1), y: Micrometers(2), z: Micrometers(3))
            try await sem.saveNavigator()
            _ = try await sem.addStagePosAsNavPoint(x: Micrometers(4), y: Micrometers(5), z: Micrometers(6))
            _ = try await sem.setLowDoseMode(true)
            try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            try await sem.record()
            try await sem.openNewFile("\(stand.folder)/a.mrc")
            try await sem.setPersistentVar("v", "1")
            if overTheControlPort {
                #expect(try await stand.ask("POST", "/crash", #"{"seconds": 0}"#).hasPrefix("HTTP/1.1 200"))
                while sem.isOpen { await Task.yield() }
            } else {
                let error = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
                #expect(error?.code == .connectionLost)
            }
            let again = try await Self.reconnect(stand)
            #expect(try await again.reportNumTableItems() == 1)
            #expect(try await again.reportLowDose().isOn == false)
            #expect(try await again.bufferImage("A") == nil)
            #expect(try await again.reportFileNumber() == nil)
            await #expect(throws: SerialEMError.self) { try await again.getVariable("v") }
            #expect(abs(try await again.reportStageXYZ().x.value - 40) < 0.1)
            #expect(try await again.reportLoadedSlot() == 1)
            await again.close()
        }
    }

    @Test func thePortIsClosedWhileSerialEMIsAway() async throws {
        try await withFaults(#"{"kind": "crash", "seconds": 86400, "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            let error = await #expect(throws: SerialEMError.self) { _ = try await stand.connect() }
            #expect(error?.code == .unreachable || error?.code == .connectionLost)
            #expect(try await stand.ask("POST", "/crash").contains("SerialEM is away already."))
        }
    }

    /// SerialEM takes a moment to come back.
    private static func reconnect(_ stand: FaultStand) async throws -> SerialEMConnection {
        for _ in 0 ..< 200 {
            if let connection = try? await stand.connect() { return connection }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try await stand.connect()
    }
}
