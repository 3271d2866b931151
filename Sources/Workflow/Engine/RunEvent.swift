/// Something that happened in a run, in order; the log and the progress line are readers of it.
public enum RunEvent: Sendable {
    case sessionStarted(String)
    case gridStarted(slot: Int, name: String)
    /// How many units of work of a phase are planned and done, for the time left.
    case progress(phase: String, done: Double, total: Double)
    /// `exposing`: it puts electrons on the sample or moves a grid.
    case started(StepIdentifier, title: String, exposing: Bool)
    case finished(StepIdentifier, title: String, duration: Duration)
    case skipped(StepIdentifier, title: String)
    case recovered(StepIdentifier, title: String)
    case failed(StepIdentifier, title: String, reason: String)
    /// A wait goes on; for the progress line, not for the log.
    case waiting(String)
    /// The session waits at a checkpoint until its supervisor lets it go on.
    case held(at: Checkpoint, reason: String)
    case released(at: Checkpoint)
    /// The session waits until people have looked; again where it was confirmed in vain, and after a pause.
    case inspecting(Inspection)
    /// It still waits.
    case inspectionReminder(Inspection)
    /// It waits no more, and why.
    case inspected(Inspection, outcome: String)
    /// The session waits until a person has said what became of a step; again where an answer was not taken, and after a pause.
    case asking(StepQuestion)
    /// It still waits.
    case questionReminder(StepQuestion)
    /// It waits no more, and why.
    case answered(StepQuestion, outcome: String)
    /// A grid or lamella that the supervisor skips.
    case leftOut(String, reason: String)
    /// A grid failed and is left out, and a person should know: why, and what the session does next.
    case gridFailed(slot: Int, name: String, reason: String, next: String)
    /// How the microscope was left at the end; the log has it as notes and warnings.
    case microscopeLeft(isSafe: Bool)
    /// Something is in the way of the session, and a person should know: what it is and what the session does next.
    case obstructed(String, next: String)
    /// It is over.
    case cleared(String)
    case note(String)
    case warning(String)
    case sessionEnded(String)
}
