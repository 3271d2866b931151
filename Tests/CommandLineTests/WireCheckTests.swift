import Testing

/// The codec and the client against what no program should send. Each runs in a process of its own: a trap is seen, and
/// sockets, threads and memory are its own.
@Suite struct WireCheckTests {
    @Test func aMillionBrokenPacketsDoNotCrashOrHangADecoderAndTakeLittleMemory() async throws {
        try await withFolder { folder in
            let ending = try await RunningProgram(
                [program("wire-check"), "fuzz", "--packets", "1000000", "--memory", "64"], in: folder).ending()
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
            #expect(ending.output.contains("1000000 streams"))
            // Every decoder must have been reached, and have taken some packets as well as refused some.
            for decoder in ["request", "command reply", "go-ahead", "OKtoRun reply", "image header", "image offer"] {
                #expect(ending.output.contains("\(decoder): taken") && ending.output.contains("\(decoder): inconsistentLength"))
            }
        }
    }

    @Test func tenThousandFaultsEndAsTheyShouldAndLeaveNothingBehind() async throws {
        try await withFolder { folder in
            let ending = try await RunningProgram(
                [program("wire-check"), "faults", "--requests", "10000"], in: folder).ending()
            #expect((ending.status, ending.error) == (0, ""), "\(ending.output)")
            #expect(ending.output.contains("10000 requests"))
        }
    }
}
