/// What a person says of a step that was begun, that exposes the sample, and of which nobody else can tell whether it happened.
public enum StepAnswer: String, Codable, Sendable, Hashable, CaseIterable {
    /// It did; it is taken as done if what it should have left can be read.
    case happened
    /// It is done again, though the place may then be exposed twice.
    case `repeat`
    /// The lamella is left out, or the grid where the step is about a whole one.
    case skip
}

/// An answer with the reason that was given along.
public struct GivenAnswer: Hashable, Sendable {
    public let answer: StepAnswer
    public let reason: String?
    public init(_ answer: StepAnswer, reason: String? = nil) {
        self.answer = answer
        self.reason = reason
    }
}

/// A step that cannot be settled, and all that is known of it.
struct StepDoubt: Sendable, Hashable {
    let step: StepIdentifier
    let title: String
    /// Why it cannot.
    let reason: String
    /// What files and microscope say.
    let evidence: [String]
    /// Why the last answer was not taken.
    var refusal: String?
    /// How often an answer was not taken.
    var refusals = 0
}
