import Store
import Workflow

/// What is known of the session that runs.
struct CurrentSession: Sendable {
    /// A step that has begun.
    struct Step: Sendable {
        let id: StepIdentifier
        let title: String
        let begin: ContinuousClock.Instant
        let limit: Duration
        /// How long such steps take; nil where none was done here.
        let usual: Duration?
        /// Where the limit comes from, for the alarm.
        let basis: String
        var isOverdue = false
    }

    let session: QueuedSession
    let helm: Helm
    var phase: String?
    var fraction: Double?
    /// Name of the grid on the stage.
    var grid: String?
    var steps: [Step] = []
    /// What it is going to do, once its settings are read.
    var plan: SessionPlan?
    /// Where it is in that, since its first step of a grid.
    var place: String?
    /// What is in the way of the session.
    var obstacle: String?
    var isWaiting = false
    /// The gate at which it waits for people.
    var inspection: Inspection?
    /// The step of which it waits to be told what became of it.
    var question: StepQuestion?
    /// Whether the microscope was left safe; nil while the session runs, or where it was never reached.
    var isSafe: Bool?
    /// How long PACEtomo may take, by the settings.
    var acquisitionLimit: Duration?
}

/// When a step is overdue.
package struct StepLimit: Sendable {
    let least: Duration
    let factor: Int
    /// How often is looked.
    let interval: Duration

    package init(least: Duration = .seconds(600), factor: Int = 3, interval: Duration = .seconds(5)) {
        self.least = least
        self.factor = factor
        self.interval = interval
    }

    /// The limit of a step that usually takes so long, and where it comes from.
    func limit(median: Duration?) -> (limit: Duration, basis: String) {
        let floor = "at least \(words(least))"
        guard let median else { return (least, "\(floor); none was done here before") }
        return (max(least, median * factor), "\(floor), \(factor) times the usual \(words(median))")
    }
}
