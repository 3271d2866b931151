import Foundation
public import SerialEMProtocol
import SerialEMSimulator
import Testing

/// A virtual microscope without a socket, run by the names of commands.
struct Scenario {
    let microscope: VirtualMicroscope

    /// A command that was refused, with its text.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    init(seed: UInt64 = 3, _ change: (inout SimulatorConfiguration) -> Void = { _ in }) async throws {
        var configuration = SimulatorConfiguration(seed: seed, folder: FileManager.default.temporaryDirectory.path)
        change(&configuration)
        microscope = VirtualMicroscope(configuration: configuration)
        _ = await microscope.beginControl()
        try await run("NoMessageBoxOnError", 1)
    }

    @discardableResult
    func run(_ name: String, _ arguments: Argument...) async throws -> [ReportedValue] {
        let definition = try #require(FunctionCodes.definition(named: name))
        let reply = await microscope.perform(CommandRequest(code: definition.code, arguments: arguments))
        guard reply.status != .failed else { throw Refusal(description: reply.failureMessage ?? "") }
        return reply.values
    }
    func numbers(_ name: String, _ arguments: Argument...) async throws -> [Double] {
        let definition = try #require(FunctionCodes.definition(named: name))
        let reply = await microscope.perform(CommandRequest(code: definition.code, arguments: arguments))
        guard reply.status != .failed else { throw Refusal(description: reply.failureMessage ?? "") }
        return reply.values.compactMap(\.number)
    }

    /// A grid on the stage, light on the camera.
    func loadGrid(_ slot: Int = 1) async throws {
        try await run("LoadCartridge", .integer(slot))
        try await run("SetColumnOrGunValve", 1)
        try await run("SetBeamBlank", 0)
    }
    /// Goes to the first good lamella of the loaded grid.
    func goToLamella() async throws {
        let place = try await lamella()
        try await run("MoveStageTo", .number(place.stage.x), .number(place.stage.y), .number(place.eucentricZ))
    }
    func lamella() async throws -> SimulatorTruth.Lamella {
        let truth = await microscope.truth()
        let grid = try #require(truth.grids.first { $0.slot == truth.loadedSlot })
        return try #require(grid.lamellae.first { $0.className == "good" })
    }
    /// Takes a Record and tells where the beam really went.
    func trueCenter() async throws -> SIMD2<Double> {
        try await run("R")
        let last = try #require(await microscope.exposureLog().last)
        return SIMD2(last.trueX, last.trueY)
    }
    /// Asks until the stage has arrived; the number of questions that it took.
    func waitForStage() async throws -> Int {
        for count in 0 ..< 1000 where try await numbers("ReportStageBusy") == [0] { return count }
        throw Refusal(description: "The stage never arrived.")
    }
}

extension Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation {
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .text(value) }
}

extension SIMD2<Double> {
    var length: Double { (x * x + y * y).squareRoot() }
}
