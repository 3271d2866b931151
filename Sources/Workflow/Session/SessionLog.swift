import Foundation
import Synchronization

/// Writes what happens into a log that a person can read, and with progress and a time left to standard output.
///
/// Standard error is left to the one sentence that ends a run which failed.
public final class SessionLog: Sendable {
    private struct State {
        var file: FileHandle
        var begun: ContinuousClock.Instant
        var fraction = 0.0
    }
    private let state: Mutex<State>
    private let isTerminal: Bool

    /// Appends to the log at a path; makes it where there is none.
    public init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw WorkflowError.refused("The log \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        state = Mutex(State(file: file, begun: ContinuousClock().now))
        isTerminal = isatty(1) != 0
    }

    /// Takes the next event.
    public func take(_ event: RunEvent) {
        state.withLock { state in
            if case .progress(let done, let total) = event {
                state.fraction = total > 0 ? done / total : 0
                show("\(Int(state.fraction * 100)) % done\(timeLeft(state))", passing: true)
                return
            }
            if case .waiting(let what, let waited) = event {
                show("\(what), \(Self.words(waited))", passing: true)
                return
            }
            guard let line = Self.line(for: event) else { return }
            // A log that cannot be written must not stop a session; the terminal still shows the line.
            try? state.file.write(contentsOf: Data("\(Self.time())  \(line)\n".utf8))
            show(line, passing: false)
        }
    }

    private func timeLeft(_ state: State) -> String {
        guard state.fraction > 0.02 else { return "" }
        let elapsed = ContinuousClock().now - state.begun
        return ", about \(Self.words(elapsed * (1 / state.fraction - 1))) left"
    }

    /// A passing line is replaced by the next on a terminal, and left out where output goes to a file.
    private func show(_ line: String, passing: Bool) {
        let text = isTerminal ? "\r\u{1B}[K\(line)\(passing ? "" : "\n")" : "\(line)\n"
        // Whoever read the output may have gone, or its disk may be full; the session goes on.
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    private static func line(for event: RunEvent) -> String? {
        switch event {
        case .sessionStarted(let text): "SESSION    \(text)"
        case .gridStarted(let slot, let name): "GRID       \(name) (slot \(slot))"
        case .progress, .waiting: nil
        case .started(_, let title): "begin      \(title)"
        case .finished(_, let title, let duration): "done       \(title) (\(words(duration)))"
        case .skipped(_, let title): "was done   \(title)"
        case .recovered(_, let title): "had been done  \(title)"
        case .failed(_, let title, let reason): "FAILED     \(title): \(reason)"
        case .note(let text): "           \(text)"
        case .warning(let text): "WARNING    \(text)"
        case .sessionEnded(let text): "END        \(text)"
        }
    }

    private static func time() -> String { timestamp() }

    private static func words(_ duration: Duration) -> String {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        if seconds < 10 { return String(format: "%.1f s", seconds) }
        if seconds < 90 { return "\(Int(seconds)) s" }
        if seconds < 5400 { return "\(Int((seconds / 60).rounded())) min" }
        return String(format: "%.1f h", seconds / 3600)
    }
}
