import ArgumentParser
import Daemon
import Foundation
import Store

struct Queue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows and changes the queue of the service.", subcommands: [Add.self, List.self, Retry.self, Move.self, Remove.self],
        defaultSubcommand: List.self)

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Puts a session at the end of the queue.")
        @OptionGroup var client: ServiceClient
        @Argument(help: "The settings file; the service takes its text as it is now.")
        var settingsFile: String
        @Option(help: "What people call it; the name of its folder if not given.")
        var name: String?
        @Option(help: "stop or continue: what the queue does if this session fails. If not given, it goes on where only this session was at fault.")
        var onFailure: String?

        func run() async throws {
            try await reporting {
                let text = try SettingsFile.text(settingsFile)
                let base = URL(fileURLWithPath: settingsFile).deletingLastPathComponent().standardizedFileURL.path
                let session = try await client.ask(
                    SessionEntry.self, "queue", method: "POST", query: ["name": name, "base": base, "on_failure": onFailure],
                    body: Data(text.utf8), type: "application/yaml")
                print("queued \(session.id) \(session.name)")
                try await client.tellHold()
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the session under way and those that wait.")
        @OptionGroup var client: ServiceClient
        @Flag(help: "Also the sessions that have ended.")
        var all = false

        func run() async throws {
            try await reporting {
                show(try await client.ask(QueueListing.self, "queue", query: ["all": all ? "true" : nil]))
                try await client.tellHold()
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a session that has ended go on where it was, before all that wait.",
            discussion: """
                What is done stays done, what failed is tried again, and what people skipped stays out. A queue that is held because of \
                this session goes on; one that was paused, or whose microscope could not be made safe, waits for resume.
                """)
        @OptionGroup var client: ServiceClient
        @Argument(help: "The number of the session; 'queue list --all' shows it.")
        var session: Int

        func run() async throws {
            try await reporting { show(try await client.ask(QueueListing.self, "queue/\(session)/retry", method: "POST")) }
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Moves a session that waits to another place.")
        @OptionGroup var client: ServiceClient
        @Argument(help: "The number of the session.")
        var session: Int
        @Argument(help: "Its new place among those that wait, from 1.")
        var place: Int

        func run() async throws {
            try await reporting {
                show(try await client.ask(QueueListing.self, "queue/\(session)/move", method: "POST", body: try APICoding.encoded(["to": place])))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a session that waits out of the queue.")
        @OptionGroup var client: ServiceClient
        @Argument(help: "The number of the session.")
        var session: Int

        func run() async throws {
            try await reporting { show(try await client.ask(QueueListing.self, "queue/\(session)", method: "DELETE")) }
        }
    }
}

/// Prints the queue, a line for each session.
extension ServiceClient {
    /// Who queues a session has to know that it is not begun.
    fileprivate func tellHold() async throws {
        let status = try await ask(ServiceStatus.self, "status")
        if status.state == .held { print("the queue is held (\(status.reason ?? "by a person")); 'tomopilot resume' lets it go on") }
    }
}

private func show(_ queue: QueueListing) {
    guard !queue.sessions.isEmpty else { return print("the queue is empty") }
    for session in queue.sessions {
        let state = session.state.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        print("\(session.id)  \(state) \(session.name)  \(session.sessionDir)" + (session.reason.map { "  (\($0))" } ?? ""))
    }
}

/// Runs a command; what goes wrong is one sentence on standard error.
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let code as ExitCode {
        throw code
    } catch {
        throw fail(error)
    }
}
