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
    /// The file that was opened: another one of its name, or none, is not the session's.
    private let file: FileIdentity?

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
        file = FileIdentity(path: path)
    }

    /// The newest entry of a step in the journal at a path, which another process may have open; nil where there is none.
    public static func entry(for step: StepIdentifier, path: String) throws -> JournalEntry? {
        try look(path) { db in try db.tableExists("step") ? entry(for: step, db, path) : nil } ?? nil
    }

    /// Whether the journal at a path knows of anything that was begun; a file that a full disk or a crash left empty does not.
    public static func knowsSteps(path: String) throws -> Bool {
        try look(path) { db in
            guard try db.tableExists("step") else { return false }
            return try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT * FROM step)") ?? false
        } ?? false
    }

    /// Reads a journal that another process, or another part of this one, may have open; nil where there is none.
    static func look<Value>(_ path: String, _ body: (Database) throws -> Value) throws -> Value? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            return try DatabaseQueue(path: path, configuration: configuration).read(body)
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
        let path = path
        return try await read { db in try Self.entry(for: step, db, path) }
    }

    private static func entry(for step: StepIdentifier, _ db: Database, _ path: String) throws -> JournalEntry? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM step WHERE id = ?", arguments: [step.path]),
            let state = JournalEntry.State(rawValue: row["state"])
        else { return nil }
        // A journal of an earlier build that is only looked into lacks columns, which read as nil.
        let input: String? = row["input"]
        return JournalEntry(
            state: state, input: StepInput(digest: row["inputDigest"], json: input.map { Data($0.utf8) }), output: row["output"],
            products: try products(of: step, row["products"], path), intended: row["intended"] ?? "")
    }

    /// The files of an entry; one of an earlier build names none.
    private static func products(of step: StepIdentifier, _ data: Data?, _ path: String) throws -> [StepProduct] {
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

    public func keep(_ products: [StepProduct], of step: StepIdentifier) async throws {
        let data = try JSONEncoder().encode(products)
        try await write { db in
            try db.execute(sql: "UPDATE step SET products = ? WHERE id = ? AND state = 'done'", arguments: [data, step.path])
        }
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
    ///
    /// - Throws: ``WorkflowError`` also where the file was moved, removed or replaced: SQLite would go on writing to it, and the
    ///   next run would know nothing of what is exposed now.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        guard FileIdentity(path: path) == file else { throw WorkflowError.vanishedJournal(path) }
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
    private static func requireKnown(_ migrator: DatabaseMigrator, _ database: DatabaseQueue, _ path: String) throws {
        guard try database.read(migrator.hasBeenSuperseded) else { return }
        throw WorkflowError.unusableJournal(path, FileFailure.newer)
    }

    static func worded(_ error: any Error, path: String) -> any Error {
        guard let failure = FileFailure(error) else { return error }
        switch failure {
        case .noRoom(let what): return WorkflowError.noRoom(forJournal: path, what)
        case .inUse: return WorkflowError.unusableJournal(path, "is in use; let the other tomopilot of this session end first")
        case .damaged(let what): return WorkflowError.unusableJournal(path, "cannot be read: \(what); put back a copy of it, or use another session_dir")
        case .other(let what): return WorkflowError.unusableJournal(path, "cannot be used: \(what)")
        }
    }

    static func now() -> String { Date.now.formatted(.iso8601) }
}

extension StepInput {
    /// As the table keeps it.
    fileprivate var text: String? { json.map { String(decoding: $0, as: UTF8.self) } }
}
