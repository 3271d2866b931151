public import Foundation
import GRDB

/// Alarms that somebody has not been told of yet: they outlive the service.
extension QueueStore {
    /// Appends an alarm to the log and remembers whom it is owed to, in one transaction.
    ///
    /// - Parameter message: what is to be delivered, once the alarm has its number.
    public func logAlarm(
        _ text: String, kind: String, session: Int64?, at time: Date, owedTo receivers: [String],
        message: @escaping @Sendable (LoggedEvent) throws -> Data
    ) async throws -> LoggedEvent {
        try await write { db in
            let event = try Self.append(text, kind: kind, level: .alarm, session: session, at: time, db)
            guard !receivers.isEmpty else { return event }
            let message = try message(event)
            for receiver in Set(receivers) {
                try db.execute(
                    sql: "INSERT INTO undelivered (event, receiver, message) VALUES (?, ?, ?)", arguments: [event.id, receiver, message])
            }
            return event
        }
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
