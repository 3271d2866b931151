public import Foundation

/// A session in the service's queue.
public struct QueuedSession: Codable, Sendable, Hashable, Identifiable {
    /// Where a session is on its way.
    ///
    ///     queued ─► running ◄─► paused
    ///       │          └──────────┴─► done | stopped | failed
    ///       └─► removed
    public enum State: String, Codable, Sendable, CaseIterable {
        case queued, running, paused, stopped, done, failed, removed
        /// Whether the session has the microscope, or had it when the service last ended.
        public var isUnderWay: Bool { self == .running || self == .paused }
    }

    /// What the queue does when a session fails.
    public enum OnFailure: String, Codable, Sendable, CaseIterable { case stop, `continue` }

    /// How a person ends a session: after its step, or in the middle of it.
    public enum Ending: String, Codable, Sendable { case stop, abort }

    public let id: Int64
    /// Its place in the order; the first queued one is next.
    public let position: Int
    public let name: String
    /// The session's folder, absolute.
    public let folder: String
    /// YAML, as it was sent.
    public let settings: String
    /// The folder that relative paths of the settings begin at.
    public let base: String
    /// nil: the queue goes on where only this session's settings or models were at fault.
    public let onFailure: OnFailure?
    public let state: State
    public let added: Date
    public let started: Date?
    public let ended: Date?
    /// Why it is in this state, where there is something to say.
    public let reason: String?
    /// Whether its journal was begun: without that it must not run any more, for it would expose everything again.
    public let hasJournal: Bool
    /// How a person asked it to end, where it has not ended yet: it does not go on.
    public let ending: Ending?
    /// The session's journal.
    public var journal: String { folder + "/session.sqlite" }
    /// Whether nothing that was asked for is missing.
    public var isWhollyDone: Bool { state == .done && reason == nil }
}

/// A line of the service's log.
public struct LoggedEvent: Codable, Sendable, Hashable, Identifiable {
    /// How much it matters: an alarm wants a person.
    public enum Level: String, Codable, Sendable, CaseIterable { case note, warning, alarm }
    public let id: Int64
    /// nil for what the service itself did.
    public let session: Int64?
    public let time: Date
    public let level: Level
    /// What it is about, such as `step` or `queue`.
    public let kind: String
    public let text: String
}
