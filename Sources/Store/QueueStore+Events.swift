public import Foundation
import GRDB
import Workflow

extension QueueStore {
    /// Appends a line to the log.
    @discardableResult
    public func log(
        _ text: String, kind: String, level: LoggedEvent.Level = .note, session: Int64? = nil, at time: Date
    ) async throws -> LoggedEvent {
        try await write { db in try Self.append(text, kind: kind, level: level, session: session, at: time, db) }
    }

    static func append(
        _ text: String, kind: String, level: LoggedEvent.Level, session: Int64?, at time: Date, _ db: Database
    ) throws -> LoggedEvent {
        try db.execute(
            sql: "INSERT INTO event (session, time, level, kind, text) VALUES (?, ?, ?, ?, ?)",
            arguments: [session, Self.text(time), level.rawValue, kind, text])
        return LoggedEvent(id: db.lastInsertedRowID, session: session, time: time, level: level, kind: kind, text: text)
    }

    /// The lines after one, oldest first, at most so many.
    public func events(after id: Int64, limit: Int) async throws -> [LoggedEvent] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?", arguments: [id, max(0, limit)]
            ).map(Self.event)
        }
    }

    /// The number of the newest line; 0 where there is none.
    public func lastEvent() async throws -> Int64 {
        try await read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM event") ?? 0 }
    }

    /// Remembers how long a step of a kind took.
    public func remember(_ duration: Duration, ofStep kind: String) async throws {
        let seconds = duration / .seconds(1)
        try await write { db in
            try db.execute(sql: "INSERT INTO stepTime (kind, seconds) VALUES (?, ?)", arguments: [kind, max(0, seconds)])
        }
    }

    /// The median of the last 100 steps of a kind; nil where none was done yet.
    public func medianTime(ofStep kind: String) async throws -> Duration? {
        let seconds = try await read { db in
            try Double.fetchAll(
                db, sql: "SELECT seconds FROM stepTime WHERE kind = ? AND seconds < 10000000 ORDER BY id DESC LIMIT 100", arguments: [kind])
        }.sorted()
        guard !seconds.isEmpty else { return nil }
        return .seconds((seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2)
    }

    private static func event(_ row: Row) throws -> LoggedEvent {
        LoggedEvent(
            id: row["id"], session: row["session"], time: try date(row["time"], of: "line \(row["id"] as Int64) of the log"),
            // The table holds no other level.
            level: LoggedEvent.Level(rawValue: row["level"]) ?? .note, kind: row["kind"], text: row["text"])
    }
}
