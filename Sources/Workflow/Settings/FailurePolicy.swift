/// What becomes of a session when one of its grids fails.
public enum FailurePolicy: String, Codable, Sendable, Hashable, CaseIterable {
    /// The session stops; the same command goes on from there.
    case stop
    /// The grid is left out, people are told, and the others are done.
    case skip
    /// The grid is tried once more from its last finished step, and left out if it fails again.
    case retry

    /// What it does, as the end of a sentence.
    var words: String {
        switch self {
        case .stop: "the session stops"
        case .skip: "the grid is skipped"
        case .retry: "the grid is tried once more, and skipped if it fails again"
        }
    }
}
