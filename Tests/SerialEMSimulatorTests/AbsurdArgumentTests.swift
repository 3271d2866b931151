import SerialEMProtocol
import SerialEMSimulator
import Testing

/// Every command, with arguments that nobody means: an answer comes, and the microscope still answers afterwards.
@Suite struct AbsurdArgumentTests {
    private static let numbers: [Double] = [.nan, .infinity, -1e300, 1e300, -1, 0, 1, 2, 3, 0.5, 1e9, -2_147_483_648, 2_147_483_647, 9e18]
    private static let texts = [
        "", "A", "B", "W", "0", "1", "-1", "-9223372036854775808", "9223372036854775807", "nan", "inf", "x.mrc", "grid.nav", "a\nb", "\u{0}", "µ",
        String(repeating: "9", count: 400), "xs", "V",
    ]
    /// They take minutes of computing where nothing is wrong with them.
    private static let slow: Set = ["AlignBetweenMags", "AlignWithRotation", "TransformToOtherMag"]

    private static func argument(_ seed: inout UInt64) -> Argument {
        // SplitMix64.
        seed &+= 0x9E37_79B9_7F4A_7C15
        var z = seed
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        let place = Int(z % 1000)
        if z & 0x1000_0000 != 0 { return .number(numbers[place % numbers.count]) }
        let text = texts[place % texts.count]
        return z & 0x2000_0000 != 0 ? .text(text) : Argument(number: numbers[place % numbers.count], text: text)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func everyCommandAnswers(seed: UInt64) async throws {
        try await withBench { bench in
            try await bench.run("LoadCartridge", .integer(1))
            try await bench.run("OpenNavigator", .text("grid.nav"))
            for set in ["V", "F", "T", "R", "P", "S", "M"] { try await bench.run("SetBinning", .text(set), .number(8)) }
            try await bench.run("OpenNewFile", .text("first.mrc"))
            try await bench.run("R")
            try await bench.run("Copy", .text("A"), .text("B"))
            try await bench.run("NewMap")
            try await bench.run("SetVariable", .text("xs"), .text("1\n2\n3"))
            try await bench.run("AddStagePointsAsPolygon", .text("xs"), .text("xs"), .number(0))
            var state = seed &* 7919
            for definition in FunctionCodes.all {
                guard definition.name != "SetBinning", !Self.slow.contains(definition.name) else { continue }
                for count in [0, 1, 3, 6] {
                    let arguments = (0 ..< count).map { _ in Self.argument(&state) }
                    let reply = await bench.microscope.perform(CommandRequest(code: definition.code, arguments: arguments))
                    let isAnswer = [.success, .failed, .normalExit, .exitWithCode].contains(reply.status)
                    #expect(isAnswer, "\(definition.name)")
                    // An acquisition would run on its own; it is not what is tried here.
                    _ = await bench.microscope.takePendingAcquisition()
                    _ = await bench.microscope.beginControl()
                }
            }
            #expect(try await bench.numbers("ReportNumExeFuncs") == [841])
        }
    }
}
