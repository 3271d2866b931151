import ArgumentParser
import Workflow

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists what a session is going to do, step by step, without a microscope.",
        discussion: """
            reading asks the microscope and changes nothing; repeatable may be done again at any time; exposing puts electrons on the sample or \
            moves a grid, and is never done again blindly; at a checkpoint the session may be paused, thinned out or ended.
            """)

    @Argument(help: "The settings file of the session.")
    var settingsFile: String

    func run() throws {
        do {
            for line in SessionPlan(try SettingsFile.read(settingsFile).settings).lines { print(line) }
        } catch {
            throw fail(error)
        }
    }
}
