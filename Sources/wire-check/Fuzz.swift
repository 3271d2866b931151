import ArgumentParser
import Foundation

/// `wire-check fuzz`: feeds random and broken packets to every decoder. Exit status 1 if one was taken wrongly or memory
/// grew; a trap or a hang ends the program by a signal.
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz", abstract: "Feed random and broken packets to every decoder.")

    @Option(help: "How many streams of one to three packets.")
    var packets = 1_000_000
    @Option(help: "The seed of the first one; each has its own, and one that is taken wrongly is named by it.")
    var seed: UInt64 = 1
    @Option(help: "The most memory that the program may have taken, in megabytes.")
    var memory = 64
    @Option(help: "After how many seconds it counts as a hang.")
    var limit: UInt32 = 300

    func validate() throws {
        guard packets >= 1 else { throw ValidationError("--packets has to be 1 or more; \(packets) is not.") }
        try Limits.check(memory: memory, limit: limit)
    }

    func run() throws {
        alarm(limit)
        var check = DecoderCheck()
        for number in 0..<UInt64(packets) {
            var source = BrokenPackets(seed: seed &+ number)
            let stream = try source.stream()
            do {
                try check.check(stream, &source.generator)
            } catch {
                print("seed \(seed &+ number): \(error)")
                print(stream.map { String(format: "%02x", $0) }.joined(separator: " "))
                throw ExitCode(1)
            }
        }
        for (outcome, count) in check.outcomes.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(outcome)") }
        let peak = try peakMemory()
        print("\(packets) streams from seed \(seed), peak memory \(peak) MB")
        if peak > memory { throw ExitCode(1) }
    }

    /// In megabytes of a million bytes.
    private func peakMemory() throws -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").compactMap({ Int($0) }).first else { throw ExitCode(1) }
        return kilobytes * 1024 / 1_000_000
    }
}
