import Foundation
import FoundationNetworking
import Logging
import SerialEMClient
import Testing

/// `serialem-sim` as a facility leaves it running.
@Suite struct SimulatorProgramTests {
    /// A client that comes and goes for each question is what many scripts are.
    @Test func thousandsOfClientsThatComeAndGoLeaveNoMemoryBehind() async throws {
        try await withSimulatorProgram { simulator, port, _ in
            func comeAndGo(_ times: Int) async throws {
                for _ in 0..<times {
                    let connection = try await SerialEMConnection.connect(
                        host: "127.0.0.1", port: port, logger: Logger(label: "test"))
                    _ = try await connection.reportStageXYZ()
                    await connection.close()
                }
            }
            try await comeAndGo(500)
            let before = try #require(simulator.residentKilobytes)
            try await comeAndGo(3000)
            // It used to be 18 kB for each.
            #expect(try #require(simulator.residentKilobytes) - before < 6000)
        }
    }

    @Test func itEndsWellWhileItsControlPortIsAsked() async throws {
        for _ in 0..<5 {
            try await withSimulatorProgram { simulator, _, controlPort in
                let address = try #require(URL(string: "http://127.0.0.1:\(controlPort)/status"))
                // Each time with a connection of its own, for one that is just taken is what matters.
                var request = URLRequest(url: address)
                request.setValue("close", forHTTPHeaderField: "Connection")
                // It ends when nobody answers any more; a request of Foundation's that is cancelled as it fails never ends.
                let asking = Task { [request] in while true { _ = try await URLSession.shared.data(for: request) } }
                try await Task.sleep(for: .milliseconds(100))
                let ending = try await simulator.terminated()
                _ = await asking.result
                #expect((ending.status, ending.error) == (0, ""))
            }
        }
    }

    private func withSimulatorProgram(_ body: (RunningProgram, _ port: Int, _ controlPort: Int) async throws -> Void) async throws {
        try await withFolder { folder in
            let simulator = try RunningProgram(
                [program("serialem-sim"), "--port", "0", "--control-port", "0", "--time-scale", "0"], in: folder)
            let ports = try await [simulator.line(beginning: "listening on "), simulator.line(beginning: "control port ")]
                .map { Int($0?.split(separator: ":").last ?? "") }
            do {
                try await body(simulator, try #require(ports[0]), try #require(ports[1]))
            } catch {
                try await simulator.stop()
                throw error
            }
            try await simulator.stop()
        }
    }
}
