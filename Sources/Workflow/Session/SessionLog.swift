import Foundation
import ImageFiles
import Locks

/// Writes what happens into a log that a person can read, and shows it while it happens.
///
/// The log holds every event. A terminal shows what was done and, in its last line, what is being done and the time left.
/// Where output goes to a file or a pipe it is plain lines, progress only now and then. Standard error is left to the one
/// sentence that ends a run which failed.
public final class SessionLog: Sendable {
    private struct State {
        var file: FileHandle
        var timeLeft = TimeLeft()
        /// Steps that were begun in this run and are not finished, in order.
        var current: [(id: StepIdentifier, title: String)] = []
        var seen: Set<StepIdentifier> = []
        var skipped = 0
        /// What comes now was done before and takes no time: nothing can be said of the time left.
        var isCatchingUp = false
        var waiting: String?
        var lastShown: (fraction: Double, time: Duration) = (0, .zero)
        /// Whether the last line could not be written.
        var isBroken = false
    }
    private let state: Locked<State>
    private let path: String
    private let terminal: Terminal
    private let report: @Sendable (RunEvent) -> Void
    private let clock = ContinuousClock()
    private let begin: ContinuousClock.Instant

    /// Appends to the log at a path; makes it where there is none.
    ///
    /// - Parameter report: told once when lines cannot be written, and when they can again; the session goes on meanwhile.
    public init(path: String, terminal: Terminal = Terminal(), report: @escaping @Sendable (RunEvent) -> Void = { _ in }) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw WorkflowError.refused("The log \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        state = Locked(State(file: file))
        self.path = path
        self.terminal = terminal
        self.report = report
        begin = clock.now
    }

    /// Takes the next event.
    public func take(_ event: RunEvent) {
        let now = clock.now - begin
        let news: RunEvent? = state.withLock { state in
            var news: RunEvent?
            note(event, in: &state, at: now)
            // Nothing may stand below the last line.
            if case .sessionEnded = event { terminal.clearStatus() }
            if let line = Self.line(for: event) {
                news = write(line, &state)
                if Self.isShown(event) {
                    showSkipped(&state)
                    terminal.show(line)
                }
            }
            showProgress(after: event, &state, at: now)
            return news
        }
        if let news { report(news) }
    }

    /// Adds a line to the file. A log that cannot be written must not stop a session; the terminal still shows the line.
    private func write(_ line: String, _ state: inout State) -> RunEvent? {
        let wasBroken = state.isBroken
        do {
            try state.file.write(contentsOf: Data("\(timestamp())  \(line)\n".utf8))
            state.isBroken = false
            return wasBroken ? .cleared("the session's log can be written again") : nil
        } catch {
            state.isBroken = true
            guard !wasBroken else { return nil }
            let reason = "The session's log \(path) cannot be written (\(sentence(error).trimmingCharacters(in: ["."])))."
            terminal.show("WARNING    \(reason)")
            return .obstructed(reason, next: "The session goes on; its journal and the service's log have what the log lacks.")
        }
    }

    /// Keeps what the progress line needs to know.
    private func note(_ event: RunEvent, in state: inout State, at now: Duration) {
        switch event {
        case .progress(let phase, let done, let total):
            if state.timeLeft.take(phase: phase, fraction: total > 0 ? done / total : 0, at: now) {
                state.lastShown = (state.timeLeft.fraction, now)
            }
        case .started(let id, let title, _):
            if state.isCatchingUp { state.timeLeft.restart(at: now) }
            state.isCatchingUp = false
            state.seen.insert(id)
            state.current.append((id, title))
            state.waiting = nil
        case .finished(let id, _, _), .failed(let id, _, _), .interrupted(let id, _):
            state.current.removeAll { $0.id == id }
            state.waiting = nil
        case .skipped(let id, _), .recovered(let id, _):
            // A step that is asked for again in the run that did it is no news.
            guard state.seen.insert(id).inserted else { break }
            state.skipped += 1
            state.isCatchingUp = true
        case .waiting(let what): state.waiting = what
        case .sessionEnded: state.current = []
        case .held(let checkpoint, _): state.waiting = "waits \(checkpoint)"
        case .released:
            state.waiting = nil
            // What was waited is no work.
            state.timeLeft.restart(at: now)
        case .cleared: state.waiting = nil
        case .delayed(let reason): state.waiting = reason
        case .delayOver:
            state.waiting = nil
            state.timeLeft.restart(at: now)
        case .sessionStarted, .gridStarted, .expected, .lamellaeKnown, .leftOut, .takenBack, .gridFailed, .lamellaeFailed, .inspecting, .inspectionReminder, .inspected, .asking, .questionReminder, .answered, .microscopeLeft, .obstructed, .note, .warning: break
        }
    }

