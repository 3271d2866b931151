import ArgumentParser
import CMemory
import Foundation
import Version
import Workflow

@main
struct TomoPilot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tomopilot",
        abstract: "Drives SerialEM through a cryo-ET lamella session, from an unknown grid to tilt series.",
        version: version,
        subcommands: [
            Run.self, Plan.self, Doctor.self, Initialise.self, Serve.self, Queue.self, Status.self, Pause.self, Resume.self, Stop.self, Abort.self,
            SkipPart.self, Unskip.self, Confirm.self, Answer.self, Log.self, Models.self, Detect.self, Segment.self, ChooseTargets.self, Worker.self,
        ])

    static func main() async {
        // Each of the threads that analyse maps would keep what it used.
        cmemory_use_one_heap()
        // A full disk, a limit on the size of files or a reader that went away is an error of a write and gets its
        // sentence; the signal would end the program with the beam on.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        await main(nil)
    }
}

/// One clear sentence for the operator and an exit status that is not 0.
func fail(_ error: any Error) -> ExitCode {
    // If even this cannot be written, the exit status still tells.
    try? FileHandle.standardError.write(contentsOf: Data("tomopilot: \(sentence(error))\n".utf8))
    return ExitCode(1)
}
