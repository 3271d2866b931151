import Foundation
import Processes

/// A short command of the system, such as Slurm's, with what it says.
struct SystemCommand: Sendable {
    struct Answer: Sendable {
        /// nil where it did not end in time and was killed.
        let status: Int32?
        let output: String
        let error: String
    }

    /// Runs a program that is found on the path.
    ///
    /// - Parameters:
    ///   - secrets: go into its environment, which only its owner can read; arguments can be read by everybody.
    static func run(_ arguments: [String], input: String? = nil, secrets: [String: String] = [:], within limit: Duration = .seconds(30)) async throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (output, error) = (folder.appendingPathComponent("output"), folder.appendingPathComponent("error"))
        let child = try ChildProgram(
            ["/usr/bin/env"] + arguments, environment: ChildProgram.inheritedEnvironment.merging(secrets) { $1 }, input: input.map { .bytes(Data($0.utf8)) } ?? .nothing,
            output: .file(output.path), error: .file(error.path), leadsGroup: true)
        let ending = await child.end(within: limit)
        func said(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
        let status: Int32? =
            switch ending {
            case .status(let status): status
            case .signal(let signal): 128 + signal
            case nil: nil
            }
        return Answer(status: status, output: said(output), error: said(error))
    }
}
