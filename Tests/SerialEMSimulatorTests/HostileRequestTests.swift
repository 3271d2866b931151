import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// Requests that no operator makes: each is answered, and so is the next one.
@Suite struct HostileRequestTests {
    struct Call: Sendable, CustomStringConvertible {
        let name: String
        let arguments: [Argument]
        init(_ name: String, _ arguments: Argument...) {
            self.name = name
            self.arguments = arguments
        }
        var description: String { "\(name)(\(arguments.map(\.text).joined(separator: ", ")))" }
    }

    static let bad = [Double.nan, .infinity, 1e300, -1e300]
    static let calls: [[Call]] = {
        let smallest = Argument.text("-9223372036854775808")
        var calls: [[Call]] = [
            [Call("Copy", smallest, .text("B"))], [Call("GoToImagingState", smallest)], [Call("ImagingStateProperties", smallest)],
            [Call("R"), Call("Copy", .text("A"), .text("O")), align(x: -1, y: 0, reach: -60)],
        ]
        for x in bad {
            calls += [
                [Call("SetUserSetting", .text("BuffersToRollOnAcquire"), .number(x))],
                [Call("Delay", .number(x), .text("sec")), Call("R")],
                [Call("SetExposure", .text("R"), .number(x)), Call("R")],
                [Call("SetExposure", .text("R"), .number(1), .number(x)), Call("R")],
                [Call("R"), Call("Copy", .text("A"), .text("O")), align(x: -1, y: 0, reach: x), align(x: x.magnitude, y: x, reach: 1)],
                montage(.number(x)), polygon("\(x) 1 2"),
                [Call("SetDefocus", .number(x)), Call("R")],
                [Call("AddStagePosAsNavPoint", .number(x), .number(x), .number(x)), Call("MoveToNavItem", .integer(1))],
                [Call("MoveStageTo", .number(0), .number(0), .number(x))], [Call("TiltTo", .number(x))],
            ]
        }
        calls += [montage(.number(1e-300)), montage(.number(1), frame: 2_147_483_647)]
        return calls
    }()
    static func align(x: Double, y: Double, reach: Double) -> Call {
        Call("AlignBetweenMags", .text("O"), .number(x), .number(y), .number(reach), .number(0), .number(-1), .integer(1))
    }
    static func montage(_ binning: Argument, frame: Int = -1) -> [Call] {
        [
            Call("GoToImagingState", .text("1")), Call("SetupFullMontage", .number(0), .text("m.mrc")),
            Call(
                "SetMontageParams", .integer(1), .integer(-1), .integer(-1), .integer(frame), .integer(frame), .integer(0), binning),
        ]
    }
    static func polygon(_ xs: String) -> [Call] {
        [
            Call("OpenNavigator"), Call("SetVariable", .text("x"), .text(xs)), Call("SetVariable", .text("y"), .text("0 5 9")),
            Call("AddStagePointsAsPolygon", .text("x"), .text("y"), .number(0)),
            Call("SetupPolygonMontage", .integer(1), .number(0), .text("p.mrc")),
        ]
    }

    @Test(arguments: calls) func anAbsurdRequestIsAnsweredAndSoIsTheNext(calls: [Call]) async throws {
        try await withSimulator { sem, server, _ in
            for call in calls {
                let definition = try #require(FunctionCodes.definition(named: call.name))
                // Past the client, which refuses to send most of these.
                _ = await server.microscope.perform(CommandRequest(code: definition.code, arguments: call.arguments))
            }
            let stage = try await sem.reportStageXYZ()
            #expect(stage.z.value.magnitude <= 300)
        }
    }

    @Test(arguments: [
        Call("MoveStageTo", .number(0), .number(0), .number(.nan)), Call("TiltTo", .number(.nan)), Call("SetDefocus", .number(1e300)),
        Call("Delay", .number(.infinity), .text("sec")), Call("SetExposure", .text("R"), .number(1e300)),
    ]) func aNumberThatIsNoneIsRefused(call: Call) async throws {
        try await withSimulator { _, server, _ in
            let definition = try #require(FunctionCodes.definition(named: call.name))
            let reply = await server.microscope.perform(CommandRequest(code: definition.code, arguments: call.arguments))
            #expect(reply.status == .failed)
        }
    }

    @Test func noComparisonOfAQuantityWithANaNIsTrue() {
        let (nan, one) = (Degrees(.nan), Degrees(1))
        #expect(!(nan <= one) && !(nan >= one) && !(nan < one) && !(nan > one) && !(one <= nan) && !(one >= nan))
    }
}
