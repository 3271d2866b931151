package import Foundation

/// What people are told: what happened, where, and what the service does next.
package struct Alarm: Codable, Sendable, Hashable {
    /// Number of its line in the service's log.
    package let id: Int64
    package let time: Date
    /// What it is about, such as `overdue` or `interlock`.
    package let kind: String
    package let text: String
    package let session: Int64?
    package let sessionName: String?
    /// Name of the grid on the stage.
    package let grid: String?
    /// What was being done.
    package let step: String?
    /// Path of the newest picture or map of the grid.
    package let lastImage: String?
    /// What the service does if nobody does anything.
    package let next: String

    /// For people, a line for each thing that is known.
    var lines: [String] {
        [
            text, sessionName.map { "Session: \($0)" }, grid.map { "Grid: \($0)" }, step.map { "Step: \($0)" },
            lastImage.map { "Last image: \($0)" }, "Next: \(next)",
        ].compactMap(\.self)
    }

    /// One line without breaks, for the subject of a mail.
    var subject: String {
        let line = "TomoPilot: " + (sessionName.map { "\($0): " } ?? "") + text
        return String(line.map { $0.isNewline ? " " : $0 }.prefix(120))
    }
}

/// Somebody or something that is told of alarms.
package protocol AlarmReceiver: Sendable {
    /// For messages, without secrets: `the webhook`.
    var name: String { get }
    /// Returns when the alarm is taken, within a minute.
    ///
    /// - Throws: ``AlarmFailure``; the alarm is then sent again, unless the failure is for good.
    func send(_ alarm: Alarm) async throws
}

/// Why an alarm was not taken, without secrets.
package struct AlarmFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// Whether the same alarm would be refused again, as by a mail server that does not know the address.
    package let isPermanent: Bool

    package init(_ description: String, isPermanent: Bool = false) {
        self.description = description
        self.isPermanent = isPermanent
    }
}
