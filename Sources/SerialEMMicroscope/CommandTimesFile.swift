import Foundation
import Logging
import SerialEMClient

/// The times of commands, kept from one session to the next.
struct CommandTimesFile: Sendable {
    let times: CommandTimes
    private let path: String?

    /// - Parameters:
    ///   - path: nil forgets them with the session. A file that is not there or cannot be read counts for nothing, as on the first day.
    ///   - least: no command is given up before.
    ///   - pace: how many times faster than a real one the microscope is.
    init(path: String?, least: Duration, pace: Double) {
        self.path = path
        let data = path.flatMap { try? Data(contentsOf: URL(fileURLWithPath: $0)) }
        times = CommandTimes(data.flatMap { try? JSONDecoder().decode([String: CommandTimes.Seen].self, from: $0) } ?? [:], least: least, pace: pace)
    }

    /// Replaces the file as a whole; one that cannot be written is no harm to the session.
    func write(logger: Logger) {
        guard let path else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            try encoder.encode(times.all).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            logger.warning("The times of commands were not kept", metadata: ["file": "\(path)", "error": "\(error)"])
        }
    }
}
