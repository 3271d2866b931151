import Foundation
import SerialEMSimulator
import Testing

/// A service that is killed while SerialEM acquires, and a person who wants the session ended after that.
@Suite(.serialized) struct AbortedAcquisitionTests {
    @Test func theNextServiceWatchesItAndAfterAnAbortTheMicroscopeIsMadeSafeOnceSerialEMIsFree() async throws {
        try await withTargetsChosen { folder, simulator in
            let (first, port) = try await serve(in: folder, models: modelsFolder)
            #expect(try await tomopilot("queue", "add", "s.yaml", "--port", port, in: folder).error == "")
            while await records(simulator) < 8 { try await Task.sleep(for: .milliseconds(2)) }
            simulator.microscope.faults.add([Fault(.slowExposure(seconds: 12), when: .init(command: "AcquireAtItems"))])
            try await first.crash()

            let (second, next) = try await serve(in: folder, models: modelsFolder)
            var status = ""
            while !status.contains("tilt series after") && !status.contains("HeLa_1, acquiring") {
                try await Task.sleep(for: .milliseconds(200))
                status = try await tomopilot("status", "--port", next, in: folder).output
            }
            #expect(try await tomopilot("abort", "--port", next, in: folder).error == "")
            let alarm = try #require(try await second.line(beginning: "ALARM      SerialEM is busy with the acquisition of session 'session' and takes no command"))
            #expect(alarm.contains("then the microscope is made safe after session 'session'. The queue waits for that."), "\(alarm)")
            let held = try await tomopilot("status", "--port", next, in: folder).output
            #expect(held.hasPrefix("held (session 'session' was aborted by a person"), "\(held)")
            #expect(held.contains("SerialEM is busy with the acquisition of session 'session' and takes no command before that ends"), "\(held)")

            _ = try #require(try await second.line(beginning: "SERVICE    the microscope is left with beam blanked"))
            var log = ""
            while !log.contains("; the queue waits on") {
                log = try await tomopilot("log", "--port", next, in: folder).output
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(log.contains("SerialEM takes commands again after "))
            // Whoever aborted says when the queue goes on.
            #expect(try await tomopilot("status", "--port", next, in: folder).output == "held (session 'session' was aborted by a person)\n")

            // SerialEM did all of it meanwhile, and nothing is done twice.
            let exposures = await exposuresForGood(simulator)
            #expect(try await tomopilot("queue", "retry", "1", "--port", next, in: folder).error == "")
            _ = try #require(try await second.line(beginning: "SERVICE    session 'session' is done"))
            #expect(await exposuresForGood(simulator) == exposures)
            try await second.stop()
        }
    }
}
