public import Foundation
import GRDB
public import Workflow

extension QueueStore {
    /// Puts a session at the end of the queue.
    public func add(
        name: String, folder: String, settings: String, base: String, onFailure: QueuedSession.OnFailure?, at time: Date
    ) async throws -> QueuedSession {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO session (position, name, folder, settings, base, onFailure, state, added)
                    VALUES ((SELECT ifnull(max(position), 0) + 1 FROM session), ?, ?, ?, ?, ?, 'queued', ?)
                    """, arguments: [name, folder, settings, base, onFailure?.rawValue, Self.text(time)])
            return try Self.session(db.lastInsertedRowID, db)
        }
    }

    /// All sessions: those under way, then those that wait, in their order; with `all` also those that ended, newest last.
    public func sessions(all: Bool = false) async throws -> [QueuedSession] {
        try await read { db in
            let condition = all ? "TRUE" : "state IN ('queued', 'running', 'paused')"
            return try Row.fetchAll(
                db, sql: "SELECT * FROM session WHERE \(condition) ORDER BY ended IS NULL, state = 'queued', position, id"
            ).map(Self.session)
        }
    }

    /// One session; nil if there is none of this number.
    public func session(_ id: Int64) async throws -> QueuedSession? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]).map(Self.session)
        }
    }

    /// What to run now: the session that was under way when the service ended, even where the queue is held, for it then waits at its
    /// first checkpoint; else the first that waits, unless the queue is held or the microscope is not safe.
    /// Both are read at once: a session that a person lets go on lifts the hold and comes first.
    public func next() async throws -> QueuedSession? {
        try await read { db in
            let first = try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM session WHERE state IN ('queued', 'running', 'paused')
                    ORDER BY state = 'queued', position, id LIMIT 1
                    """
            ).map(Self.session)
            guard let first, first.state == .queued else { return first }
            return try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT * FROM hold) OR EXISTS (SELECT * FROM unsafe)") == true ? nil : first
        }
    }

    /// Whether a session is under way whose journal was begun: it is waited for where its disk is not there.
    public func awaitsJournal() async throws -> Bool { try await next().map { $0.state.isUnderWay && $0.hasJournal } ?? false }

    /// Writes down that a session goes on, waits, or has ended.
    public func set(_ id: Int64, to state: QueuedSession.State, reason: String?, at time: Date) async throws {
        try await write { db in try Self.set(id, to: state, reason: reason, at: time, db) }
    }

    static func set(_ id: Int64, to state: QueuedSession.State, reason: String?, at time: Date, _ db: Database) throws {
        let hasEnded = !state.isUnderWay && state != .queued
        try db.execute(
            sql: """
                UPDATE session SET state = ?, reason = ?, ended = ?, ending = CASE WHEN ? THEN NULL ELSE ending END,
                    started = CASE WHEN ? THEN ifnull(started, ?) ELSE started END WHERE id = ?
                """,
            arguments: [state.rawValue, reason, hasEnded ? Self.text(time) : nil, hasEnded, state.isUnderWay, Self.text(time), id])
        if hasEnded { try db.execute(sql: "DELETE FROM activity WHERE session = ?", arguments: [id]) }
    }

    /// Writes down that the journal of a session is about to be begun.
    public func beginJournal(of id: Int64) async throws {
        try await write { db in try db.execute(sql: "UPDATE session SET hasJournal = 1 WHERE id = ?", arguments: [id]) }
    }

    /// Takes a session that waits out of the queue; returns it as it was, nil if there is none of this number.
    public func remove(_ id: Int64, reason: String, at time: Date) async throws -> QueuedSession? {
        try await write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]) else { return nil }
            let session = try Self.session(row)
            if session.state == .queued {
                try db.execute(
                    sql: "UPDATE session SET state = 'removed', reason = ?, ended = ? WHERE id = ?",
                    arguments: [reason, Self.text(time), id])
            }
            return session
        }
    }

    /// Puts a session that has ended before all that wait, as it was added; returns it as it was, nil if there is none of this
    /// number. What was taken out of the queue stays out, and what is wholly done stays so unless something was taken back into it.
    ///
    /// A hold that came from it is lifted.
    ///
    /// - Throws: ``NothingLeft``.
    public func retry(_ id: Int64) async throws -> QueuedSession? {
        try await write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]) else { return nil }
            let session = try Self.session(row)
            guard [.failed, .stopped, .done].contains(session.state) else { return session }
            let hasMore = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT * FROM skip WHERE session = ? AND isTakenBack)", arguments: [id]) ?? false
            guard !session.isWhollyDone || hasMore else { throw NothingLeft() }
            try db.execute(
                sql: """
                    UPDATE session SET state = 'queued', reason = NULL, ended = NULL, crashes = 0, idleCrashes = 0,
                        position = (SELECT ifnull(min(position), 1) - 1 FROM session WHERE state = 'queued') WHERE id = ?
                    """, arguments: [id])
            try Self.lift(for: id, db)
            return session
        }
    }

    /// Moves a session that waits to a place among those that wait, counted from 1; beyond the last it comes last.
    /// Returns it as it was, nil if there is none of this number.
    public func move(_ id: Int64, to place: Int) async throws -> QueuedSession? {
        try await write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]) else { return nil }
            let session = try Self.session(row)
            guard session.state == .queued else { return session }
            let waiting = try Row.fetchAll(db, sql: "SELECT id, position FROM session WHERE state = 'queued' ORDER BY position, id")
            let positions: [Int] = waiting.map { $0["position"] }
            var order: [Int64] = waiting.map { $0["id"] }
            order.removeAll { $0 == id }
            order.insert(id, at: min(max(place - 1, 0), order.count))
            for (id, position) in zip(order, positions) {
                try db.execute(sql: "UPDATE session SET position = ? WHERE id = ?", arguments: [position, id])
            }
            return session
        }
    }

    /// Remembers what a person leaves out; said again, the newer reason holds.
    public func add(_ skip: Skip, to session: Int64) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO skip (session, grid, lamella, reason) VALUES (?, ?, ?, ?)",
                arguments: [session, skip.grid, skip.lamella, skip.reason])
        }
    }

    /// What is left out of a session.
    public func skips(of session: Int64) async throws -> [Skip] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM skip WHERE session = ? AND NOT isTakenBack ORDER BY grid, lamella", arguments: [session]).map {
                Skip(grid: $0["grid"], lamella: $0["lamella"], reason: $0["reason"])
            }
        }
    }

    /// Remembers that a person takes back what was left out, until it is ``settled(_:of:)``.
    public func takeBack(_ part: SkippedPart, of session: Int64) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO skip (session, grid, lamella, reason, isTakenBack) VALUES (?, ?, ?, 'taken back', 1)",
                arguments: [session, part.grid, part.lamella])
        }
    }

    /// What people have taken back, and the session's journal does not have yet.
    public func takenBack(of session: Int64) async throws -> [SkippedPart] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT grid, lamella FROM skip WHERE session = ? AND isTakenBack ORDER BY grid, lamella", arguments: [session]).map {
                SkippedPart(grid: $0["grid"], lamella: $0["lamella"])
            }
        }
    }

    /// The session's journal has it that something is taken back.
    public func settled(_ part: SkippedPart, of session: Int64) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM skip WHERE session = ? AND grid = ? AND lamella IS ? AND isTakenBack", arguments: [session, part.grid, part.lamella])
        }
    }

    /// A session that is wholly done has nothing to go on with.
    public struct NothingLeft: Error {}

    private static func session(_ id: Int64, _ db: Database) throws -> QueuedSession {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]) else {
            throw DatabaseError(resultCode: .SQLITE_NOTFOUND, message: "session \(id) is not there")
        }
        return try session(row)
    }

    static func session(_ row: Row) throws -> QueuedSession {
        let started: String? = row["started"]
        let ended: String? = row["ended"]
        let onFailure: String? = row["onFailure"]
        let ending: String? = row["ending"]
        let what = "session \(row["id"] as Int64)"
        return QueuedSession(
            id: row["id"], position: row["position"], name: row["name"], folder: row["folder"], settings: row["settings"],
            base: row["base"], onFailure: onFailure.flatMap(QueuedSession.OnFailure.init),
            // The table holds no other state.
            state: QueuedSession.State(rawValue: row["state"]) ?? .removed, added: try date(row["added"], of: what),
            started: try started.map { try date($0, of: what) }, ended: try ended.map { try date($0, of: what) }, reason: row["reason"],
            hasJournal: row["hasJournal"], ending: ending.flatMap(QueuedSession.Ending.init))
    }
}
