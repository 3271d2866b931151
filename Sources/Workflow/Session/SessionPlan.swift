import Foundation

/// What a session is going to do, by its settings alone: the named steps of each grid in their order, and the checkpoints
/// between them. The engine begins no step that is not in it.
///
/// How many lamellae a grid has is not known beforehand: what is done for each of them is listed once.
public struct SessionPlan: Codable, Sendable, Hashable {
    /// What a line of the plan does.
    public enum Role: String, Codable, Sendable, Hashable, CaseIterable {
        /// Asks the microscope and changes nothing.
        case reading
        /// Computes, writes files or sets states; it may be done again at any time.
        case repeatable
        /// Puts electrons on the sample or moves a grid; it is never done again blindly.
        case exposing
        /// The session may be paused, thinned out or ended here.
        case checkpoint
    }

    /// A step or checkpoint.
    public struct Line: Codable, Sendable, Hashable {
        /// What identifiers of such steps end with, without a number: `medium-map`; nil for a checkpoint.
        public let step: String?
        public let title: String
        public let role: Role
        public let forEachLamella: Bool
        /// When it is done, where that is not always.
        public let condition: String?
    }

    /// What is done once, or for one grid.
    public struct Part: Codable, Sendable, Hashable {
        /// Cassette slot; nil for what concerns all grids.
        public let slot: Int?
        /// The last level of the grid; nil for what concerns all grids.
        public let level: Int?
        public let lines: [Line]
    }

    public let parts: [Part]

    public init(_ settings: SessionSettings) {
        let session = [
            Line.step("microscope", "read the limits of the microscope", .reading),
            .step("calibrations", "note the calibrations", .reading),
            .step("calibrations-told", "note what is told of other calibrations", .repeatable, "where they are others now"),
            .step("identity", "read which grids the slots hold", .reading),
        ]
        parts = [Part(slot: nil, level: nil, lines: session)]
            + settings.gridList.map { slot in
                let own = settings.of(grid: slot)
                return Part(slot: slot, level: own.automationLevel, lines: Self.lines(ofGrid: own))
            }
    }

    /// Why a step must not be begun; nil where it is planned so.
    func refusal(of step: StepIdentifier, exposes: Bool) -> String? {
        guard let line = line(of: step) else { return "it is not in the plan of the session" }
        guard (line.role == .exposing) == exposes else {
            return "the plan of the session has it as \(line.role.rawValue), and it is \(exposes ? "" : "not ")exposing"
        }
        return nil
    }

    private func line(of step: StepIdentifier) -> Line? {
        // What identifies a grid is read for all of them, before the first.
        let candidates = parts.filter { $0.slot == nil || $0.slot == step.slot }.flatMap(\.lines)
        return candidates.first { $0.step == step.plannedKind && $0.forEachLamella == (step.lamella != nil) }
    }

    /// Where a session is that does a step: `grid 2 of 3, step 9 of 20`; nil where the step is no grid's.
    public func place(of step: StepIdentifier) -> String? {
        let grids = parts.filter { $0.slot != nil }
        guard let number = grids.firstIndex(where: { $0.slot == step.slot }) else { return nil }
        let steps = grids[number].lines.filter { $0.step != nil }
        guard let index = steps.firstIndex(where: { $0.step == step.plannedKind && $0.forEachLamella == (step.lamella != nil) }) else { return nil }
        return "grid \(number + 1) of \(grids.count), step \(index + 1) of \(steps.count)"
    }

    /// For people, a line for each step.
    public var lines: [String] {
        parts.flatMap { part in
            [part.slot.map { "grid of slot \($0), to level \(part.level ?? 0)" } ?? "at the beginning"] + part.lines.map(\.text)
        }
    }
}

extension SessionPlan.Line {
    static func step(_ kind: String, _ title: String, _ role: SessionPlan.Role, _ condition: String? = nil) -> Self {
        Self(step: kind, title: title, role: role, forEachLamella: false, condition: condition)
    }

    static func lamella(_ kind: String, _ title: String, _ role: SessionPlan.Role, _ condition: String? = nil) -> Self {
        Self(step: kind, title: title, role: role, forEachLamella: true, condition: condition)
    }

    static func checkpoint(_ title: String, forEachLamella: Bool = false) -> Self {
        Self(step: nil, title: title, role: .checkpoint, forEachLamella: forEachLamella, condition: nil)
    }

    fileprivate var text: String {
        let name = role.rawValue.padding(toLength: 11, withPad: " ", startingAt: 0)
        return "  \(name) \(forEachLamella ? "each lamella: " : "")\(title)" + (condition.map { " (\($0))" } ?? "")
    }
}

extension StepIdentifier {
    /// The kind without the number that steps have which are done several times, as `load-2`.
    var plannedKind: String {
        let parts = kind.split(separator: "-")
        guard parts.count > 1, let last = parts.last, last.allSatisfy(\.isNumber) else { return kind }
        return parts.dropLast().joined(separator: "-")
    }
}
