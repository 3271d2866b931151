/// What stops a run, in words for the operator.
public struct WorkflowError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Sendable, Hashable {
        case cutAcquisition, uncertain, skippable, inputChanged, unreadableJournal, unusableJournal, badModel, badImage, refused, incomplete, stopped
        /// Maps or targets were made with other calibrations than the microscope has now.
        case changedCalibrations
        /// A grid is another than it was, cannot be loaded, or is not found again after it was.
        case wrongGrid, notLoaded, lostGrid
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
            message: "Step \(step) was begun in an earlier run and it cannot be told whether it happened: \(reason).")
    }
    static func inputChanged(step: StepIdentifier) -> Self {
        Self(
            code: .inputChanged,
            message: "Step \(step) was done with other settings and is not repeated, because it exposes the sample. "
                + "Use the earlier settings, or another session_dir.")
    }
    static func gone(step: StepIdentifier, file: String) -> Self {
        Self(
            code: .skippable,
            message: "\(file), which step \(step) left, has been deleted; it is not taken again, because that would expose the sample "
                + "twice. Put it back, or use another session_dir.")
    }
    static func unreadableJournal(step: StepIdentifier, reason: String) -> Self {
        Self(
            code: .unreadableJournal,
            message: "The journal holds an outcome of step \(step) that cannot be read: \(reason). "
                + "Use the version of TomoPilot that wrote it, or another session_dir.")
    }
    /// The journal's file cannot be opened, read or written.
    public static func unusableJournal(_ path: String, _ reason: String) -> Self {
        Self(code: .unusableJournal, message: "The journal \(path) \(reason).")
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
    /// A person ended the session at a checkpoint.
    public static func stopped(_ reason: String) -> Self { Self(code: .stopped, message: "The session was stopped: \(reason).") }
    /// Something did not come to its end.
    public static func incomplete(_ message: String) -> Self { Self(code: .incomplete, message: message) }
}
