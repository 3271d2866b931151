import Targets
import Units

/// What the settings say of one grid alone, under its slot in `grids`; nil is what they say of all.
public struct GridSettings: Codable, Hashable, Sendable {
    /// `name`: what the cassette must call the grid.
    public let name: String?
    /// `on_failure`.
    public let onFailure: FailurePolicy?
    private var automationLevel: Int?
    private let excludedLamellaClasses: [String]?
    private let targetClasses: [String]?
    private let avoidedClasses: [String]?
    private let scoreThreshold: Double?
    private let sparseTargets: Bool?
    private let targetEdge: Bool?
    private let penaltyWeight: Double?
    private let extraTracking: Bool?
    private let maximumTilt: Degrees?
    private let uncertainSteps: UncertainSteps?
    private let maximumDose: Dose?
    private let targetWishes: TargetWishes?

    /// Reads the keys of one grid; what is wrong stays in the reader.
    init(_ reader: inout SettingsReader) {
        name = reader.given("name") { $0.text("name", default: "", expected: "the grid's name in the cassette") ?? "" }
        onFailure = reader.given("on_failure") { $0.name("on_failure", default: .stop) }
        automationLevel = reader.given("automation_level") { $0.automationLevel() }
        excludedLamellaClasses = reader.given("exclude_lamella_classes") { $0.excludedLamellaClasses() }
        targetClasses = reader.given("target_list") { $0.targetClasses() }
        avoidedClasses = reader.given("avoid_list") { $0.avoidedClasses() }
        scoreThreshold = reader.given("target_score_threshold") { $0.scoreThreshold() }
        sparseTargets = reader.given("sparse_targets") { $0.flag("sparse_targets", default: true) }
        targetEdge = reader.given("target_edge") { $0.flag("target_edge", default: false) }
        penaltyWeight = reader.given("penalty_weight") { $0.penaltyWeight() }
        extraTracking = reader.given("extra_tracking") { $0.flag("extra_tracking", default: false) }
        maximumTilt = reader.given("max_tilt") { $0.maximumTilt() }
        uncertainSteps = reader.given("uncertain_steps") { $0.name("uncertain_steps", default: .stop) }
        maximumDose = reader.given("maximum_dose_before_acquisition") { $0.maximumDose() }
        let wishes = TargetWishes(&reader)
        targetWishes = wishes == TargetWishes(of: TargetSettings()) ? nil : wishes
        reader.refuseTheRest(unsupported: [:])
    }

    /// Puts what is said of the grid in the place of what is said of all.
    func change(_ settings: inout SessionSettings) {
        func put<T>(_ value: T?, _ path: WritableKeyPath<SessionSettings, T>) {
            if let value { settings[keyPath: path] = value }
        }
        put(automationLevel, \.automationLevel)
        if let onFailure { settings.onGridFailure = onFailure }
        put(excludedLamellaClasses, \.excludedLamellaClasses)
        put(targetClasses, \.targetClasses)
        put(avoidedClasses, \.avoidedClasses)
        put(scoreThreshold, \.scoreThreshold)
        put(sparseTargets, \.sparseTargets)
        put(targetEdge, \.targetEdge)
        put(penaltyWeight, \.penaltyWeight)
        put(extraTracking, \.extraTracking)
        put(maximumTilt, \.maximumTilt)
        put(uncertainSteps, \.uncertainSteps)
        put(maximumDose, \.maximumDose)
        if let targetWishes { settings.targetWishes = targetWishes.over(settings.targetWishes).sayingSomething }
    }

    /// The same without a level of its own.
    func withoutLevel() -> Self {
        var changed = self
        changed.automationLevel = nil
        return changed
    }
}

/// The keys that a session and each of its grids may have.
extension SettingsReader {
    /// The value of a key that is there; nil where it is not.
    mutating func given<T>(_ key: String, _ read: (inout Self) -> T) -> T? { offers(key) ? read(&self) : nil }

    mutating func automationLevel() -> Int { integer("automation_level", default: 4, in: 1 ... 5) ?? 4 }
    mutating func excludedLamellaClasses() -> [String] {
        texts("exclude_lamella_classes", default: ["gone"], expected: "a list of lamella classes, such as [gone]")
    }
    mutating func targetClasses() -> [String] {
        texts("target_list", default: ["mitos"], expected: "a list of classes of the segmentation model", mayBeEmpty: false)
    }
    mutating func avoidedClasses() -> [String] {
        texts(
            "avoid_list", default: ["black", "white", "ice", "crack", "dynabeads"],
            expected: "a list of classes of the segmentation model")
    }
    mutating func scoreThreshold() -> Double { number("target_score_threshold", default: 0.01, in: 0 ... 1) }
    mutating func penaltyWeight() -> Double { number("penalty_weight", default: 0.3, in: 0 ... 1) }
    mutating func maximumTilt() -> Degrees { Degrees(number("max_tilt", default: 60, in: 0 ... 75, unit: " degrees")) }
    mutating func maximumDose() -> Dose {
        Dose(number("maximum_dose_before_acquisition", default: 0, in: 0 ... 1000, unit: " e/Å²"))
    }

    /// The groups of keys under slots of the cassette.
    mutating func grids(_ key: String, of slots: [Int]) -> [Int: GridSettings] {
        let expected = "a group for each slot, such as '3:' with 'on_failure: skip' below it"
        var found: [Int: GridSettings] = [:]
        for (name, node, line) in groups(key, expected: expected) {
            guard let slot = Int(name), slots.contains(slot) else {
                refuse("'\(key)' names '\(Self.short(name))'; it must be a slot of grid_list (\(slots.map(String.init).joined(separator: ", ")))", line: line)
                continue
            }
            guard var reader = SettingsReader(group: node) else {
                refuse("'\(key)' has nothing for slot \(slot); give it keys such as 'on_failure: skip', or take it out", line: line)
                continue
            }
            found[slot] = GridSettings(&reader)
            take(problemsOf: reader)
        }
        return found
    }
}
