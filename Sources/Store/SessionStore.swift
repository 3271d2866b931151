public import Foundation
import GRDB
public import Workflow

/// The journal of a session as an SQLite database, `session.sqlite` in the session folder.
///
/// Intent and outcome are each a transaction; a row with an outcome is never changed back to an intent without a new run
/// number beside it.
public struct SessionStore: Journal {
    private let database: DatabaseQueue
    private let run: Int64

    /// Opens the journal at a path, makes it where there is none, and begins a run.
    ///
    /// - Throws: GRDB's error when the file is not a database or cannot be written.
    public init(path: String, settings: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // A journal that loses the last entry in a power cut would repeat an exposure.
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(path: path, configuration: configuration)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("run and step") { db in
            try db.execute(
                sql: """
                    CREATE TABLE run (
                        id INTEGER PRIMARY KEY,
                        started TEXT NOT NULL,
                        settings TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE step (
                        id TEXT PRIMARY KEY CHECK (length(id) > 0),
                        run INTEGER NOT NULL REFERENCES run(id),
                        state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'failed')),
                        inputDigest TEXT NOT NULL CHECK (length(inputDigest) > 0),
                        intended TEXT NOT NULL,
                        ended TEXT,
                        output BLOB,
                        reason TEXT,
                        CHECK ((state = 'done') = (output IS NOT NULL)),
                        CHECK ((state = 'failed') = (reason IS NOT NULL)),
                        CHECK ((state = 'intended') = (ended IS NULL))
                    ) STRICT;
                    """)
        }
        try migrator.migrate(database)
        run = try database.write { db in
            try db.execute(sql: "INSERT INTO run (started, settings) VALUES (?, ?)", arguments: [Self.now(), settings])
            return db.lastInsertedRowID
        }
    }

    public func entry(for step: StepIdentifier) async throws -> JournalEntry? {
        try await database.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT state, inputDigest, output FROM step WHERE id = ?", arguments: [step.path])
            guard let row, let state = JournalEntry.State(rawValue: row["state"]) else { return nil }
            return JournalEntry(state: state, inputDigest: row["inputDigest"], output: row["output"])
        }
    }

    public func intend(_ step: StepIdentifier, inputDigest: String) async throws {
        let run = run
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO step (id, run, state, inputDigest, intended) VALUES (?, ?, 'intended', ?, ?)
                    ON CONFLICT (id) DO UPDATE SET run = excluded.run, state = 'intended',
                        inputDigest = excluded.inputDigest, intended = excluded.intended,
                        ended = NULL, output = NULL, reason = NULL
                    """,
                arguments: [step.path, run, inputDigest, Self.now()])
        }
    }

    public func finish(_ step: StepIdentifier, inputDigest: String, output: Data) async throws {
        try await end(step, inputDigest: inputDigest, state: .done, output: output, reason: nil)
    }

    public func fail(_ step: StepIdentifier, inputDigest: String, reason: String) async throws {
        try await end(step, inputDigest: inputDigest, state: .failed, output: nil, reason: reason)
    }

    private func end(
        _ step: StepIdentifier, inputDigest: String, state: JournalEntry.State, output: Data?, reason: String?
    ) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE step SET state = ?, inputDigest = ?, ended = ?, output = ?, reason = ? WHERE id = ?",
                arguments: [state.rawValue, inputDigest, Self.now(), output, reason, step.path])
        }
    }

    private static func now() -> String { Date.now.formatted(.iso8601) }
}
