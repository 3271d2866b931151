public import Foundation
import GRDB

/// An alarm that is to be logged and delivered.
public struct OwedAlarm: Sendable {
    let text: String
    let kind: String
    let session: Int64?
    let receivers: [String]
    let message: @Sendable (LoggedEvent) throws -> Data

    /// - Parameter message: what is to be delivered, once the alarm has its number.
    public init(_ text: String, kind: String, session: Int64?, owedTo receivers: [String], message: @escaping @Sendable (LoggedEvent) throws -> Data) {
        self.text = text
        self.kind = kind
        self.session = session
        self.receivers = receivers
        self.message = message
    }
}

/// Alarms that somebody has not been told of yet: they outlive the service.
extension QueueStore {
    /// Appends an alarm to the log and remembers whom it is owed to, in one transaction.
    public func logAlarm(_ alarm: OwedAlarm, at time: Date) async throws -> LoggedEvent {
        try await write { db in try Self.append(alarm, at: time, db) }
    }

    static func append(_ alarm: OwedAlarm, at time: Date, _ db: Database) throws -> LoggedEvent {
        let event = try append(alarm.text, kind: alarm.kind, level: .alarm, session: alarm.session, at: time, db)
        guard !alarm.receivers.isEmpty else { return event }
        let message = try alarm.message(event)
        for receiver in Set(alarm.receivers) {
            try db.execute(sql: "INSERT INTO undelivered (event, receiver, message) VALUES (?, ?, ?)", arguments: [event.id, receiver, message])
        }
        return event
    }

    /// Writes down that a receiver has an alarm.
    public func setDelivered(_ alarm: Int64, to receiver: String) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM undelivered WHERE event = ? AND receiver = ?", arguments: [alarm, receiver])
        }
    }

    /// What a receiver has not been told yet, oldest first, and of more than so many the newest.
    public func undelivered(to receiver: String, most: Int) async throws -> [Data] {
        try await read { db in
            try Data.fetchAll(
                db, sql: "SELECT message FROM undelivered WHERE receiver = ? ORDER BY event DESC LIMIT ?",
                arguments: [receiver, max(0, most)])
        }.reversed()
    }

    /// Gives up what is owed to receivers that there are no more.
    public func forgetUndelivered(except receivers: [String]) async throws {
        try await write { db in
            for receiver in try String.fetchAll(db, sql: "SELECT DISTINCT receiver FROM undelivered") where !receivers.contains(receiver) {
                try db.execute(sql: "DELETE FROM undelivered WHERE receiver = ?", arguments: [receiver])
            }
        }
    }
}
