import ArgumentParser

/// Programs that try the wire: they belong to the tests and benchmarks, and no session needs them.
@main
struct WireCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wire-check", abstract: "Try SerialEM's protocol: broken packets, a server that misbehaves, the speed of the client.",
        subcommands: [Fuzz.self, Faults.self, Drive.self, Serve.self])
}
