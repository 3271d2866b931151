public import Foundation
import GRDB
public import Workflow

/// The journal of a session as an SQLite database, `session.sqlite` in the session folder.
///
/// Intent and outcome are each a transaction; a row with an outcome is never changed back to an intent without a new run
/// number beside it.
public struct SessionStore: Journal {
    let path: String
    let database: DatabaseQueue
    let run: Int64

    /// Opens the journal at a path, makes it where there is none, and begins a run.
    ///
    /// - Throws: ``WorkflowError`` when the file is not a journal or cannot be written; a new file is then taken away again.
    public init(path: String, settings: String) throws {
        self.path = path
        let isNew = !FileManager.default.fileExists(atPath: path)
        do {
            (database, run) = try Self.open(path, settings: settings)
        } catch {
            if isNew { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }
            throw Self.worded(error, path: path)
        }
    }

    /// Whether an acquisition of the session at a path was started and its end not seen.
    public static func isAcquiring(path: String) throws -> Bool {
        do {
            return try DatabaseQueue(path: path).read { db in
                guard try db.tableExists("step") else { return false }
                return try Bool.fetchOne(
                    db, sql: "SELECT EXISTS (SELECT * FROM step WHERE id GLOB 'grid-*/acquisition' AND state <> 'done')") ?? false
            }
        } catch {
            throw worded(error, path: path)
        }
    }

    private static func open(_ path: String, settings: String) throws -> (DatabaseQueue, run: Int64) {
        var configuration = Configuration()
        // Somebody may look into it with another program while the session runs.
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            // A journal that loses the last entry in a power cut would repeat an exposure.
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
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
        migrator.registerMigration("doubt") { db in
            try db.execute(
                sql: """
                    CREATE TABLE doubt (
                        id INTEGER PRIMARY KEY,
                        run INTEGER NOT NULL REFERENCES run(id),
                        step TEXT NOT NULL CHECK (length(step) > 0),
                        reason TEXT NOT NULL,
                        decision TEXT NOT NULL CHECK (decision IN ('stop', 'skip', 'repeat')),
                        written TEXT NOT NULL
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("products") { db in
            try db.execute(sql: "ALTER TABLE step ADD COLUMN products BLOB")
        }
        migrator.registerMigration("answers and skips") { db in
            try db.execute(
                sql: """
                    CREATE TABLE answer (
                        id INTEGER PRIMARY KEY,
                        run INTEGER NOT NULL REFERENCES run(id),
                        step TEXT NOT NULL CHECK (length(step) > 0),
                        question TEXT NOT NULL,
                        answer TEXT NOT NULL CHECK (answer IN ('happened', 'repeat', 'skip')),
                        reason TEXT,
                        written TEXT NOT NULL,
                        closed TEXT
                    ) STRICT;
                    CREATE TABLE skip (
                        grid INTEGER NOT NULL,
                        lamella INTEGER,
                        reason TEXT NOT NULL CHECK (length(reason) > 0),
                        written TEXT NOT NULL
                    ) STRICT;
                    CREATE UNIQUE INDEX oneSkip ON skip (grid, ifnull(lamella, 0));
                    """)
        }
        migrator.registerMigration("inputs") { db in
            try db.execute(sql: "ALTER TABLE step ADD COLUMN input TEXT")
        }
        try requireKnown(migrator, database, path)
        try migrator.migrate(database)
        let run = try database.write { db in
            try db.execute(sql: "INSERT INTO run (started, settings) VALUES (?, ?)", arguments: [Self.now(), settings])
            return db.lastInsertedRowID
        }
        return (database, run)
    }

    public func entry(for step: StepIdentifier) async throws -> JournalEntry? {
        do {
            return try await database.read { db in
                let row = try Row.fetchOne(
                    db, sql: "SELECT state, inputDigest, input, output, products FROM step WHERE id = ?", arguments: [step.path])
                guard let row, let state = JournalEntry.State(rawValue: row["state"]) else { return nil }
                let input = StepInput(digest: row["inputDigest"], json: (row["input"] as String?).map { Data($0.utf8) })
                return JournalEntry(state: state, input: input, output: row["output"], products: try products(of: step, row["products"]))
            }
        } catch {
            throw Self.worded(error, path: path)
        }
    }

    /// The files of an entry; one of an earlier build names none.
    private func products(of step: StepIdentifier, _ data: Data?) throws -> [StepProduct] {
        guard let data else { return [] }
        do {
            return try JSONDecoder().decode([StepProduct].self, from: data)
        } catch {
            // Taken for none, a file that somebody changed would pass for the one that was made.
            throw WorkflowError.unreadableJournal(step: step, "the files", of: path, error)
        }
    }

    public var place: String { path }

    public func intend(_ step: StepIdentifier, input: StepInput) async throws {
        let run = run
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO step (id, run, state, inputDigest, input, intended) VALUES (?, ?, 'intended', ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET run = excluded.run, state = 'intended',
                        inputDigest = excluded.inputDigest, input = excluded.input, intended = excluded.intended,
                        ended = NULL, output = NULL, reason = NULL, products = NULL
                    """,
                arguments: [step.path, run, input.digest, input.text, Self.now()])
            // What a person allowed is allowed once.
            try Self.closeAnswers(to: step, db)
        }
    }

    public func finish(_ step: StepIdentifier, input: StepInput, output: Data, products: [StepProduct]) async throws {
        let products = products.isEmpty ? nil : try JSONEncoder().encode(products)
        try await end(step, input: input, state: .done, output: output, reason: nil, products: products)
    }

    public func fail(_ step: StepIdentifier, input: StepInput, reason: String) async throws {
        try await end(step, input: input, state: .failed, output: nil, reason: reason)
    }

    private func end(
        _ step: StepIdentifier, input: StepInput, state: JournalEntry.State, output: Data?, reason: String?, products: Data? = nil
    ) async throws {
        try await write { db in
            try db.execute(
                sql: "UPDATE step SET state = ?, inputDigest = ?, input = ?, ended = ?, output = ?, reason = ?, products = ? WHERE id = ?",
                arguments: [state.rawValue, input.digest, input.text, Self.now(), output, reason, products, step.path])
            try Self.closeAnswers(to: step, db)
        }
    }

    /// Does one transaction and says in words what went wrong with the file.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        do {
            try await database.write(body)
        } catch {
            throw Self.worded(error, path: path)
        }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await database.read(body)
        } catch {
            throw Self.worded(error, path: path)
        }
    }

    /// - Throws: where a newer build has written the file, whose rows this one would misread.
    static func requireKnown(_ migrator: DatabaseMigrator, _ database: DatabaseQueue, _ path: String) throws {
        guard try database.read(migrator.hasBeenSuperseded) else { return }
        throw WorkflowError.unusableJournal(path, "was written by a newer TomoPilot than this one, and was left as it is; use that version to go on with it")
    }

    static func worded(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let what = error.message ?? "code \(error.resultCode.rawValue)"
        let reason =
            switch error.resultCode {
            case .SQLITE_FULL: "cannot be written: the disk is full; free space on it and run again"
            case .SQLITE_IOERR: "cannot be written: \(what) (is the disk full, or the limit on the size of files reached?)"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "is in use; let the other tomopilot of this session end first"
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: "cannot be read: \(what); put back a copy of it, or use another session_dir"
            default: "cannot be used: \(what)"
            }
        return WorkflowError.unusableJournal(path, reason)
    }

    static func now() -> String { Date.now.formatted(.iso8601) }
}

extension StepInput {
    /// As the table keeps it.
    fileprivate var text: String? { json.map { String(decoding: $0, as: UTF8.self) } }
}
