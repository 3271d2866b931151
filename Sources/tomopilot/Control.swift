import ArgumentParser
import Daemon
import Foundation
import Store
import Workflow

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what the service does.")
    @OptionGroup var client: ServiceClient
    @Flag(help: "Shows it again whenever it changes, until Control-C.")
    var watch = false

    func run() async throws {
        try await reporting {
            var last = ""
            repeat {
                let text = description(of: try await client.ask(ServiceStatus.self, "status"))
                if text != last { show(text) }
                last = text
                if watch { try await Task.sleep(for: .seconds(1)) }
            } while watch
        }
    }
}

/// A status as one line for the whole and one for each step.
private func description(of status: ServiceStatus) -> String {
    var line = status.state.rawValue
    if let session = status.session { line += ": session \(session.id) '\(session.name)'" }
    if let place = status.place { line += ", \(place)" }
    if let phase = status.phase { line += ", \(phase)" + (status.fraction.map { " \(Int($0 * 100)) %" } ?? "") }
    if let reason = status.reason { line += " (\(reason))" }
    if status.queued > 0 { line += "; \(status.queued) waiting" }
    var lines = [line] + (status.remark.map { ["  \($0)"] } ?? []) + status.steps.map(description)
    if !status.steps.isEmpty, let landing = landing(of: status) { lines.append("  \(landing)") }
    if let obstacle = status.obstacle { lines.append("  in the way: \(obstacle)") }
    if let inspection = status.inspection {
        lines.append("  to be confirmed: the \(inspection.subject.rawValue) of grid \(inspection.grid) (\(inspection.name)); look at \(inspection.picture)")
        if let refusal = inspection.refusal { lines.append("  not taken: \(refusal)") }
        lines.append("  \(inspection.next)")
    }
    if let question = status.question {
        lines.append("  asked: did '\(question.title)' of grid \(question.grid) (\(question.name)) happen? \(question.reason)")
        lines += question.evidence.map { "    known: \($0)" }
        lines += question.answers.map { "    tomopilot answer --step \(question.step) \($0.answer.rawValue): \($0.consequence)" }
        if let refusal = question.refusal { lines.append("  not taken: \(refusal)") }
        lines.append("  \(question.next)")
    }
    return lines.joined(separator: "\n")
}

private func description(of step: StepInProgress) -> String {
    let time = words(.seconds(step.seconds))
    return "  \(step.title), for \(time)" + (step.usualSeconds.map { " of usually \(words(.seconds($0)))" } ?? "")
}

/// When what a person asked for happens: SerialEM cannot be told to leave off a command.
private func landing(of status: ServiceStatus) -> String? {
    switch status.state {
    case .pausing where status.pausesNow:
        "it waits as soon as SerialEM has finished its command, which for the load of a grid or a montage takes minutes, and for Acquire at Items lasts to its end"
    case .pausing: "it waits when this is done, before the next grid or lamella"
    case .stopping: "it ends when this is done, before the next grid or lamella"
    case .aborting, .ending: "it ends as soon as SerialEM has finished its command, which for the load of a grid or a montage takes minutes"
    case .idle, .held, .starting, .running, .inspecting, .asking, .paused: nil
    }
}

/// A request without anything to say besides its name.
protocol ControlCommand: AsyncParsableCommand {
    static var request: String { get }
    var client: ServiceClient { get }
}

extension ControlCommand {
    func run() async throws {
        try await reporting {
            print(description(of: try await client.ask(ServiceStatus.self, Self.request, method: "POST")))
        }
    }
}

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The session waits at its next checkpoint, and no other is started.",
        discussion: """
            With --now it does not wait for a checkpoint: after the command that SerialEM works on, which nobody can interrupt and which takes \
            minutes for the load of a grid or a montage, no further one is sent, and the microscope is put into its safe_state. On resume \
            the step that was cut is settled as after a lost connection: what only reads or may be repeated is done again, and SerialEM is asked what \
            became of what exposes.
            While Acquire at Items runs, SerialEM takes no command from anybody: the pause begins when the acquisition has ended. Whoever wants it \
            to end sooner ends it in SerialEM itself.
            """)
    @OptionGroup var client: ServiceClient
    @Flag(help: "In the middle of a step, as soon as SerialEM has finished its command.")
    var now = false

    func run() async throws {
        try await reporting {
            let request = try APICoding.encoded(PauseRequest(now: now))
            print(description(of: try await client.ask(ServiceStatus.self, "pause", method: "POST", body: request)))
        }
    }
}

struct Resume: ControlCommand {
    static let request = "resume"
    static let configuration = CommandConfiguration(abstract: "The session and the queue go on.")
    @OptionGroup var client: ServiceClient
}

struct Stop: ControlCommand {
    static let request = "stop"
    static let configuration = CommandConfiguration(
        abstract: "The session finishes its step and ends, with the microscope safe; the queue waits for resume.")
    @OptionGroup var client: ServiceClient
}

struct Abort: ControlCommand {
    static let request = "abort"
    static let configuration = CommandConfiguration(
        abstract: "The session ends once SerialEM has finished its command, with the microscope safe; the queue waits for resume.")
    @OptionGroup var client: ServiceClient
}

