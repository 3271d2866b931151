import Store
import Workflow

/// What is known of the session that runs.
struct CurrentSession: Sendable {
    /// A step that has begun.
    struct Step: Sendable {
        let id: StepIdentifier
        let title: String
        let begin: ContinuousClock.Instant
        var limit: Duration
        /// How long such steps take; nil where none was done here.
        let usual: Duration?
        /// Where the limit comes from, for the alarm.
        var basis: String
        /// When people were told last that it is overdue, and how far it was then.
        var told: Told?
        /// How long it waited for the microscope or the disk, in waits that are over.
        var delayed: Duration = .zero
        /// Whether what the microscope waits for holds it up.
        var isDelayable: Bool { !id.isAnalysis }
    }

    /// How far a session was when people were told of a step.
    struct Told: Sendable {
        let time: ContinuousClock.Instant
        let phase: String?
        let fraction: Double?

        /// What is other now, in words.
        func changes(to session: CurrentSession) -> String {
            let (now, phase) = (session.fraction ?? 0, session.phase ?? "")
            guard phase == self.phase ?? "" else { return "since then it came to '\(phase)', of which \(Self.percent(now)) % is done" }
            guard Self.percent(now) != Self.percent(fraction ?? 0) else { return "nothing has changed since then" }
            return "since then \(phase.isEmpty ? "it" : "'\(phase)'") went from \(Self.percent(fraction ?? 0)) to \(Self.percent(now)) %"
        }

        private static func percent(_ fraction: Double) -> Int { fraction.isFinite ? Int((min(1, max(0, fraction)) * 100).rounded()) : 0 }
    }

    let session: QueuedSession
    /// Whether a run of it was cut, and the next goes on in its place.
    var goesOn = false
    let helm: Helm
    var phase: String?
    var fraction: Double?
    /// Name of the grid on the stage.
    var grid: String?
    var steps: [Step] = []
    /// How many steps it has done in this life of the service.
    var stepsDone = 0
    /// What it is going to do, once its settings are read.
    var plan: SessionPlan?
    /// How far it came in that, since its first step of a grid: what is done for one lamella after the other begins again and again.
    var place: SessionPlan.Place?
    /// The numbers of the lamellae of a grid, by its slot, once they are known.
    var lamellae: [Int: [Int]] = [:]
    /// What is in the way of the session.
    var obstacle: String?
    var isWaiting = false
    /// What the steps under way wait for, since when.
    private(set) var delay: Delay?
    /// The gate at which it waits for people.
    var inspection: Inspection?
    /// The step of which it waits to be told what became of it.
    var question: StepQuestion?
    /// What people have not done yet; what they did while the session is paused is taken up when it goes on.
    var openInspection: Inspection? { inspection.flatMap { helm.isPaused && $0.isMarked ? nil : $0 } }
    var openQuestion: StepQuestion? { question.flatMap { helm.isPaused && $0.isMarked ? nil : $0 } }
    /// Whether the microscope was left safe; nil while the session runs, or where it was never reached.
    var isSafe: Bool?
    /// How long PACEtomo may take, by the settings.
    var acquisitionLimit: Duration?

    /// A wait for the microscope or the disk.
    struct Delay: Sendable {
        let reason: String
        let begin: ContinuousClock.Instant
    }

    mutating func beginDelay(_ reason: String, at now: ContinuousClock.Instant) {
        if delay == nil { delay = Delay(reason: reason, begin: now) }
    }

    mutating func endDelay(at now: ContinuousClock.Instant) {
        for index in steps.indices { steps[index].delayed = delayed(of: steps[index], at: now) }
        delay = nil
    }

    /// How long a step has waited for the microscope or the disk. That time is none of its own: a refill says nothing of how long
    /// such steps take.
    func delayed(of step: Step, at now: ContinuousClock.Instant) -> Duration {
        guard let delay, step.isDelayable else { return step.delayed }
        return step.delayed + (now - max(step.begin, delay.begin))
    }
}

/// When a step is overdue.
package struct StepLimit: Sendable {
    let least: Duration
    let factor: Int
    /// How often is looked.
    let interval: Duration
    /// After how long people are told again.
    let reminder: Duration

    package init(least: Duration = .seconds(600), factor: Int = 3, interval: Duration = .seconds(5), reminder: Duration = .seconds(3600)) {
        self.least = least
        self.factor = factor
        self.interval = interval
        self.reminder = reminder
    }

    /// The limit of a step that usually takes so long, and where it comes from.
    func limit(median: Duration?) -> (limit: Duration, basis: String) {
        let floor = "at least \(words(least))"
        guard let median else { return (least, "\(floor); none was done here before") }
        return (max(least, median * factor), "\(floor), \(factor) times the usual \(words(median))")
    }
}