    private func showSkipped(_ state: inout State) {
        guard state.skipped > 0 else { return }
        terminal.show("           \(state.skipped) step\(state.skipped == 1 ? "" : "s") had been done before")
        state.skipped = 0
    }

    private func showProgress(after event: RunEvent, _ state: inout State, at now: Duration) {
        if case .sessionEnded = event { return }
        let timeLeft = state.timeLeft
        var text = ""
        if !timeLeft.phase.isEmpty, timeLeft.fraction < 1 || !terminal.isInteractive {
            text = "\(timeLeft.phase): \(Int(timeLeft.fraction * 100)) %"
            if !state.isCatchingUp, let left = timeLeft.left(at: now) { text += ", about \(words(left)) left" }
        }
        if terminal.isInteractive {
            let doing = state.waiting ?? state.current.last?.title
            terminal.showStatus([text, doing ?? ""].filter { !$0.isEmpty }.joined(separator: " | "))
            return
        }
        // Plain lines: at every tenth of the work, or after a minute in which something moved.
        func tenth(_ fraction: Double) -> Int { Int(fraction * 10 + 1e-6) }
        let last = state.lastShown
        let isNew = tenth(timeLeft.fraction) > tenth(last.fraction)
        guard case .progress = event,
            isNew || (timeLeft.fraction > last.fraction && now - last.time >= .seconds(60))
        else { return }
        state.lastShown = (timeLeft.fraction, now)
        showSkipped(&state)
        terminal.show("           \(text)")
    }

    /// The beginning of a short step is for the log; what the microscope does with a whole grid takes long and is announced.
    private static func isShown(_ event: RunEvent) -> Bool {
        switch event {
        case .started(let id, _, let exposing): exposing && !id.path.contains("/lamella-")
        case .skipped, .recovered, .interrupted: false
        default: true
        }
    }

    private static func line(for event: RunEvent) -> String? {
        switch event {
        case .sessionStarted(let text): "SESSION    \(text)"
        case .gridStarted(let slot, let name): "GRID       \(name) (slot \(slot))"
        case .progress, .waiting, .expected, .lamellaeKnown, .microscopeLeft, .delayed, .delayOver: nil
        case .started(_, let title, _): "begin      \(title)"
        case .finished(_, let title, let duration): "done       \(title) (\(words(duration)))"
        case .skipped(_, let title): "was done   \(title)"
        case .recovered(_, let title): "had happened  \(title)"
        case .failed(_, let title, let reason): "FAILED     \(title): \(reason)"
        case .interrupted(_, let title): "cut        \(title)"
        case .held(let checkpoint, let reason): "WAITS      \(checkpoint): \(reason)"
        case .released(let checkpoint): "goes on    \(checkpoint)"
        case .inspecting(let inspection): "INSPECT    \(inspection.request) \(inspection.next)"
        case .inspectionReminder(let inspection): "INSPECT    Still: \(inspection.request) \(inspection.next)"
        case .inspected(let inspection, let outcome): "           \(inspection.what): \(outcome)"
        case .asking(let question): "QUESTION   \(question.request) \(question.next)"
        case .questionReminder(let question): "QUESTION   Still: \(question.request) \(question.next)"
        case .answered(let question, let outcome): "           \(question.what): \(outcome)"
        case .leftOut(let what, let reason): "SKIPPED    \(what): \(reason)"
        case .takenBack(let part): "           \(part) is not skipped any more"
        case .gridFailed(let slot, let name, let reason, let next): "SKIPPED    grid \(name) (slot \(slot)): \(reason) \(next)"
        case .lamellaeFailed(_, let name, let row, let reason, let next): "WARNING    \(row) lamellae of grid \(name) in a row failed, the last one with: \(reason) \(next)"
        case .obstructed(let text, let next): "WAITS      \(text) \(next)"
        case .cleared(let text): "goes on    \(text)"
        case .note(let text): "           \(text)"
        case .warning(let text): "WARNING    \(text)"
        case .sessionEnded(let text): "END        \(text)"
        }
    }
}
