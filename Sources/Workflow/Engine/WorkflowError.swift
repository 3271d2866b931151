/// What stops a run, in words for the operator.
public struct WorkflowError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Sendable, Hashable {
        case cutAcquisition, uncertain, skippable, inputChanged, unreadableJournal, unusableJournal, badModel, badImage, refused, incomplete, stopped
        /// The session's journal, and with it most likely its folder, was taken away while the session ran.
        case vanishedJournal
        /// A person leaves a lamella or grid out; nobody has said what became of a step.
        case leftOut, unanswered
        /// The plan of the session does not have a step.
        case unplanned
        /// Maps or targets were made with other calibrations than the microscope has now.
        case changedCalibrations
        /// A grid is another than it was, cannot be loaded, or is not found again after it was.
        case wrongGrid, notLoaded, lostGrid
        /// The microscope was left to itself for so long that anybody may have used it: the session goes on from its last finished step.
        case leftAlone
        /// The beam was lost while something was exposed that is not exposed again without being asked for.
        case dark
        /// A file cannot grow: the disk, the quota or the limit on the size of files is reached.
        case noRoom
    }
    public let code: Code
    public let message: String
    public var description: String { message }
}

extension WorkflowError {
    /// SerialEM is at rest, and not all of what it was given was acquired.
    static func cutAcquisition(_ message: String) -> Self { Self(code: .cutAcquisition, message: message) }
    static func uncertain(step: StepIdentifier, reason: String, mayBeSkipped: Bool) -> Self {
        Self(
            code: mayBeSkipped ? .skippable : .uncertain,
            message: "Step \(step) was begun and not finished, and it cannot be told whether it happened: \(reason).")
    }
    static func inputChanged(step: StepIdentifier, _ changes: String?) -> Self {
        Self(
            code: .inputChanged,
            message: "Step \(step) was done with other settings\(changes.map { " (\($0))" } ?? "") and is not repeated, because it exposes the sample. "
                + "Use the earlier settings, or another session_dir.")
    }
    static func gone(step: StepIdentifier, file: String) -> Self {
        Self(
            code: .skippable,
            message: "\(file), which step \(step) left, has been deleted; it is not taken again, because that would expose the sample "
                + "twice. Put it back, or use another session_dir.")
    }
    /// - Parameter what: what of the step cannot be read, such as `an outcome`.
    public static func unreadableJournal(step: StepIdentifier, _ what: String, of journal: String, _ error: any Error) -> Self {
        let reason =
            switch error as? DecodingError {
            case .keyNotFound(let key, _): "it has no '\(key.stringValue)'"
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): context.debugDescription.trimmingSuffix(".")
            default: sentence(error).trimmingSuffix(".")
            }
        return Self(
            code: .unreadableJournal,
            message: "The journal \(journal) holds \(what) of step \(step) that cannot be read (\(reason)); nothing of it was changed. "
                + "Use the version of TomoPilot that wrote it, put back a copy of the journal, or use another session_dir.")
    }
    /// The journal's file cannot be opened, read or written.
    public static func unusableJournal(_ path: String, _ reason: String) -> Self {
        Self(code: .unusableJournal, message: "The journal \(path) \(reason).")
    }
    /// What a session that was begun has done is not known any more.
    public static func lostJournal(_ message: String) -> Self { Self(code: .unusableJournal, message: message) }
    public static func vanishedJournal(_ path: String) -> Self {
        Self(
            code: .vanishedJournal,
            message: "The journal \(path) was moved or removed while its session ran, so what is exposed could not be written down: put the folder back, "
                + "or mount its disk, and let the session go on.")
    }
    static func leftAlone(_ what: String) -> Self {
        Self(code: .leftAlone, message: "The session waited for long before it could \(what), and anybody may have used the microscope meanwhile.")
    }
    /// What was exposed may show nothing.
    static func dark(_ what: String) -> Self {
        Self(code: .dark, message: "\(GuardedMicroscope.capitalized(what)): the beam was lost meanwhile, and what was taken may be dark.")
    }
    /// SerialEM's disk has no room for what comes next, for longer than is waited.
    static func noRoom(_ message: String) -> Self { Self(code: .noRoom, message: message) }
    /// The journal's file does not grow.
    public static func noRoom(forJournal path: String, _ reason: String) -> Self {
        Self(code: .noRoom, message: "The journal \(path) cannot be written: \(reason).")
    }
    /// The service's own file does not grow.
    public static func noRoom(forStore path: String, _ reason: String) -> Self {
        Self(code: .noRoom, message: "The service's file \(path) cannot be written: \(reason).")
    }
    /// The service's own file cannot be used.
    public static func unusableStore(_ path: String, _ reason: String) -> Self {
        Self(code: .unusableJournal, message: "The service's file \(path) \(reason).")
    }
    /// A model cannot do what the settings ask.
    public static func badModel(_ message: String) -> Self { Self(code: .badModel, message: message) }
    /// An image is not what it should be.
    public static func badImage(_ message: String) -> Self { Self(code: .badImage, message: message) }
    /// Something was asked that would be unsafe.
    public static func refused(_ message: String) -> Self { Self(code: .refused, message: message) }
    /// The cassette or the stage holds another grid than the journal or the settings say.
    static func wrongGrid(_ message: String) -> Self { Self(code: .wrongGrid, message: message) }
    static func changedCalibrations(_ changes: String, reliedOnBy maps: String) -> Self {
        Self(
            code: .changedCalibrations,
            message: "Since the session began, \(changes); \(maps) relied on it. Nothing more is exposed: put it back as it was, run the session again to "
                + "go on with it as it is now, or use another session_dir.")
    }
    /// The autoloader did not bring a grid to the stage.
    static func notLoaded(_ message: String) -> Self { Self(code: .notLoaded, message: message) }
    /// A grid that was loaded again does not lie where it can be gone on with.
    static func lostGrid(_ message: String) -> Self { Self(code: .lostGrid, message: message) }
    /// A person leaves a lamella, or a grid, out.
    static func leftOut(_ reason: String) -> Self { Self(code: .leftOut, message: reason) }
    static func unplanned(step: StepIdentifier, _ reason: String) -> Self {
        Self(code: .unplanned, message: "Step \(step) was not begun: \(reason). This is a mistake of the program; please report it.")
    }
    /// Nobody has said in time what became of a step.
    static func unanswered(_ reason: String) -> Self {
        Self(code: .unanswered, message: "\(GuardedMicroscope.capitalized(reason)). The next run of the session asks again.")
    }
    /// A person ended the session at a checkpoint.
    public static func stopped(_ reason: String) -> Self { Self(code: .stopped, message: "The session was stopped: \(reason).") }
    /// Something did not come to its end.
    public static func incomplete(_ message: String) -> Self { Self(code: .incomplete, message: message) }
}
