/// A place in a session where it asks whether to go on: between steps, before something that takes long or exposes.
public enum Checkpoint: Sendable, Hashable, CustomStringConvertible {
    /// What a lamella waits for.
    public enum LamellaWork: Sendable, Hashable { case recentring, mapping, acquisition }
    /// Before the grid of a cassette slot is brought to the stage.
    case grid(slot: Int)
    /// Between the load of a grid, which nothing can break off, and its map.
    case map(slot: Int)
    case lamella(slot: Int, number: Int, before: LamellaWork)
    /// Before Acquire at Items starts on a grid.
    case acquisition(slot: Int)
    /// Where people look at what was found on a grid.
    case inspection(slot: Int, of: Inspection.Subject)
    /// Where people are asked what became of a step.
    case question(StepIdentifier)
    /// In the middle of steps, which were cut by a pause.
    case interruption

    /// What is skipped where the answer is to skip.
    public var subject: String {
        switch self {
        case .grid(let slot), .map(let slot), .acquisition(let slot), .inspection(let slot, _): "grid \(slot)"
        case .lamella(let slot, let number, _): "lamella \(number) of grid \(slot)"
        case .question(let step): (step.lamella.map { "lamella \($0) of " } ?? "") + "grid \(step.slot ?? 0)"
        case .interruption: "the session"
        }
    }

    /// Whether a skip here leaves out all that is still to be done of a grid, and nothing of it needs the microscope any more.
    var isOfWholeGrid: Bool {
        switch self {
        case .grid, .map, .inspection: true
        case .lamella, .acquisition, .question, .interruption: false
        }
    }

    public var description: String {
        switch self {
        case .grid(let slot): "before grid \(slot)"
        case .map(let slot): "before the map of grid \(slot)"
        case .lamella(_, _, .recentring): "before \(subject) is recentred"
        case .lamella(_, _, .mapping): "before \(subject) is mapped"
        case .lamella(_, _, .acquisition): "before the targets of \(subject) are written"
        case .acquisition(let slot): "before the acquisition of grid \(slot)"
        case .question(let step): "at the question about step \(step)"
        case .interruption: "in the middle of a step"
        case .inspection(let slot, let subject): "at the inspection of the \(subject.rawValue) of grid \(slot)"
        }
    }
}

/// What a session shall do at a checkpoint; each text says why, for the log and the report.
public enum Verdict: Sendable, Hashable {
    case goOn
    /// Wait, and ask again.
    case hold(String)
    /// Leave this grid or lamella out.
    case skip(String)
    /// End the session here, with the microscope safe.
    case stop(String)
}

/// Whoever may hold, thin out or end a session while it runs.
public protocol Supervisor: Sendable {
    /// What to do now; answers at once.
    func verdict(at checkpoint: Checkpoint) async -> Verdict
    /// Waits until the verdict is another than to hold.
    func untilReleased(at checkpoint: Checkpoint) async throws
    /// Whether it waits where it is, in the middle of a step, rather than at its next checkpoint.
    var isPausedNow: Bool { get }
    /// Waits until that is so, or the waiting task is cancelled.
    func untilPausedNow() async
    /// What people have asked it to leave out.
    var skips: [Skip] { get }
    /// What they have taken back since.
    var takenBack: [SkippedPart] { get }
    /// What lets the session go on where it ended, for sentences: `the same command`.
    var resumption: String { get }
}

extension Supervisor {
    public var skips: [Skip] { [] }
    public var takenBack: [SkippedPart] { [] }
    public var isPausedNow: Bool { false }
    public func untilPausedNow() async {
        // Cancelled, it ends.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
    public var resumption: String { "the same command" }
}

/// Nobody interferes: a session in the foreground, which ends by Control-C.
public struct FreeRun: Supervisor {
    public init() {}
    public func verdict(at checkpoint: Checkpoint) -> Verdict { .goOn }
    public func untilReleased(at checkpoint: Checkpoint) {}
}
