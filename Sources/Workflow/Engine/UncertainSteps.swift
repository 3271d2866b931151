/// What to do about a step that was begun, that exposes the sample, and of which nobody can tell whether it happened.
public enum UncertainSteps: String, Codable, Sendable, Hashable, CaseIterable {
    /// The session stops and waits, with the evidence, until a person has said what became of it.
    case stop
    /// The lamella is left out; where a whole grid is concerned, the session stops.
    case skip
    /// It is done again, though the place may then have been exposed twice.
    case `repeat`
}
