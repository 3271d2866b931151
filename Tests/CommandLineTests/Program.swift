import Foundation
import Processes

/// The programs of a build lie in the folder of its test bundle, wherever that is.
private let buildFolder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath().deletingLastPathComponent()

/// A program of this build.
func program(_ name: String) -> String {
    let candidates = [buildFolder, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    let paths = candidates.map { $0.appendingPathComponent(name).path }
    return paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? paths[0]
}

/// The models that come with the project.
let modelsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Models").path

/// How a program ended and what it said.
struct Ending {
    /// What it exited with, or the number of the signal that ended it.
    let status: Int32
    let output: String
    let error: String
}

/// A program that runs; what it says goes to files, so that no pipe can fill up.
struct RunningProgram {
    private let child: ChildProgram
    private let folder: URL

    /// - Parameter script: what bash does before the program takes its place, such as `ulimit -f 8`.
    init(_ arguments: [String], in folder: String, after script: String = "true") throws {
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("said-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        for name in ["output", "error"] { try Data().write(to: self.folder.appendingPathComponent(name)) }
        child = try ChildProgram(
            ["/bin/bash", "-c", "cd \"$0\" && \(script) && exec \"$@\"", folder] + arguments,
            output: .file(self.folder.appendingPathComponent("output").path), error: .file(self.folder.appendingPathComponent("error").path))
    }

    private func said(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? "(not UTF-8)"
    }

    /// Waits until the output has a line that begins like this, and gives the rest of it; nil if the program ends before.
    func line(beginning start: String) async throws -> String? {
        while true {
            let lines = said("output").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(start) }) { return String(line.dropFirst(start.count)) }
            guard child.isRunning else { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for the end. A program that hangs is stopped after fifteen minutes, and its status tells of the signal.
    func ending() async throws -> Ending {
        let begin = ContinuousClock.now
        while child.isRunning {
            if ContinuousClock.now - begin > .seconds(900) { child.signal(SIGKILL) }
            try await Task.sleep(for: .milliseconds(20))
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let status: Int32 =
            switch child.ending {
            case .status(let number), .signal(let number): number
            case nil: -1
            }
        return Ending(status: status, output: said("output"), error: said("error"))
    }

    /// A script to run before a program: sends it a signal (by its name in bash; Control-C sends INT) as soon as its output
    /// has a text. The tests' own threads may be too busy to do it in time.
    static func signal(_ name: String, whenSaid text: String) -> String {
        "{ (until grep -q '\(text)' /proc/$$/fd/1; do kill -0 $$ || exit; sleep 0.05; done; kill -\(name) $$) 2>/dev/null & }"
    }

    /// What the system says of its memory; nil when it has ended.
    var residentKilobytes: Int? {
        let status = try? String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first
    }

    /// Waits until a signal has made it stand still.
    func stopped() async throws {
        while child.isRunning {
            let status = try? String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)
            if status?.contains("State:\tT") ?? false { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends it as a crash does: it can do nothing more.
    func crash() async throws {
        child.signal(SIGKILL)
        _ = try await ending()
    }

    /// Asks it to end, and waits.
    func stop() async throws { _ = try await terminated() }

    /// Asks it to end, waits, and says how it did.
    func terminated() async throws -> Ending {
        signal(SIGTERM)
        return try await ending()
    }

    var isRunning: Bool { child.isRunning }

    func signal(_ number: Int32) { child.signal(number) }
}

/// Runs `tomopilot` to its end.
func tomopilot(_ arguments: String..., in folder: String, after script: String = "true") async throws -> Ending {
    try await RunningProgram([program("tomopilot")] + arguments, in: folder, after: script).ending()
}
