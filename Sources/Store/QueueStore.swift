import Foundation
import GRDB
import Workflow

/// The service's memory, `tomopilot.sqlite` in its folder: the queue, what a person asked for, the log, and how long steps took.
///
/// Every method is one transaction. The rules that must never break are in the tables: one session at a time has the
/// microscope, and one that ended badly says why.
public struct QueueStore: Sendable {
    public let path: String
    let database: DatabaseQueue
    /// Whether the file was made now, and knows of nothing that an earlier service did.
    public let isNew: Bool
    /// The file that was opened: another one of its name, or none, is not the service's.
    private let file: FileIdentity?

    /// Opens the store at a path and makes it where there is none.
    ///
    /// - Throws: ``WorkflowError`` when the file is not a store or cannot be written.
    public init(path: String) throws {
        self.path = path
        do {
            var configuration = Configuration()
            // A backup or a person with a shell may hold it for a moment.
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { db in
                // A state that a power cut takes back would run a stopped session again.
                try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
            }
            database = try DatabaseQueue(path: path, configuration: configuration)
            guard try !database.read(Self.migrator.hasBeenSuperseded) else { throw WorkflowError.unusableStore(path, FileFailure.newer) }
            isNew = try database.read { try !$0.tableExists("session") }
            try Self.migrator.migrate(database)
        } catch {
            throw Self.worded(error, path: path)
        }
        file = FileIdentity(path: path)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("queue") { db in
            try db.execute(
                sql: """
                    CREATE TABLE session (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        position INTEGER NOT NULL,
                        name TEXT NOT NULL CHECK (length(name) > 0),
                        folder TEXT NOT NULL CHECK (folder LIKE '/%'),
                        settings TEXT NOT NULL,
                        base TEXT NOT NULL CHECK (base LIKE '/%'),
                        onFailure TEXT CHECK (onFailure IN ('stop', 'continue')),
                        state TEXT NOT NULL
                            CHECK (state IN ('queued', 'running', 'paused', 'stopped', 'done', 'failed', 'removed')),
                        added TEXT NOT NULL,
                        started TEXT,
                        ended TEXT,
                        reason TEXT,
                        CHECK ((state IN ('stopped', 'done', 'failed', 'removed')) = (ended IS NOT NULL)),
                        CHECK (state NOT IN ('stopped', 'failed', 'removed') OR reason IS NOT NULL)
                    ) STRICT;
                    CREATE UNIQUE INDEX oneUnderWay ON session ((1)) WHERE state IN ('running', 'paused');
                    CREATE TABLE event (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        session INTEGER REFERENCES session(id),
                        time TEXT NOT NULL,
                        level TEXT NOT NULL CHECK (level IN ('note', 'warning', 'alarm')),
                        kind TEXT NOT NULL CHECK (length(kind) > 0),
                        text TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE skip (
                        session INTEGER NOT NULL REFERENCES session(id),
                        grid INTEGER NOT NULL,
                        lamella INTEGER,
                        reason TEXT NOT NULL CHECK (length(reason) > 0)
                    ) STRICT;
                    CREATE UNIQUE INDEX oneSkip ON skip (session, grid, ifnull(lamella, 0));
                    CREATE TABLE stepTime (
                        id INTEGER PRIMARY KEY,
                        kind TEXT NOT NULL CHECK (length(kind) > 0),
                        seconds REAL NOT NULL CHECK (seconds >= 0)
                    ) STRICT;
                    CREATE INDEX stepTimeOfKind ON stepTime (kind, id);
                    CREATE TABLE hold (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        reason TEXT NOT NULL CHECK (length(reason) > 0)
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("undelivered alarms") { db in
            try db.execute(
                sql: """
                    CREATE TABLE undelivered (
                        event INTEGER NOT NULL REFERENCES event(id),
                        receiver TEXT NOT NULL CHECK (length(receiver) > 0),
                        message BLOB NOT NULL,
                        PRIMARY KEY (event, receiver)
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("lives") { db in
            try db.execute(
                sql: """
                    CREATE TABLE life (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        started TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE activity (
                        session INTEGER NOT NULL REFERENCES session(id),
                        step TEXT NOT NULL CHECK (length(step) > 0),
                        title TEXT NOT NULL,
                        grid TEXT,
                        begun TEXT NOT NULL,
                        PRIMARY KEY (session, step)
                    ) STRICT;
                    ALTER TABLE session ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("what is taken back") { db in
            // What a person has left out and taken back, until the session's own journal has it.
            try db.execute(sql: "ALTER TABLE skip ADD COLUMN isTakenBack INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("begun journals") { db in
            // Of sessions of earlier builds nobody knows more than that they were started.
            try db.execute(
                sql: """
                    ALTER TABLE session ADD COLUMN hasJournal INTEGER NOT NULL DEFAULT 0;
                    UPDATE session SET hasJournal = 1 WHERE started IS NOT NULL;
                    """)
        }
        migrator.registerMigration("holds of sessions") { db in
            try db.execute(
                sql: """
                    ALTER TABLE hold ADD COLUMN session INTEGER REFERENCES session(id);
                    CREATE TABLE unsafe (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        session INTEGER NOT NULL REFERENCES session(id)
                    ) STRICT;
                    """)
            try Self.divideHold(db)
        }
        migrator.registerMigration("lives that did something") { db in
            // Of the life of an earlier build nobody knows whether it did something; it is taken for one that did.
            try db.execute(
                sql: """
                    ALTER TABLE life ADD COLUMN hasWorked INTEGER NOT NULL DEFAULT 1;
                    ALTER TABLE session ADD COLUMN idleCrashes INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("aborted sessions") { db in
            // That a person aborted it outlives a service that was killed before the session had ended.
            try db.execute(sql: "ALTER TABLE session ADD COLUMN isAborted INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("stopped sessions") { db in
            try db.execute(
                sql: """
                    ALTER TABLE session ADD COLUMN ending TEXT CHECK (ending IN ('stop', 'abort'));
                    UPDATE session SET ending = 'abort' WHERE isAborted;
                    ALTER TABLE session DROP COLUMN isAborted;
                    """)
        }
        return migrator
    }

    /// - Throws: ``WorkflowError`` where the file was moved, removed or replaced since it was opened: what is written would be lost.
    public func requireFile() throws {
        guard FileIdentity(path: path) != file else { return }
        throw WorkflowError.unusableStore(
            path, "was moved, removed or replaced while the service runs, so nothing can be written down: put it back, or mount its disk; where another copy of it lies there, "
                + "start the service again")
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try requireFile()
        do {
            return try await database.write(body)
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

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(style) }

    /// - Parameter what: whose time it is, such as `line 3 of the log`.
    /// - Throws: ``WorkflowError`` where a time of the file is none.
    static func date(_ text: String, of what: String) throws -> Date {
        do {
            return try style.parse(text)
        } catch {
            throw BrokenTime(text: text, what: what)
        }
    }

    /// A time that is none; the file's name is added where it is known.
    struct BrokenTime: Error {
        let text: String
        let what: String
    }

    static func worded(_ error: any Error, path: String) -> any Error {
        let other = "put back a copy of the file, or begin with another --folder"
        if let broken = error as? BrokenTime {
            return WorkflowError.unusableStore(path, "has '\(broken.text.prefix(80))' as a time of \(broken.what), which is none; \(other)")
        }
        guard let failure = FileFailure(error) else { return error }
        switch failure {
        case .noRoom(let what): return WorkflowError.noRoom(forStore: path, what)
        case .inUse: return WorkflowError.unusableStore(path, "is in use by another program, such as a backup or an sqlite3; end that, or wait for it")
        case .damaged(let what): return WorkflowError.unusableStore(path, "cannot be read: \(what); \(other)")
        case .other(let what): return WorkflowError.unusableStore(path, "cannot be used: \(what)")
        }
    }
}
