import Foundation
import Logging
import Microscope
import SerialEMClient

extension SerialEMMicroscope {
    /// Does something on the wire and turns SerialEM's errors into the microscope's.
    static func wording<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as SerialEMError {
            throw worded(error)
        }
    }

    static func worded(_ error: SerialEMError) -> MicroscopeError {
        switch error.code {
        case .unreachable, .notSerialEM: MicroscopeError(.unreachable, error.message)
        case .connectionLost: MicroscopeError(.lost, error.message)
        case .badReply where error.endsConnection: MicroscopeError(.lost, error.message)
        case .deadline: MicroscopeError(.stalled, error.message)
        case .busy: MicroscopeError(.busy, error.message)
        case .stopped: MicroscopeError(.stopped, error.message)
        case .commandFailed where isOfDisk(error.message):
            MicroscopeError(.cannotWrite, "\(error.message) Free space on the disk that SerialEM writes to, and run again.")
        default: MicroscopeError(.refused, error.message)
        }
    }

    /// SerialEM has no number for errors of writing; these words are in the texts of all of them.
    private static func isOfDisk(_ text: String) -> Bool {
        let text = text.lowercased()
        return text.contains("error") && text.contains("writing") || text.contains("disk") && (text.contains("space") || text.contains("full"))
    }

    /// What to say when the very first request found no SerialEM: nothing was exposed or moved yet.
    static func refusedGreeting(_ error: SerialEMError, address: String, limit: Duration) -> MicroscopeError {
        let reason: String
        switch error.code {
        case .connectionLost: reason = "it closed the connection without an answer"
        case .deadline: reason = "it gave no answer within \(limit.formatted(.units(width: .wide)))"
        case .badReply: reason = "its answer does not follow SerialEM's protocol"
        default: return worded(error)
        }
        return MicroscopeError(
            .unreachable,
            "What listens at \(address) does not answer as SerialEM does (\(reason)): check serialem_host and serialem_port, "
                + "and look for a message box in SerialEM.")
    }

    /// Sets a state and reads it back; sets it once more where it does not read as it was set.
    func confirm(
        _ state: String, set: @Sendable () async throws -> Void, reads isSet: @Sendable () async throws -> Bool
    ) async throws {
        for attempt in 1 ... 2 {
            try await look(false)
            try await Self.wording { try await set() }
            if try await Self.wording({ try await isSet() }) { return }
            logger.warning("A state does not read back", metadata: ["state": "\(state)", "attempt": "\(attempt)"])
        }
        throw MicroscopeError(.notAsSet, "\(state) was set twice and does not read back; look at the microscope.")
    }

    /// Unblanks the beam for one exposing action and blanks it again whatever happens.
    func exposed(_ action: @Sendable () async throws -> Void) async throws {
        try await look(true)
        let c = connection
        try await Self.wording { try await c.setBeamBlank(false) }
        do {
            try await Self.wording { try await action() }
        } catch {
            // The first error is the one to tell; a failure to blank after it is reported by makeSafe.
            try? await c.setBeamBlank(true)
            throw error
        }
        try await Self.wording { try await c.setBeamBlank(true) }
    }

    /// Whether two paths name the same file; on Windows SerialEM writes its own slashes, and no letter's case counts.
    static func isSame(_ told: String, _ path: String) -> Bool {
        func plain(_ path: String) -> String {
            var text = path.replacing("\\", with: "/")
            while text.count > 1, text.hasSuffix("/") { text.removeLast() }
            return text
        }
        let (told, path) = (plain(told), plain(path))
        return told == path || (told.dropFirst().hasPrefix(":") && told.lowercased() == path.lowercased())
    }

    nonisolated func fileExists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    nonisolated func short(_ x: Double) -> String { String(format: "%.2f", x) }
}
