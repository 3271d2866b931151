import Foundation
import SerialEMSimulator
import Testing

/// A session that ends the service each time it is begun.
@Suite(.serialized) struct CrashedServiceTests {
    @Test func killedThreeTimesTheServiceLeavesTheSessionAndTheQueueGoesOn() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                for (name, grid) in [("a", 1), ("b", 2)] { try writeSettings(name, grid: grid, in: folder, port: simulator.port) }
                let (first, port) = try await serve(in: folder)
                for name in ["a", "b"] { #expect(try await tomopilot("queue", "add", "\(name).yaml", "--port", port, in: folder).error == "") }
                // Once it is in the service's log, the service's own file has it.
                while try await !tomopilot("log", "--port", port, in: folder).output.contains("begin: Map grid") { try await Task.sleep(for: .milliseconds(100)) }
                try await first.crash()

                // From here on the session reaches SerialEM and comes to no step.
                simulator.microscope.faults.add([Fault(.silence, when: .init(command: "ReportProperty", times: nil))])
                func reachesSerialEM(_ port: String, times: Int) async throws {
                    while try await tomopilot("log", "--port", port, in: folder).output.components(separatedBy: "begins: level").count <= times { try await Task.sleep(for: .milliseconds(100)) }
                }
                let (second, secondPort) = try await serve(in: folder)
                let told = try #require(try await second.line(beginning: "ALARM      The service ended without warning (a crash, a kill or a power cut; it had run since "))
                #expect(told.contains(") in session 'a' on grid Alga_1, doing 'Map grid"), "\(told)")
                #expect(told.hasSuffix(" The session goes on from its last finished step."), "\(told)")
                _ = try #require(try await second.line(beginning: "SERVICE    session 'a' goes on where the service ended"))
                try await reachesSerialEM(secondPort, times: 2)
                try await second.crash()

                let (third, thirdPort) = try await serve(in: folder)
                let again = try #require(try await third.line(beginning: "ALARM      The service ended without warning"))
                #expect(again.contains(" It is the second time in this session without a finished step between."), "\(again)")
                #expect(again.hasSuffix(" Once more without a finished step, and the session is left."), "\(again)")
                _ = try #require(try await third.line(beginning: "SERVICE    session 'a' goes on where the service ended"))
                try await reachesSerialEM(thirdPort, times: 3)
                try await third.crash()

                simulator.microscope.faults.removeAll()
                let (fourth, last) = try await serve(in: folder)
                let left = try #require(try await fourth.line(beginning: "ALARM      The service ended without warning"))
                #expect(left.contains(" The session is left. The microscope is made safe as soon as SerialEM takes commands, which it does not while it acquires, and the queue goes on with the next session; 'tomopilot queue retry 1'"), "\(left)")
                _ = try #require(try await fourth.line(beginning: "SERVICE    the microscope is left with beam blanked, stage at 0 degrees, column valves closed"))
                _ = try #require(try await fourth.line(beginning: "SERVICE    session 'b' is done"))
                let queue = try await tomopilot("queue", "list", "--all", "--port", last, in: folder).output
                #expect(queue.contains("1  failed   a") && queue.contains("the service ended 3 times in it without a finished step between"), "\(queue)")

                _ = try await tomopilot("queue", "retry", "1", "--port", last, in: folder)
                _ = try #require(try await fourth.line(beginning: "SERVICE    session 'a' is done"))
                try await fourth.stop()
            }
        }
    }

    @Test func aJournalThatTheCrashDamagedKeepsNobodyFromMakingTheMicroscopeSafe() async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                try writeSettings("a", grid: 1, in: folder, port: simulator.port)
                let (first, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                _ = try #require(try await first.line(beginning: "begin      Map grid"))
                while await simulator.microscope.exposureLog().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                try await first.crash()
                let journal = folder + "/a/session.sqlite"
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: journal + suffix) }
                try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: journal))

                let (second, _) = try await serve(in: folder)
                let alarm = try #require(try await second.line(beginning: "ALARM      session 'a' failed: "))
                #expect(alarm.contains("session.sqlite"), "\(alarm)")
                _ = try #require(try await second.line(beginning: "SERVICE    the microscope is left with beam blanked, stage at 0 degrees, column valves closed"))
                try await second.stop()
            }
        }
    }
}
