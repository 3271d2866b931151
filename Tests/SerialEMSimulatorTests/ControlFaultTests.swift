import Foundation
import Logging
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// Busy, STOP, dialogs, errors: what SerialEM says when it does not do what it was asked for.
@Suite struct ControlFaultTests {
    @Test func busyForTwoRequestsIsRefusedTwice() async throws {
        try await withFaults(#"{"kind": "busy", "when": {"times": 2}}"#) { stand in
            let sem = try await SerialEMConnection.connect(host: "127.0.0.1", port: stand.port, logger: Logger(label: "test"))
            #expect(try await sem.okToRun() == false)
            let error = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            #expect(error?.code == .busy)
            #expect(error?.mayHaveBeenExecuted == false)
            #expect(try await sem.okToRun())
            await sem.close()
        }
    }

    @Test func busyForATimeRefusesAllUntilItEnds() async throws {
        try await withFaults(#"{"kind": "busy", "seconds": 3600, "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            for _ in 0 ..< 3 {
                let error = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
                #expect(error?.code == .busy)
            }
            let error = await #expect(throws: SerialEMError.self) { try await sem.reportStageXYZ() }
            #expect(error?.code == .busy)
            stand.server.microscope.faults.removeAll()
            #expect(try await sem.reportTiltAngle().value == 0)
            await sem.close()
        }
    }

    @Test func stopDuringACommandEndsControlAndTheNextRequestUsesItUp() async throws {
        // At the speed of life: only the STOP can end this delay within the test.
        try await withFaults(timeScale: 1) { stand in
            let sem = try await stand.connect()
            let outcome = Task { try await sem.delay(Seconds(86_000)) }
            while try await !stand.ask("GET", "/status").contains(#""running": "Delay""#) { await Task.yield() }
            #expect(try await stand.ask("POST", "/stop").contains("Delay is stopped."))
            let stopped = await #expect(throws: SerialEMError.self) { try await outcome.value }
            #expect(stopped?.code == .stopped)
            #expect(stopped?.mayHaveBeenExecuted == true)
            let pending = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            #expect(pending?.code == .stopped)
            #expect(pending?.mayHaveBeenExecuted == false)
            #expect(try await sem.reportTiltAngle().value == 0)
            await sem.close()
        }
    }

    @Test func stopByListKeepsAnExposureFromBeingTaken() async throws {
        try await withFaults(#"{"kind": "stop", "when": {"command": "R", "after": 1}}"#) { stand in
            let sem = try await stand.connect()
            try await sem.record()
            // Record is the long name of R.
            let error = await #expect(throws: SerialEMError.self) { try await sem.perform("Record", kind: .exposing) }
            #expect(error?.code == .stopped)
            #expect(await stand.server.microscope.exposureLog().count == 1)
        }
    }

    @Test func stopEndsAnAcquisitionAndItsItemStaysMarked() async throws {
        // So slow that it still runs when it is looked at, however busy this computer is.
        try await withFaults(timeScale: 0.001) { stand in
            let sem = try await stand.connect()
            try await sem.openNavigator("\(stand.folder)/g.nav")
            let item = try await sem.addStagePosAsNavPoint(x: Micrometers(0), y: Micrometers(0), z: Micrometers(0))
            try await sem.changeItemNote(item, "A_tgts.txt")
            try await sem.setItemAcquire(item)
            let text = """
                _bset previewAli = False

                _tgt = 001
                tsfile = A_ts_001.mrc
                SSX = 0.0
                SSY = 0.0
                stageX = 0.0
                stageY = 0.0
                skip = False

                """
            try text.write(toFile: "\(stand.folder)/A_tgts.txt", atomically: true, encoding: .utf8)
            try await sem.navAcqAtEndUseParams("F")
            try await sem.setNavAcqAtEndParams([("prim", 2)])
            try await sem.startNavAcquireAtEnd()
            try await sem.exit()
            while try await !stand.ask("GET", "/status").contains(#""running": "AcquireAtItems""#) { await Task.yield() }
            #expect(try await stand.ask("POST", "/stop").contains("AcquireAtItems is stopped."))
            while stand.server.microscope.isAcquiring { await Task.yield() }
            _ = try await sem.beginControl()
            #expect(try await sem.reportItemAcquire(item))
            await sem.close()
        }
    }

    @Test func okToRunForgivesAStop() async throws {
        try await withFaults(#"{"kind": "stop", "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            #expect(try await sem.okToRun())
            #expect(try await sem.reportTiltAngle().value == 0)
            await sem.close()
        }
    }

    @Test func stopWhileSerialEMWaitsIsToldOnceAndNothingIsExecuted() async throws {
        try await withFaults { stand in
            let sem = try await stand.connect()
            #expect(try await stand.ask("POST", "/stop").contains("the next request is answered -10"))
            let error = await #expect(throws: SerialEMError.self) { try await sem.moveStageTo(x: Micrometers(9), y: Micrometers(9)) }
            #expect(error?.code == .stopped)
            #expect(error?.mayHaveBeenExecuted == false)
            #expect(try await sem.reportStageXYZ().x.value == 0)
            await sem.close()
        }
    }

    @Test func aStopThatNobodyUsedUpIsForgottenWithTheConnection() async throws {
        try await withFaults(#"{"kind": "stopWhileWaiting", "when": {"command": "ReportTiltAngle", "times": 2}}"#) { stand in
            let sem = try await stand.connect()
            let error = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            #expect(error?.code == .stopped)
            _ = try await sem.beginControl()
            #expect(try await stand.ask("POST", "/stop").contains("-10"))
            await sem.close()
            while try await stand.ask("GET", "/status").contains(#""stopIsPending": true"#) { await Task.yield() }
            let again = try await stand.connect()
            #expect(try await again.reportStageXYZ().x.value == 0)
            await again.close()
        }
    }

    @Test func anErrorByNameAndCountHasItsText() async throws {
        try await withFaults(#"{"kind": "error", "text": "The stage is locked.", "when": {"command": "MoveStageTo", "after": 2, "times": 2}}"#) { stand in
            let sem = try await stand.connect()
            for number in 0 ..< 6 {
                do throws(SerialEMError) {
                    try await sem.moveStageTo(x: Micrometers(Double(10 * (number + 1))), y: Micrometers(0))
                    #expect(![2, 3].contains(number))
                } catch {
                    #expect([2, 3].contains(number))
                    #expect(error.code == .commandFailed)
                    #expect(error.reportedText == "The stage is locked.\nMoveStageTo(\(10 * (number + 1))., 0.)")
                }
            }
            await sem.close()
        }
    }

    @Test func aDialogBlocksUntilItIsAnswered() async throws {
        try await withFaults(#"{"kind": "dialog", "text": "Insert the aperture?", "when": {"command": "MoveStageTo"}}"#) { stand in
            let sem = try await stand.connect()
            async let moved: Void = sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            while try await !stand.ask("GET", "/status").contains("Insert the aperture?") { await Task.yield() }
            #expect(try await stand.ask("POST", "/dialog", #"{"button": 1}"#).contains(#""answered": true"#))
            try await moved
            #expect(abs(try await sem.reportStageXYZ().x.value - 40) < 0.1)
            #expect(try await stand.ask("POST", "/dialog").hasPrefix("HTTP/1.1 400"))
            await sem.close()
        }
    }

    @Test func aDialogClosesByItselfAfterItsTime() async throws {
        try await withFaults(#"{"kind": "dialog", "seconds": 0.1, "when": {"command": "MoveStageTo"}}"#) { stand in
            let sem = try await stand.connect()
            try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            #expect(try await stand.ask("GET", "/status").contains(#""dialog": null"#))
            await sem.close()
        }
    }

    @Test func aDialogBeforeControlRefusesToRunAndStartsControlWhenItCloses() async throws {
        try await withFaults(#"{"kind": "dialog", "when": {"command": "OKtoRunExternalScript"}}"#) { stand in
            let sem = try await SerialEMConnection.connect(host: "127.0.0.1", port: stand.port, logger: Logger(label: "test"))
            #expect(try await sem.okToRun() == false)
            #expect(try await stand.ask("GET", "/status").contains(#""control": "idle""#))
            #expect(try await stand.ask("POST", "/dialog").hasPrefix("HTTP/1.1 200"))
            #expect(try await stand.ask("GET", "/status").contains(#""control": "external""#))
            // Control is on already, so it is not started again.
            #expect(try await sem.okToRun() == false)
            #expect(try await sem.reportTiltAngle().value == 0)
            await sem.close()
        }
    }

    @Test func chancesAreTheSameForTheSameSeed() async throws {
        func pattern(seed: Int) async throws -> [Bool] {
            let results = Results()
            try await withFaults(#"{"kind": "error", "text": "No.", "when": {"command": "ReportTiltAngle", "times": "always", "probability": 0.4, "seed": \#(seed)}}"#) { stand in
                let sem = try await stand.connect()
                for _ in 0 ..< 40 { await results.add((try? await sem.reportTiltAngle()) != nil) }
                await sem.close()
            }
            return await results.all
        }
        let first = try await pattern(seed: 5)
        #expect(try await pattern(seed: 5) == first)
        #expect(try await pattern(seed: 6) != first)
        #expect(Set(first).count == 2)
    }

    private actor Results {
        private(set) var all: [Bool] = []
        func add(_ result: Bool) { all.append(result) }
    }
}
