import ArgumentParser
import Foundation
import Logging
import SerialEMClient

/// `wire-check faults`: our client against a server that misbehaves. Exit status 1 if a request ended otherwise than it
/// should, or if sockets, connections or memory were left over.
struct Faults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults", abstract: "Let a server misbehave, and see how the client takes it.")

    @Option(help: "How many requests.")
    var requests = 10_000
    @Option(help: "What decides all faults.")
    var seed: UInt64 = 1
    @Option(help: "How many clients, each with a server of its own, work at a time.")
    var lanes = 16
    @Option(help: "By how many megabytes memory may have grown after the warm-up.")
    var memory = 4
    @Option(help: "After how many seconds it counts as a hang.")
    var limit: UInt32 = 600

    func validate() throws {
        guard (1 ... 1000).contains(lanes) else { throw ValidationError("--lanes has to be from 1 to 1000; \(lanes) is not.") }
        guard (lanes ... 1_000_000_000).contains(requests) else {
            throw ValidationError("--requests has to be at least one for each of the \(lanes) lanes, and at most 1000000000; \(requests) is not.")
        }
        try Limits.check(memory: memory, limit: limit)
    }

    func run() async throws {
        startAgainWithPlainMemory()
        alarm(limit)
        // What the first requests leave behind belongs to the program.
        let warmUp = try await inject(max(2000, requests / 5), seed: seed &+ 1_000_000)
        // Threads without work leave after five seconds.
        try await Task.sleep(for: .seconds(6))
        let before = try Holdings.now()
        let run = try await inject(requests, seed: seed)
        var after = try Holdings.now()
        for _ in 0..<40 where after.files > before.files || after.threads > before.threads + 2 {
            try await Task.sleep(for: .milliseconds(500))
            after = try Holdings.now()
        }
        for (fault, count) in run.ends.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(fault)") }
        for complaint in (warmUp.complaints + run.complaints).prefix(20) { print(complaint) }
        print("\(run.injected) requests from seed \(seed), \(run.complaints.count + warmUp.complaints.count) ended wrongly")
        print("open files \(before.files) before, \(after.files) after; threads \(before.threads), \(after.threads); "
            + "memory \(before.memory) kB, \(after.memory) kB")
        // A thread or two that the system keeps for its own purposes come and go.
        let leaks = after.files > before.files || after.threads > before.threads + 2 || after.memory - before.memory > memory * 1000
        if leaks { print("something was left over") }
        if leaks || !run.complaints.isEmpty || !warmUp.complaints.isEmpty { throw ExitCode(1) }
    }

    /// The C library keeps freed memory for each thread that ever was, up to some hundred megabytes. It is told at the
    /// program's start to give all of it back, so that what is left over is what is held.
    private func startAgainWithPlainMemory() {
        let settings = ["MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"]
        let environment = ProcessInfo.processInfo.environment
        guard settings.contains(where: { environment[$0.key] != $0.value }) else { return }
        for (name, value) in settings { setenv(name, value, 1) }
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Returns only if it fails, and then the figures are less exact.
        execv("/proc/self/exe", &arguments)
    }

    private func inject(_ count: Int, seed: UInt64) async throws -> FaultRun.Tally {
        var logger = Logger(label: "wire-check")
        logger.logLevel = .error
        let quiet = logger
        return try await withThrowingTaskGroup(of: FaultRun.Tally.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    let server = try await FaultyServer.start()
                    var run = FaultRun(seed: seed &* 1000 &+ UInt64(lane), server: server, logger: quiet)
                    try await run.run(count: count / lanes, from: lane * count)
                    try await server.stop()
                    return run.tally
                }
            }
            return try await group.reduce(into: FaultRun.Tally()) { total, tally in
                total.injected += tally.injected
                total.complaints += tally.complaints
                total.ends.merge(tally.ends, uniquingKeysWith: +)
            }
        }
    }
}

/// What the process holds.
private struct Holdings {
    let files: Int
    let threads: Int
    /// Resident, in kilobytes.
    let memory: Int

    static func now() throws -> Holdings {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        func number(_ key: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap { Int($0) }.first ?? 0
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        return Holdings(files: files, threads: number("Threads:"), memory: number("VmRSS:"))
    }
}
