import ArgumentParser
import Version

/// The command line of the simulator.
@main
struct SerialEMSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serialem-sim", abstract: "A virtual cryo-electron microscope with SerialEM in front of it.",
        version: version,
        subcommands: [Serve.self, TrainingData.self, Evaluate.self, Commands.self], defaultSubcommand: Serve.self)
}
