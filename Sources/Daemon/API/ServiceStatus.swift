package import Foundation
package import Store
package import Workflow

/// What the service does now.
package struct ServiceStatus: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// Nothing waits.
        case idle
        /// Sessions wait, and none is started until a person resumes.
        case held
        /// The next session is about to start.
        case starting
        case running
        /// The session waits until people have confirmed what it found.
        case inspecting
        /// The session waits until a person has said what became of a step that nobody else can settle.
        case asking
        /// It waits at the next checkpoint.
        case pausing
        case paused
        /// The session ends at the next checkpoint.
        case stopping
        /// The session ends when SerialEM has finished its command.
        case aborting
        /// The service itself ends.
        case ending
    }
    package let state: State
    /// Why no session is started, if a person has to resume.
    package let reason: String?
    /// The session under way.
    package let session: SessionEntry?
    /// Whether the session that is paused, or about to be, waits in the middle of a step rather than at its next checkpoint.
    package let pausesNow: Bool
    /// What is being worked on, such as a grid's name.
    package let phase: String?
    /// Where it is in its plan, such as `grid 2 of 3, step 9 of 20`.
    package let place: String?
    /// How much of the phase is done, 0 to 1.
    package let fraction: Double?
    /// What is in the way of the session, such as the vacuum.
    package let obstacle: String?
    /// What waits to be confirmed.
    package let inspection: InspectionEntry?
    /// The step about which a person is asked.
    package let question: QuestionEntry?
    /// What is being done just now, oldest first.
    package let steps: [StepInProgress]
    /// How many sessions wait.
    package let queued: Int
    /// What whoever just asked for something should know of it.
    package let remark: String?
    /// The number of the newest line of the log.
    package let lastEvent: Int64
}

/// What the session under way is going to do.
package struct PlanListing: Codable, Sendable, Hashable {
    package let session: Int64
    /// Where it is, such as `grid 2 of 3, step 9 of 20`.
    package let place: String?
    package let parts: [SessionPlan.Part]
}

/// How a person pauses.
package struct PauseRequest: Codable, Sendable, Hashable {
    /// In the middle of a step, rather than at the next checkpoint.
    package let now: Bool?

    package init(now: Bool) { self.now = now }
}

/// What a person takes back of what was skipped.
package struct TakingBack: Codable, Sendable, Hashable {
    package let grid: Int
    package let lamella: Int?
    /// The number of the session; that under way if nil.
    package let session: Int64?

    package init(grid: Int, lamella: Int?, session: Int64?) {
        self.grid = grid
        self.lamella = lamella
        self.session = session
    }

    var part: SkippedPart { SkippedPart(grid: grid, lamella: lamella) }
}

/// What people are asked to confirm.
package struct InspectionEntry: Codable, Sendable, Hashable {
    /// Cassette slot.
    package let grid: Int
    package let name: String
    package let subject: Inspection.Subject
    /// The picture to look at.
    package let picture: String
    package let since: Date
    /// When the session waits no longer.
    package let until: Date
    /// What it does then.
    package let next: String
    /// Why a confirmation was not taken, where one was not.
    package let refusal: String?

    init(_ inspection: Inspection) {
        grid = inspection.slot
        name = inspection.grid
        subject = inspection.subject
        picture = inspection.picture
        since = inspection.since
        until = inspection.until
        next = inspection.next
        refusal = inspection.refusal
    }
}

/// A step that was begun and that nobody can settle, and what each answer does.
package struct QuestionEntry: Codable, Sendable, Hashable {
    /// What an answer names, so that nobody answers another question by accident.
    package let step: String
    package let title: String
    /// Cassette slot.
    package let grid: Int
    package let name: String
    /// Why nobody can tell whether it happened.
    package let reason: String
    /// What files and microscope say.
    package let evidence: [String]
    package let answers: [PossibleAnswer]
    package let since: Date
    /// When the session waits no longer.
    package let until: Date
    /// What it does then.
    package let next: String
    /// Why the last answer was not taken.
    package let refusal: String?

    package struct PossibleAnswer: Codable, Sendable, Hashable {
        package let answer: StepAnswer
        package let consequence: String
    }

    init(_ question: StepQuestion) {
        step = question.step.path
        title = question.title
        grid = question.slot
        name = question.grid
        reason = question.reason
        evidence = question.evidence
        answers = StepAnswer.allCases.map { PossibleAnswer(answer: $0, consequence: question.consequence(of: $0)) }
        since = question.since
        until = question.until
        next = question.next
        refusal = question.refusal
    }
}

/// What a person says of a step.
package struct AnswerToQuestion: Codable, Sendable, Hashable {
    package let step: String
    package let answer: StepAnswer
    package let reason: String?

    package init(step: String, answer: StepAnswer, reason: String?) {
        self.step = step
        self.answer = answer
        self.reason = reason
    }
}

/// What a person has looked at and found right.
package struct Confirmation: Codable, Sendable, Hashable {
    package let grid: Int
    package let subject: Inspection.Subject

    package init(grid: Int, subject: Inspection.Subject) {
        self.grid = grid
        self.subject = subject
    }
}

/// A step that has begun.
package struct StepInProgress: Codable, Sendable, Hashable {
    package let title: String
    package let seconds: Double
    /// How long such steps took so far, by their median.
    package let usualSeconds: Double?
    /// After how many seconds an alarm is raised.
    package let limitSeconds: Double
}

/// A session of the queue as the API shows it: without its settings, which may be long.
package struct SessionEntry: Codable, Sendable, Hashable {
    package let id: Int64
    package let name: String
    package let sessionDir: String
    package let state: QueuedSession.State
    package let onFailure: QueuedSession.OnFailure?
    package let added: Date
    package let started: Date?
    package let ended: Date?
    package let reason: String?

    init(_ session: QueuedSession) {
        id = session.id
        name = session.name
        sessionDir = session.folder
        state = session.state
        onFailure = session.onFailure
        added = session.added
        started = session.started
        ended = session.ended
        reason = session.reason
    }
}

/// The queue.
package struct QueueListing: Codable, Sendable, Hashable {
    package let sessions: [SessionEntry]
}

/// A part of the log.
package struct LogPage: Codable, Sendable, Hashable {
    package let events: [LoggedEvent]
}
