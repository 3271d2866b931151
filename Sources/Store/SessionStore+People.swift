import Foundation
import GRDB
public import Workflow

/// Steps that could not be settled, what people said of them, and what people leave out.
extension SessionStore {
    public func doubt(_ step: StepIdentifier, reason: String, decision: UncertainSteps) async throws {
        let run = run
        try await write { db in
            try db.execute(
                sql: "INSERT INTO doubt (run, step, reason, decision, written) VALUES (?, ?, ?, ?, ?)",
                arguments: [run, step.path, reason, decision.rawValue, Self.now()])
        }
    }

    /// A step of which nobody could tell whether it happened, and what was done about it.
    public struct Doubt: Hashable, Sendable {
        public let step: StepIdentifier
        public let reason: String
        public let decision: UncertainSteps
    }

    /// All doubts of the session, the oldest first.
    public func doubts() throws -> [Doubt] {
        do {
            return try database.read { db in
                try Row.fetchAll(db, sql: "SELECT step, reason, decision FROM doubt ORDER BY id").compactMap { row in
                    UncertainSteps(rawValue: row["decision"]).map {
                        Doubt(step: StepIdentifier(row["step"]), reason: row["reason"], decision: $0)
                    }
                }
            }
        } catch {
            throw Self.worded(error, path: path)
        }
    }

    public func remember(_ answer: GivenAnswer, to step: StepIdentifier, about question: String, skip: Skip?) async throws {
        let run = run
        try await write { db in
            try Self.closeAnswers(to: step, db)
            // A skip is done with as soon as it is written down.
            try db.execute(
                sql: "INSERT INTO answer (run, step, question, answer, reason, written, closed) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [run, step.path, question, answer.answer.rawValue, answer.reason, Self.now(), skip == nil ? nil : Self.now()])
            if let skip { try Self.insert(skip, db) }
        }
    }

    public func openAnswer(to step: StepIdentifier) async throws -> GivenAnswer? {
        try await read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT answer, reason FROM answer WHERE step = ? AND closed IS NULL ORDER BY id DESC LIMIT 1", arguments: [step.path])
            // The table holds no other answer.
            return row.flatMap { row in StepAnswer(rawValue: row["answer"]).map { GivenAnswer($0, reason: row["reason"]) } }
        }
    }

    public func closeAnswers(to step: StepIdentifier) async throws {
        try await write { db in try Self.closeAnswers(to: step, db) }
    }

    static func closeAnswers(to step: StepIdentifier, _ db: Database) throws {
        try db.execute(sql: "UPDATE answer SET closed = ? WHERE step = ? AND closed IS NULL", arguments: [now(), step.path])
    }

    /// What people have said of steps, the oldest first.
    public func answers() async throws -> [(step: StepIdentifier, answer: GivenAnswer)] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT step, answer, reason FROM answer ORDER BY id").compactMap { row in
                StepAnswer(rawValue: row["answer"]).map { (StepIdentifier(row["step"]), GivenAnswer($0, reason: row["reason"])) }
            }
        }
    }

    public func remember(_ skip: Skip) async throws {
        try await write { db in try Self.insert(skip, db) }
    }

    private static func insert(_ skip: Skip, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO skip (grid, lamella, reason, written) VALUES (?, ?, ?, ?)",
            arguments: [skip.grid, skip.lamella, skip.reason, now()])
    }

    public func skips() async throws -> [Skip] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT grid, lamella, reason FROM skip ORDER BY grid, lamella").map {
                Skip(grid: $0["grid"], lamella: $0["lamella"], reason: $0["reason"])
            }
        }
    }
}
