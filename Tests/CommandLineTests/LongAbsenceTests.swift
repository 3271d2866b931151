import Foundation
import SerialEMSimulator
import Testing

/// A SerialEM that is busy or gone in the middle of a session: for a while it is waited for, and then people are told.
@Suite struct LongAbsenceTests {
    /// 36 s, of SerialEM alone.
    private static let hours = "interlock_hours: 0.01\ninterlocks: []"

    /// A SerialEM in a process of its own.
    private func simulate(in folder: String, port: String = "0") async throws -> (program: RunningProgram, port: String) {
        let simulator = try RunningProgram([program("serialem-sim"), "--port", port, "--folder", folder, "--time-scale", "0"], in: folder)
        return (simulator, try #require(try await simulator.line(beginning: "listening on 127.0.0.1:")))
    }

    /// A service with a session that loses SerialEM while its grid is loaded.
    private func withLoss(_ body: (_ folder: String, _ service: RunningProgram, _ port: String, _ serialEM: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let (simulator, serialEM) = try await simulate(in: folder)
            try writeSettings("a", grid: 1, in: folder, port: try #require(Int(serialEM)), more: Self.hours)
            let (service, port) = try await serve(in: folder)
            _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
            _ = try #require(try await service.line(beginning: "begin      Load grid"))
            try await simulator.crash()
            try await body(folder, service, port, serialEM)
            try await service.stop()
        }
    }

    @Test func aSerialEMThatIsStartedAgainInTimeIsGoneOnWith() async throws {
        try await withLoss { folder, service, _, serialEM in
            _ = try #require(try await service.line(beginning: "WARNING    "))
            let (again, _) = try await simulate(in: folder, port: serialEM)
            _ = try #require(try await service.line(beginning: "           connected to SerialEM again; the session goes on from the last finished step"))
            _ = try #require(try await service.line(beginning: "SERVICE    session 'a' is done"))
            try await again.stop()
        }
    }

    @Test func aSerialEMThatStaysAwayLongerThanInterlockHoursEndsTheSessionWithAnAlarm() async throws {
        try await withLoss { folder, service, port, serialEM in
            let told = try #require(try await service.line(beginning: "ALARM      session 'a' failed: "))
            #expect(told.contains("127.0.0.1:\(serialEM)"), "\(told)")
            #expect(try await tomopilot("status", "--port", port, in: folder).output.hasPrefix("held"))
        }
    }

    private func withBusy(_ seconds: Double, _ body: @Sendable (_ service: RunningProgram, _ port: String, _ folder: String) async throws -> Void) async throws {
        try await withFolder { folder in
            try await withSimulator(in: folder) { simulator in
                simulator.microscope.faults.add([Fault(.busy(seconds: seconds), when: .init(command: "SetupFullMontage"))])
                try writeSettings("a", grid: 1, in: folder, port: simulator.port, more: Self.hours)
                let (service, port) = try await serve(in: folder)
                _ = try await tomopilot("queue", "add", "a.yaml", "--port", port, in: folder)
                try await body(service, port, folder)
                try await service.stop()
            }
        }
    }

    @Test func aSerialEMThatIsBusyForAWhileIsGoneOnWith() async throws {
        try await withBusy(5) { service, _, _ in
            _ = try #require(try await service.line(beginning: "           connected to SerialEM again; the session goes on from the last finished step"))
            _ = try #require(try await service.line(beginning: "SERVICE    session 'a' is done"))
        }
    }

    @Test func aSerialEMThatIsBusyLongerThanInterlockHoursEndsTheSessionWithAnAlarm() async throws {
        try await withBusy(600) { service, port, folder in
            let told = try #require(try await service.line(beginning: "ALARM      session 'a' failed: "))
            #expect(told.contains("busy"), "\(told)")
            #expect(try await tomopilot("status", "--port", port, in: folder).output.hasPrefix("held"))
        }
    }
}
