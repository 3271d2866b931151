import Foundation
import Testing

/// A program of this build; the programs lie in the folder of the test bundle.
private func program(_ name: String) -> URL? {
    let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath().deletingLastPathComponent()
    let folders = [bundle, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    return folders.map { $0.appendingPathComponent(name) }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
}

@Suite struct FaultTests {
    /// In a process of its own: sockets, threads and memory are those of the client and its server alone.
    @Test func tenThousandFaultsEndAsTheyShouldAndLeaveNothingBehind() async throws {
        let process = Process()
        let executable: URL = try #require(program("wire-check"))
        process.executableURL = executable
        process.arguments = ["faults", "--requests", "10000"]
        // Freed memory goes back to the system at once, so that what is left over is what is held.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "2"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0, "\(said)")
        #expect(said.contains("10000 requests"))
    }
}
