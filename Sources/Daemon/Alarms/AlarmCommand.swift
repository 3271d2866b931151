import Foundation

/// A program of the facility that is told of alarms: JSON on its standard input, nothing else.
package struct AlarmCommand: AlarmReceiver {
    private let path: String
    private let limit: Duration

    package var name: String { "the alarm command \(path)" }

    package init(path: String, limit: Duration = .seconds(30)) {
        self.path = path
        self.limit = limit
    }

    /// Runs the program for one alarm.
    package func send(_ alarm: Alarm) async throws {
        let problem: String?
        do {
            problem = try await run(with: APICoding.encoded(alarm))
        } catch {
            throw AlarmFailure("\(name) cannot be run: \(error.localizedDescription)")
        }
        if let problem { throw AlarmFailure(problem) }
    }

    private func run(with input: Data) async throws -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        let pipe = Pipe()
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            continuation.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        // A program that does not read ends the pipe early, which is its own business; the message fits into a pipe.
        try? pipe.fileHandleForWriting.write(contentsOf: input)
        try? pipe.fileHandleForWriting.close()
        let status = await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await status in ends { return status }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let status else {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            return "\(name) had not ended after \(limit.formatted()) and was killed"
        }
        return status == 0 ? nil : "\(name) ended with status \(status)"
    }
}
