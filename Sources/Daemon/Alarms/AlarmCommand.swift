import Foundation
import Processes

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
        let message = try APICoding.encoded(alarm)
        let child: ChildProgram
        do {
            child = try ChildProgram([path], input: .bytes(message), leadsGroup: true)
        } catch {
            throw AlarmFailure("\(name) cannot be run: \(error.localizedDescription)")
        }
        switch await child.end(within: limit) {
        case .status(0): return
        case .status(let status): throw AlarmFailure("\(name) ended with status \(status)")
        case .signal(let signal): throw AlarmFailure("\(name) was ended by signal \(signal)")
        case nil: throw AlarmFailure("\(name) had not ended after \(limit.formatted()) and was killed")
        }
    }
}
