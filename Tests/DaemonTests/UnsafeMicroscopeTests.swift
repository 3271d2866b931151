@testable import Daemon
import Microscope
import Store
import Synchronization
import Testing

/// A session ended and the microscope could not be made safe, as when SerialEM acquires on by itself.
@Suite struct UnsafeMicroscopeTests {
    /// Session `a` leaves the microscope unsafe, and `b` waits. The attempts to make it safe end as given, the last of them for ever.
    private func afterUnsafe(
        _ attempts: [SafeState], query: String = "", _ body: @escaping @Sendable (RunningService) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            sessions.allow(steps: 9)
            sessions.leave(safe: false)
            let made = Mutex(0)
            try await RunningService.with(
                folder: folder, sessions: sessions,
                safeguard: { _, _, _ in
                    // The next session has no such trouble.
                    sessions.leave(safe: true)
                    return made.withLock { count in
                        count += 1
                        return attempts[min(count, attempts.count) - 1]
                    }
                }
            ) { service in
                _ = try await service.ask("POST", "/v1/pause")
                try await service.add("a", query: query)
                try await service.add("b")
                _ = try await service.ask("POST", "/v1/resume")
                try await body(service)
            }
        }
    }

    private static let busy = SafeState(reached: [], failures: ["SerialEM is busy."])

    @Test func theQueueWaitsWhateverTheEntrySaysAndSaysWhy() async throws {
        try await afterUnsafe([Self.busy], query: "?on_failure=continue") { service in
            try await service.status(.held)
            let reason = try await service.ask("GET", "/v1/status").value(ServiceStatus.self).reason
            #expect(reason == "the microscope could not be made safe after session 'a'")
            #expect(try await service.queue() == "a done, b queued")
        }
    }

    @Test func itIsMadeSafeOnceSerialEMTakesCommandsAndTheQueueGoesOn() async throws {
        let safe = SafeState(reached: ["beam blanked"], failures: [])
        try await afterUnsafe([Self.busy, Self.busy, safe]) { service in
            try await service.status(.idle)
            #expect(try await service.queue() == "a done, b done")
            let log = try await service.log().map(\.text)
            #expect(log.count { $0 == "SerialEM is busy." } == 1, "what stays the same is told once: \(log)")
            #expect(log.contains("the microscope is left with beam blanked"))
            #expect(log.contains { $0.hasPrefix("SerialEM takes commands again after ") && $0.hasSuffix(", and the queue goes on") }, "\(log)")
        }
    }

    @Test("A service that is started again goes on trying, and then with the queue")
    func itIsMadeSafeAfterARestart() async throws {
        try await withFolder { folder in
            let first = ScriptedSessions()
            first.allow(steps: 9)
            first.leave(safe: false)
            try await RunningService.with(folder: folder, sessions: first, safeguard: { _, _, _ in Self.busy }) { service in
                _ = try await service.ask("POST", "/v1/pause")
                try await service.add("a")
                try await service.add("b")
                _ = try await service.ask("POST", "/v1/resume")
                try await service.status(.held)
            }
            let second = ScriptedSessions()
            second.allow(steps: 9)
            try await RunningService.with(
                folder: folder, sessions: second, safeguard: { _, _, _ in SafeState(reached: ["beam blanked"], failures: []) }
            ) { service in
                try await service.status(.idle)
                #expect(try await service.queue() == "a done, b done")
                #expect(try await service.log().contains { $0.text == "the microscope is left with beam blanked" })
            }
        }
    }

    @Test func whereSerialEMAnswersAndTheValvesStayOpenTheQueueStaysHeld() async throws {
        let unsafe = SafeState(reached: ["beam blanked"], failures: ["The column valves do not close."])
        try await afterUnsafe([unsafe, SafeState(reached: ["beam blanked"], failures: [])]) { service in
            try await service.status(.held)
            while try await !service.log().contains(where: { $0.text == "The column valves do not close." }) { try await Task.sleep(for: .milliseconds(5)) }
            // It is not tried again: nothing held the microscope from being made safe.
            try await service.status(.held)
            #expect(try await service.queue() == "a done, b queued")
        }
    }

    @Test func aPersonWhoResumesTheQueueHasLookedAtIt() async throws {
        try await afterUnsafe([Self.busy]) { service in
            try await service.status(.held)
            _ = try await service.ask("POST", "/v1/resume")
            try await service.status(.idle)
            #expect(try await service.queue() == "a done, b done")
        }
    }
}
