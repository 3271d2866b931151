import Foundation
import Testing

/// A program of this build; the programs lie in the folder of the test bundle.
private func program(_ name: String) -> URL? {
    let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath().deletingLastPathComponent()
    let folders = [bundle, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    return folders.map { $0.appendingPathComponent(name) }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
}

@Suite struct FuzzTests {
    /// In a process of its own: a trap is seen, and memory is that of the decoders alone.
    @Test func aMillionBrokenPacketsDoNotCrashOrHangADecoderAndTakeLittleMemory() async throws {
        let process = Process()
        let executable: URL = try #require(program("wire-check"))
        process.executableURL = executable
        process.arguments = ["fuzz", "--packets", "1000000", "--memory", "64"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0, "\(said)")
        #expect(said.contains("1000000 streams"))
        // Every decoder must have been reached, and have taken some packets as well as refused some.
        for decoder in ["request", "command reply", "go-ahead", "OKtoRun reply", "image header", "image offer"] {
            #expect(said.contains("\(decoder): taken") && said.contains("\(decoder): inconsistentLength"))
        }
    }
}
