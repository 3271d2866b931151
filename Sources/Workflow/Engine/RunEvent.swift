/// Something that happened in a run, in order; the log and the progress line are readers of it.
public enum RunEvent: Sendable {
    case sessionStarted(String)
    case gridStarted(slot: Int, name: String)
    /// The numbers of the lamellae of a grid that are processed.
    case lamellaeKnown(slot: Int, numbers: [Int])
    /// How many units of work of a phase are planned and done, for the time left.
    case progress(phase: String, done: Double, total: Double)
    /// `exposing`: it puts electrons on the sample or moves a grid.
    case started(StepIdentifier, title: String, exposing: Bool)
    case finished(StepIdentifier, title: String, duration: Duration)
    /// How long a step that has begun may take by what is asked of it, and how that was reckoned; for whoever has no history of it.
    case expected(StepIdentifier, within: Duration, basis: String)
    case skipped(StepIdentifier, title: String)
    case recovered(StepIdentifier, title: String)
    case failed(StepIdentifier, title: String, reason: String)
    /// It was cut, by a pause, a lost connection or the session's end; the journal has it as begun.
    case interrupted(StepIdentifier, title: String)
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
    /// What people had left out is in the session again, and the journal has it.
    case takenBack(SkippedPart)
    /// A grid failed and is left out, and a person should know: why, and what the session does next.
    case gridFailed(slot: Int, name: String, reason: String, next: String)
    /// Lamellae of a grid fail one after the other, and a person should know: how many, why the last one, and what the session does next.
    case lamellaeFailed(slot: Int, name: String, row: Int, reason: String, next: String)
    /// How the microscope was left at the end; the log has it as notes and warnings.
    case microscopeLeft(isSafe: Bool)
    /// Something is in the way of the session, and a person should know: what it is and what the session does next.
    case obstructed(String, next: String)
    /// It is over.
    case cleared(String)
    /// The step under way waits for the microscope or the disk, whether or not people are told; why. It has the time for itself no more.
    case delayed(String)
    /// It waits no more, whether it goes on or not.
    case delayOver
    case note(String)
    case warning(String)
    case sessionEnded(String)
}
