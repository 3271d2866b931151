public import Foundation
import GRDB

/// Why no further session is started.
public struct Standstill: Sendable, Hashable {
    public struct Hold: Sendable, Hashable {
        public let reason: String
        /// The session that it comes from; whoever lets that go on lifts the hold.
        public let session: Int64?

        public init(reason: String, session: Int64? = nil) {
            self.reason = reason
            self.session = session
        }
    }
    /// What a person asked for, or a failure.
    public let hold: Hold?
    /// The session after which the microscope has not been made safe.
    public let unsafe: QueuedSession?

    public init(hold: Hold?, unsafe: QueuedSession?) {
        self.hold = hold
        self.unsafe = unsafe
    }
}

extension QueueStore {
    /// Why no further session is started.
    public func standstill() async throws -> Standstill {
        try await read { db in
            let hold = try Row.fetchOne(db, sql: "SELECT reason, session FROM hold").map { Standstill.Hold(reason: $0["reason"], session: $0["session"]) }
            let unsafe = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = (SELECT session FROM unsafe)").map(Self.session)
            return Standstill(hold: hold, unsafe: unsafe)
        }
    }

    /// Keeps the queue from starting sessions. Of an unsafe microscope it says nothing.
    ///
    /// - Parameter ending: how a person ends by it the session that it comes from; one that was aborted stays so.
    public func setHold(_ hold: Standstill.Hold, ending: QueuedSession.Ending? = nil) async throws {
        try await write { db in
            try Self.setHold(hold, db)
            guard let ending else { return }
            try db.execute(
                sql: "UPDATE session SET ending = CASE ending WHEN 'abort' THEN 'abort' ELSE ? END WHERE id = ? AND state IN ('running', 'paused')",
                arguments: [ending.rawValue, hold.session])
        }
    }

    private static func setHold(_ hold: Standstill.Hold, _ db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO hold (id, reason, session) VALUES (1, ?, ?)", arguments: [hold.reason, hold.session])
    }

    /// Lets the queue go on: a person has looked at it, and at the microscope.
    public func release() async throws {
        try await write { db in try db.execute(sql: "DELETE FROM hold; DELETE FROM unsafe") }
    }

    /// Writes down that the microscope was made safe after a session; a hold stays.
    public func setSafe(after session: Int64) async throws {
        try await write { db in try db.execute(sql: "DELETE FROM unsafe WHERE session = ?", arguments: [session]) }
    }

    /// What a session lifts that a person lets go on: its own hold, and, unless another keeps it from starting, the care for the
    /// microscope, which it then takes over.
    static func lift(for session: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM hold WHERE session = ?", arguments: [session])
        try db.execute(sql: "DELETE FROM unsafe WHERE session = ? AND NOT EXISTS (SELECT * FROM hold)", arguments: [session])
    }

    /// Writes down all that the end of a session means, at once: nothing of it is lost where the service ends in between.
    ///
    /// - Parameters:
    ///   - hold: keeps the queue from going on.
    ///   - isUnsafe: whether the microscope has to be made safe yet.
    public func end(
        _ id: Int64, as state: QueuedSession.State, reason: String?, at time: Date, hold: Standstill.Hold?, isUnsafe: Bool, alarms: [OwedAlarm]
    ) async throws -> [LoggedEvent] {
        try await write { db in
            try Self.set(id, to: state, reason: reason, at: time, db)
            if let hold { try Self.setHold(hold, db) }
            if isUnsafe { try db.execute(sql: "INSERT OR REPLACE INTO unsafe (id, session) VALUES (1, ?)", arguments: [id]) }
            return try alarms.map { try Self.append($0, at: time, db) }
        }
    }

    /// Earlier builds had all of it in the reason of the hold.
    static func divideHold(_ db: Database) throws {
        guard let written = try String.fetchOne(db, sql: "SELECT reason FROM hold") else { return }
        var reason = written
        // Names are not unique: the session under way is meant, or the last one that has ended.
        let sessions = try Row.fetchAll(
            db, sql: "SELECT id, name FROM session WHERE state NOT IN ('queued', 'removed') ORDER BY ended IS NOT NULL, ended DESC, id DESC")
        let names = sessions.map { (id: $0["id"] as Int64, name: $0["name"] as String) }
        for (id, name) in names {
            let unsafe = "the microscope could not be made safe after session '\(name)'"
            guard reason.hasSuffix(unsafe) else { continue }
            try db.execute(sql: "INSERT INTO unsafe (id, session) VALUES (1, ?)", arguments: [id])
            reason = String(reason.dropLast(unsafe.count))
            if reason.hasSuffix("; ") { reason = String(reason.dropLast(2)) }
            break
        }
        try db.execute(sql: "DELETE FROM hold")
        guard !reason.isEmpty else { return }
        try setHold(Standstill.Hold(reason: reason, session: names.first { reason.hasPrefix("session '\($0.name)' ") }?.id), db)
    }
}
