import ArgumentParser
import Foundation

@main
struct TomoPilot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tomopilot",
        abstract: "Drives SerialEM through a cryo-ET lamella session, from an unknown grid to tilt series.",
        subcommands: [Run.self, Initialise.self])
}

/// One clear sentence for the operator and an exit status that is not 0.
func fail(_ error: any Error) -> ExitCode {
    FileHandle.standardError.write(Data("tomopilot: \(error)\n".utf8))
    return ExitCode(1)
}
