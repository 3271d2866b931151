import ArgumentParser
import Foundation
import ImageFiles
import Workflow

struct Initialise: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a settings file with every key explained.")

    @Argument(help: "Where to write it; session.yaml, or alarms.yaml, if not given.")
    var path: String?

    @Flag(help: "Writes the file for 'tomopilot serve --alarms' instead: who is told of alarms.")
    var alarms = false

    func run() throws {
        let path = path ?? (alarms ? "alarms.yaml" : "session.yaml")
        guard !FileManager.default.fileExists(atPath: path) else {
            throw fail(WorkflowError.refused("\(path) is there already; name another file or remove it."))
        }
        do {
            try AtomicFile.write(alarms ? AlarmSettings.commentedExample : SessionSettings.commentedExample, to: path)
        } catch {
            throw fail(error)
        }
        print("wrote \(path)")
    }
}
