/// What the queue knows of the journal of a session, which alone tells what was exposed.
package struct JournalBeginning: Sendable {
    /// Whether it was begun: then the session goes on with it, or not at all.
    package let wasBegun: Bool
    /// Whether the last run was cut, and the session goes on in its place.
    package let goesOn: Bool
    /// Writes down that it is about to be begun.
    package let write: @Sendable () async throws -> Void

    package init(wasBegun: Bool, goesOn: Bool = false, write: @escaping @Sendable () async throws -> Void) {
        self.wasBegun = wasBegun
        self.goesOn = goesOn
        self.write = write
    }

    /// Of a session without a queue.
    package static let unknown = JournalBeginning(wasBegun: false) {}
}
