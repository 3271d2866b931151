public import Units

/// One thing that was looked at before a session, and what to do about it.
public struct Finding: Sendable, Hashable, Codable {
    public enum Verdict: String, Sendable, Codable, CaseIterable {
        /// As it should be.
        case good
        /// The session can run; a person should know.
        case odd
        /// The session would fail or stop.
        case missing
    }

    /// What was looked at, in a few words.
    public let subject: String
    public let verdict: Verdict
    /// What was seen.
    public let seen: String
    /// What to do; nil where nothing has to be done.
    public let remedy: String?

    public init(_ subject: String, _ verdict: Verdict, _ seen: String, remedy: String? = nil) {
        self.subject = subject
        self.verdict = verdict
        self.seen = seen
        self.remedy = remedy
    }
}

/// What a session is going to ask of a microscope.
public struct ExaminationRequest: Sendable, Hashable {
    public let states: [ImagingStateRequirement]
    /// Whether the session ends with Acquire at Items.
    public let acquires: Bool
    /// The largest tilt at which targets are kept apart.
    public let maximumTilt: Degrees
    public let slots: [Int]
    /// What the grids of slots must be called, where that is known.
    public let names: [Int: String]
    /// Whether the objective aperture is to be moved.
    public let movesObjectiveAperture: Bool
    /// Whether the settings limit the dose.
    public let limitsDose: Bool
    /// A file that is there; a program that sees it sees the session folder under the same name.
    public let file: String
    public init(
        states: [ImagingStateRequirement], acquires: Bool, maximumTilt: Degrees, slots: [Int],
        names: [Int: String] = [:], movesObjectiveAperture: Bool, limitsDose: Bool = false, file: String
    ) {
        self.states = states
        self.acquires = acquires
        self.maximumTilt = maximumTilt
        self.slots = slots
        self.names = names
        self.movesObjectiveAperture = movesObjectiveAperture
        self.limitsDose = limitsDose
        self.file = file
    }
}
