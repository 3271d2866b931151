import Foundation
import SerialEMProtocol
import SerialEMSimulator
import Testing

/// A virtual microscope in external control, without a socket, with a folder of its own.
struct Bench: Sendable {
    let microscope: VirtualMicroscope
    let folder: String

    /// What a command reports; an error of the command fails the test.
    @discardableResult
    func run(_ name: String, _ arguments: Argument..., location: SourceLocation = #_sourceLocation) async throws -> [ReportedValue] {
        let reply = try await reply(name, arguments)
        #expect(reply.status == .success, "\(name): \(reply.failureMessage ?? "")", sourceLocation: location)
        return reply.values
    }
    func numbers(_ name: String, _ arguments: Argument..., location: SourceLocation = #_sourceLocation) async throws -> [Double] {
        let reply = try await reply(name, arguments)
        #expect(reply.status == .success, "\(name): \(reply.failureMessage ?? "")", sourceLocation: location)
        return reply.values.map { if case .number(let number) = $0 { number } else { .nan } }
    }
    func texts(_ name: String, _ arguments: Argument..., location: SourceLocation = #_sourceLocation) async throws -> [String] {
        let reply = try await reply(name, arguments)
        #expect(reply.status == .success, "\(name): \(reply.failureMessage ?? "")", sourceLocation: location)
        return reply.values.map { if case .text(let text) = $0 { text } else { "a number" } }
    }
    /// The message of a command that has to fail.
    func failure(_ name: String, _ arguments: Argument..., location: SourceLocation = #_sourceLocation) async throws -> String {
        let reply = try await reply(name, arguments)
        #expect(reply.status == .failed, sourceLocation: location)
        return reply.failureMessage ?? ""
    }
    private func reply(_ name: String, _ arguments: [Argument]) async throws -> CommandReply {
        let definition = try #require(FunctionCodes.definition(named: name), "\(name)")
        return await microscope.perform(CommandRequest(code: definition.code, arguments: arguments))
    }
    /// Ends control as a client does, and takes it again with message boxes off.
    func startNewPeriod() async throws {
        let exit = try #require(FunctionCodes.definition(named: "Exit"))
        #expect(await microscope.perform(CommandRequest(code: exit.code, arguments: [.number(0)])).status == .normalExit)
        #expect(await microscope.beginControl())
        try await run("NoMessageBoxOnError", .integer(1))
    }
    func path(_ name: String) -> String { "\(folder)/\(name)" }
}

func withBench(
    dialogSeconds: Double? = 60, navigatorTables: Bool = false, boxes: Bool = false, timeScale: Double = 0,
    _ body: (Bench) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let microscope = VirtualMicroscope(
        configuration: SimulatorConfiguration(
            seed: 3, folder: folder, timeScale: timeScale, dialogSeconds: dialogSeconds, writesNavigatorTables: navigatorTables))
    let bench = Bench(microscope: microscope, folder: folder)
    #expect(await microscope.beginControl())
    if !boxes { try await bench.run("NoMessageBoxOnError", .integer(1)) }
    try await body(bench)
}