struct SkipPart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Leaves a grid, or one lamella of it, out of the session under way.")
    @OptionGroup var client: ServiceClient
    @Option(help: "The cassette slot of the grid.")
    var grid: Int
    @Option(help: "The number of the lamella; without it the whole grid is left out.")
    var lamella: Int?
    @Option(help: "Why, for the log and the report.")
    var reason: String

    func run() async throws {
        try await reporting {
            let skip = try APICoding.encoded(Skip(grid: grid, lamella: lamella, reason: reason))
            print(description(of: try await client.ask(ServiceStatus.self, "skip", method: "POST", body: skip)))
        }
    }
}

struct Unskip: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes back a skip.",
        discussion: """
            What was passed by already is gone through before the session ends, or where it has ended, with 'queue retry'. A lamella without which \
            the acquisition of its grid was begun stays out.
            """)
    @OptionGroup var client: ServiceClient
    @Option(help: "The cassette slot of the grid.")
    var grid: Int
    @Option(help: "The number of the lamella; without it the whole grid is taken back.")
    var lamella: Int?
    @Option(help: "The number of the session, as 'queue list --all' shows it; that under way if not given.")
    var session: Int64?

    func run() async throws {
        try await reporting {
            let request = try APICoding.encoded(TakingBack(grid: grid, lamella: lamella, session: session))
            print(description(of: try await client.ask(ServiceStatus.self, "unskip", method: "POST", body: request)))
        }
    }
}

struct Confirm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Confirms the lamellae or targets that the session waits for; 'status' shows them.")
    @OptionGroup var client: ServiceClient
    @Option(help: "The cassette slot of the grid; without it, the one that waits.")
    var grid: Int?

    func run() async throws {
        try await reporting {
            guard let waiting = try await client.ask(ServiceStatus.self, "status").inspection else {
                throw WorkflowError.refused("Nothing waits to be confirmed.")
            }
            // What was seen in the status is confirmed, and not what may wait a moment later.
            let confirmation = Confirmation(grid: grid ?? waiting.grid, subject: waiting.subject)
            let status = try await client.ask(ServiceStatus.self, "confirm", method: "POST", body: try APICoding.encoded(confirmation))
            let isOpen = status.inspection.map { $0.grid == confirmation.grid && $0.subject == confirmation.subject } ?? false
            print("confirmed the \(confirmation.subject.rawValue) of grid \(confirmation.grid)" + (isOpen ? "; the session has not looked at it yet" : ""))
        }
    }
}

struct Answer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what became of a step that was begun and that nobody else can settle; 'status' shows it.",
        discussion: """
            happened: it is taken as done, if what it should have left can be read. repeat: it is done again, though the place may then \
            be exposed twice. skip: the lamella, or the grid, is left out.
            """)
    @OptionGroup var client: ServiceClient
    @Option(help: "The step, as 'status' names it, so that no other is answered by accident.")
    var step: String
    @Option(help: "Why, for the log and the report.")
    var reason: String?
    @Argument(help: "happened, repeat or skip.")
    var answer: String

    func run() async throws {
        try await reporting {
            guard let word = StepAnswer(rawValue: answer) else {
                throw WorkflowError.refused("'\(answer)' is no answer; it must be one of \(StepAnswer.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            let body = try APICoding.encoded(AnswerToQuestion(step: step, answer: word, reason: reason))
            _ = try await client.ask(ServiceStatus.self, "answer", method: "POST", body: body)
            print("said '\(word.rawValue)' of \(step)")
        }
    }
}

struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the log of the service.")
    @OptionGroup var client: ServiceClient
    @Option(help: "Only lines after the one with this number.")
    var after: Int64?
    @Option(help: "Only so many of the newest lines.")
    var last: Int64?
    @Flag(help: "Goes on with new lines as they come, until Control-C.")
    var follow = false

    func validate() throws {
        if let after, after < 0 { throw ValidationError("--after is \(after); it must be the number of a line, or 0.") }
        guard let last else { return }
        guard last > 0 else { throw ValidationError("--last is \(last); it must be 1 or more lines.") }
        guard after == nil else { throw ValidationError("--after and --last both say where to begin; give one of them.") }
    }

    func run() async throws {
        try await reporting {
            let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current).year().month().day().time(includingFractionalSeconds: false)
            var reached = after ?? 0
            if let last { reached = max(0, try await client.ask(ServiceStatus.self, "status").lastEvent - last) }
            while true {
                let page = try await client.ask(LogPage.self, "log", query: ["after": "\(reached)", "limit": "1000"])
                for event in page.events {
                    let time = event.time.formatted(style)
                    let level = event.level == .note ? "" : "\(event.level.rawValue.uppercased()) "
                    show("\(event.id)  \(time)  \(event.session.map { "[\($0)] " } ?? "")\(level)\(event.text)")
                }
                reached = page.events.last?.id ?? reached
                guard page.events.isEmpty else { continue }
                guard follow else { return }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// Prints a line at once, also into a pipe, for whoever reads along.
private func show(_ line: String) {
    print(line)
    fflush(nil)
}
