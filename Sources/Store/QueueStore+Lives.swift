public import Foundation
import GRDB
public import Workflow

/// Whether the service's last life came to its end, and what it was doing where it did not.
extension QueueStore {
    /// A life that ended without a word: the service crashed or was killed, or the power went.
    public struct Crash: Sendable, Hashable {
        /// A step that was under way.
        public struct Activity: Sendable, Hashable {
            public let title: String
            /// Name of the grid on the stage.
            public let grid: String?
            public let begun: Date
        }
        /// When that life began.
        public let started: Date
        /// The session that was under way.
        public let session: QueuedSession?
        /// How often a life ended so since a step of the session was finished, this one counted: of lives that had begun a step of
        /// it or reached SerialEM, or of those that had not, whichever this one is.
        public let count: Int
        /// Whether this life had begun a step or reached SerialEM. Mains that flicker end lives that have done nothing yet.
        public let hasWorked: Bool
        /// The oldest first.
        public let activities: [Activity]
    }

    /// Writes down that a life begins; says how the last one ended where it did not come to its end, and counts that for the
    /// session that was under way.
    public func beginLife(at time: Date) async throws -> Crash? {
        try await write { db in
            let life = try Row.fetchOne(db, sql: "SELECT started, hasWorked FROM life")
            let crash = try life.map { try Self.crash(of: $0["started"], hasWorked: $0["hasWorked"], db) }
            try db.execute(sql: "DELETE FROM activity")
            try db.execute(sql: "INSERT OR REPLACE INTO life (id, started, hasWorked) VALUES (1, ?, 0)", arguments: [Self.text(time)])
            return crash
        }
    }

    /// Writes down that this life has reached SerialEM for a session.
    public func setWorked() async throws {
        try await write { db in try Self.setWorked(db) }
    }

    private static func setWorked(_ db: Database) throws { try db.execute(sql: "UPDATE life SET hasWorked = 1 WHERE NOT hasWorked") }

    private static func crash(of life: String, hasWorked: Bool, _ db: Database) throws -> Crash {
        let started = try date(life, of: "the service's start")
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM session WHERE state IN ('running', 'paused')") else {
            return Crash(started: started, session: nil, count: 0, hasWorked: hasWorked, activities: [])
        }
        let session = try session(row)
        // A session that waits for people does nothing that could end the service.
        let column = hasWorked ? "crashes" : "idleCrashes"
        let count: Int = row[column] + (session.state == .paused ? 0 : 1)
        try db.execute(sql: "UPDATE session SET \(column) = ? WHERE id = ?", arguments: [count, session.id])
        let activities = try Row.fetchAll(
            db, sql: "SELECT title, grid, begun FROM activity WHERE session = ? ORDER BY begun, step", arguments: [session.id]
        ).map { Crash.Activity(title: $0["title"], grid: $0["grid"], begun: try date($0["begun"], of: "a step")) }
        return Crash(started: started, session: session, count: count, hasWorked: hasWorked, activities: activities)
    }

    /// Writes down that a life comes to its end.
    public func endLife() async throws {
        try await write { db in try db.execute(sql: "DELETE FROM life") }
    }

    /// Writes down that a step begins.
    public func begin(_ step: StepIdentifier, title: String, grid: String?, of session: Int64, at time: Date) async throws {
        try await write { db in
            try Self.setWorked(db)
            try db.execute(
                sql: "INSERT OR REPLACE INTO activity (session, step, title, grid, begun) VALUES (?, ?, ?, ?, ?)",
                arguments: [session, step.path, title, grid, Self.text(time)])
        }
    }

    /// Writes down that a step is done: what ended the service before did not keep the session from going on.
    ///
    /// - Parameter duration: how long it took; nil where an earlier life had begun it.
    public func finish(_ step: StepIdentifier, of session: Int64, took duration: Duration?) async throws {
        try await write { db in
            try Self.leave(step, of: session, db)
            try db.execute(sql: "UPDATE session SET crashes = 0, idleCrashes = 0 WHERE id = ? AND crashes + idleCrashes > 0", arguments: [session])
            if let duration { try Self.remember(duration, ofStep: step.kind, db) }
        }
    }

    /// Writes down that a step is under way no more, though it is not done.
    public func leave(_ step: StepIdentifier, of session: Int64) async throws {
        try await write { db in try Self.leave(step, of: session, db) }
    }

    private static func leave(_ step: StepIdentifier, of session: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM activity WHERE session = ? AND step = ?", arguments: [session, step.path])
    }
}
