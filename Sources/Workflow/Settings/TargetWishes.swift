public import Targets
public import Units

/// What the settings ask of targets beyond classes and spacing; nil is what they say nothing of. 0, or nothing in a list, is no limit.
public struct TargetWishes: Codable, Hashable, Sendable {
    /// `class_weights`: what classes count.
    public internal(set) var classWeights: [String: Double]?
    /// `class_rules`: where pixels of a class do not count.
    public internal(set) var classRules: [ClassRule]?
    /// `minimum_object`: the least area of an object that counts, in square micrometres.
    public internal(set) var minimumObject: Double?
    /// `per_instance`: the most targets of one object.
    public internal(set) var targetsPerInstance: Int?
    /// `max_targets`: the most targets of a lamella.
    public internal(set) var maximumTargets: Int?
    /// `min_distance`: the least distance of two targets on the specimen.
    public internal(set) var minimumDistance: Micrometers?

    /// Reads the keys that are there; what is wrong stays in the reader.
    init(_ reader: inout SettingsReader) {
        classWeights = reader.given("class_weights") { $0.classWeights() }
        classRules = reader.given("class_rules") { $0.classRules() }
        minimumObject = reader.given("minimum_object") { $0.minimumObject() }
        targetsPerInstance = reader.given("per_instance") { $0.targetsPerInstance() }
        maximumTargets = reader.given("max_targets") { $0.maximumTargets() }
        minimumDistance = reader.given("min_distance") { $0.minimumDistance() }
    }

    /// Without the keys that say what holds anyway; nil where nothing is left.
    var sayingSomething: Self? {
        var rest = self
        if classWeights?.isEmpty == true { rest.classWeights = nil }
        if classRules?.isEmpty == true { rest.classRules = nil }
        if minimumObject == 0 { rest.minimumObject = nil }
        if targetsPerInstance == 0 { rest.targetsPerInstance = nil }
        if maximumTargets == 0 { rest.maximumTargets = nil }
        if minimumDistance == .zero { rest.minimumDistance = nil }
        let given: [Any?] = [
            rest.classWeights, rest.classRules, rest.minimumObject, rest.targetsPerInstance, rest.maximumTargets, rest.minimumDistance,
        ]
        return given.allSatisfy { $0 == nil } ? nil : rest
    }

    /// These wishes in the place of others, key by key.
    func over(_ others: Self?) -> Self {
        var merged = self
        merged.classWeights = classWeights ?? others?.classWeights
        merged.classRules = classRules ?? others?.classRules
        merged.minimumObject = minimumObject ?? others?.minimumObject
        merged.targetsPerInstance = targetsPerInstance ?? others?.targetsPerInstance
        merged.maximumTargets = maximumTargets ?? others?.maximumTargets
        merged.minimumDistance = minimumDistance ?? others?.minimumDistance
        return merged
    }

    /// The wishes that targets were chosen by.
    init(of settings: TargetSettings) {
        classWeights = settings.classWeights
        classRules = settings.classRules
        minimumObject = settings.minimumObject
        targetsPerInstance = settings.targetsPerInstance
        maximumTargets = settings.maximumTargets
        minimumDistance = settings.minimumDistance
    }

    /// Puts the wishes into what targets are chosen by.
    func change(_ settings: inout TargetSettings) {
        settings.classWeights = classWeights
        settings.classRules = classRules
        settings.minimumObject = minimumObject
        settings.targetsPerInstance = targetsPerInstance
        settings.maximumTargets = maximumTargets
        settings.minimumDistance = minimumDistance
    }

    /// The classes that are named, by key.
    var namedClasses: [(key: String, classes: [String])] {
        [("class_weights", (classWeights ?? [:]).keys.sorted()), ("class_rules", (classRules ?? []).flatMap { [$0.className, $0.other] })]
    }
}
