import ArgumentParser
import SerialEMSimulator

/// Lists SerialEM's commands and what the simulator makes of each.
struct Commands: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List SerialEM's commands: which are real here, which simplified, which refused.",
        discussion: "One line each, with tabs between code, name, letters of the arguments, state and remark.")

    @Flag(help: "As a page in Markdown; this is how Sources/SerialEMSimulator/Commands.md is written.")
    var markdown = false

    func run() { print(markdown ? CommandPage.markdown : CommandPage.text, terminator: "") }
}
