import Foundation
import Logging
import Microscope
import SerialEMMicroscope
import SerialEMSimulator
import Synchronization
import Testing
import Units
@testable import Workflow

/// A session that waits for people: what happens to the microscope meanwhile is told.
@Suite struct HeldSessionTests {
    private final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func take(_ event: RunEvent) {
            let line: String? =
                switch event {
                case .obstructed(let text, _): "WAITS \(text)"
                case .cleared(let text): "GOES ON \(text)"
                default: nil
                }
            if let line { lines.withLock { $0.append(line) } }
        }
        func comes(_ line: String) async -> Bool {
            for _ in 1 ... 1000 {
                if all.contains(line) { return true }
                try? await Task.sleep(for: .milliseconds(20))
            }
            return false
        }
    }

    /// Holds a session until it is let go.
    private final class Person: Supervisor {
        private let isReleased = Mutex(false)
        func release() { isReleased.withLock { $0 = true } }
        func verdict(at checkpoint: Checkpoint) -> Verdict { isReleased.withLock { $0 } ? .goOn : .hold("lunch") }
        func untilReleased(at checkpoint: Checkpoint) async throws {
            while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    private func withHeldSession(
        _ body: @Sendable (
            _ server: SimulatorServer, _ microscope: SerialEMMicroscope, _ told: Told, _ person: Person,
            _ pass: @escaping @Sendable () async throws -> Gate.Passage
        ) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("held-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await SimulatorServer.bind(
            configuration: SimulatorConfiguration(seed: 1, folder: folder), port: 0, faults: FaultPlan([], logger: logger), logger: logger)
        let told = Told()
        let person = Person()
        let settings = try SessionSettings(yaml: "session_dir: /s\nWG_model: d\nMM_model: m\n", file: "s.yaml").safety
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let bare = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: server.port, answerWithin: .seconds(300), logger: logger)
            let guarded = GuardedMicroscope(bare, settings: settings, stageLimit: Micrometers(990), period: .milliseconds(20), report: told.take)
            _ = try await guarded.begin()
            let gate = Gate(
                supervisor: person, makeSafe: { await guarded.makeSafe([.beam]) }, reconnect: {}, patience: .zero, report: told.take,
                watch: { await guarded.watchWhileHeld() })
            try await body(server, bare, told, person) { try await gate.pass(.grid(slot: 1)) }
            await guarded.disconnect()
            group.cancelAll()
        }
    }

    @Test func badVacuumDuringAPauseIsToldAndThatItIsOver() async throws {
        try await withHeldSession { server, microscope, told, person, pass in
            async let passage = pass()
            // Air comes in as somebody opens the valves, which close again by themselves.
            server.microscope.faults.add([Fault(.vacuum(severity: 2, seconds: 1800), when: .init(command: "SetColumnOrGunValve"))])
            await #expect(throws: MicroscopeError.self) { try await microscope.openValves() }
            #expect(await told.comes("WAITS The vacuum is bad, while the session waits for people."), "\(told.all)")
            try await microscope.wait(Seconds(3000))
            #expect(await told.comes("GOES ON The vacuum is bad: over"), "\(told.all)")
            person.release()
            let wasMadeSafe = try await passage.wasMadeSafe
            #expect(wasMadeSafe)
        }
    }

    @Test func aSerialEMThatEndsDuringAPauseIsToldOnce() async throws {
        try await withHeldSession { server, microscope, told, person, pass in
            async let passage = pass()
            try await Task.sleep(for: .milliseconds(100))
            server.crash(seconds: 0.1)
            for _ in 1 ... 500 where told.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(told.all.count == 1)
            #expect(told.all.first?.hasPrefix("WAITS While the session waits for people, nobody watches the microscope any more: ") == true, "\(told.all)")
            person.release()
            _ = try await passage
        }
    }
}
