public import Units

/// What to look for on a lamella and how densely, under the names that SPACEtomo users know.
public struct TargetSettings: Codable, Hashable, Sendable {
    /// Classes to image (`target_list`). The first entry `lamella` stands for every class that is not avoided.
    public var targetClasses: [String]
    /// Classes that cost score and that no target may be centred on (`avoid_list`).
    public var avoidedClasses: [String]
    /// A position must score more than this (`target_score_threshold`), 0 to 1.
    public var scoreThreshold: Double
    /// How much an avoided pixel costs against what a target pixel gains (`penalty_weight`), 0 to 1.
    public var penaltyWeight: Double
    /// Positions start from single objects instead of from a dense lattice (`sparse_targets`).
    public var sparse: Bool
    /// Positions lie on the outline of the target classes instead of inside them (`target_edge`).
    public var edge: Bool
    /// The largest tilt at which no two beams may touch (`max_tilt`), 0 to 80 degrees.
    public var maximumTilt: Degrees
    /// The largest image shift from the tracking target (`IS_limit`), measured on the specimen.
    public var imageShiftLimit: Micrometers
    /// Track on a position of its own that is not a target (`extra_tracking`).
    public var extraTracking: Bool
    /// Space to keep between two exposed areas (`beam_margin`).
    public var beamMargin: Micrometers
    /// In which order the targets of an area are acquired (`target_order`); nil is ``TargetOrder/path``.
    public var order: TargetOrder?
    /// Where the random numbers of the search begin (`target_seed`): the same seed gives the same targets, byte by byte. nil is
    /// ``usualSeed``.
    public var seed: UInt64?
    public static let usualSeed: UInt64 = 31335
    /// What single classes count (`class_weights`): what a pixel of a wanted class adds, 0 to 1, or how much more than
    /// others one of an avoided class costs, 0 to 10. A class that is not named counts 1; nil names none.
    public var classWeights: [String: Double]?
    /// Where pixels of a class do not count (`class_rules`); nil: everywhere they do.
    public var classRules: [ClassRule]?
    /// Smaller connected objects of the wanted classes do not count (`minimum_object`), in square micrometres; nil: all do.
    public var minimumObject: Double?
    /// The most targets that one object may get (`per_instance`); nil: any number. See ``ObjectInstances``.
    public var targetsPerInstance: Int?
    /// The most targets of a lamella (`max_targets`); nil: any number.
    public var maximumTargets: Int?
    /// Least distance between two targets on the specimen (`min_distance`), beyond what the beams need; nil: none.
    public var minimumDistance: Micrometers?
    /// How steeply the lamella is inclined about the tilt axis on the untilted stage (`pretilt`), in either direction, -45 to 45
    /// degrees; nil is 0.
    public var pretilt: Degrees?
    /// The series starts where the lamella lies flat, as PACEtomo's own setting has it, and its range is shifted with it
    /// (`auto_start_tilt`); nil is no.
    public var startsAtPretilt: Bool?
    /// Where avoided pixels cost score (`penalty_window`); nil is ``PenaltyWindow/field``.
    public var penaltyWindow: PenaltyWindow?
    /// No avoided pixel lies within half the shorter side of the camera's field of a target's centre (`clear_centre`); nil
    /// is yes.
    public var keepsCentreClear: Bool?

    /// The part of the sample in which avoided pixels cost score.
    public enum PenaltyWindow: String, Codable, Hashable, Sendable, CaseIterable {
        /// The camera's field without tilt.
        case field
        /// What the camera sees at the largest tilt.
        case swept
    }

    public init(
        targetClasses: [String] = ["mitos"], avoidedClasses: [String] = ["black", "white", "ice", "crack"],
        scoreThreshold: Double = 0.01, penaltyWeight: Double = 0.3, sparse: Bool = true, edge: Bool = false,
        maximumTilt: Degrees = Degrees(60), imageShiftLimit: Micrometers = Micrometers(15), extraTracking: Bool = false,
        beamMargin: Micrometers = .zero, order: TargetOrder? = nil, seed: UInt64? = nil,
        classWeights: [String: Double]? = nil, classRules: [ClassRule]? = nil,
        minimumObject: Double? = nil, targetsPerInstance: Int? = nil, maximumTargets: Int? = nil,
        minimumDistance: Micrometers? = nil,
        pretilt: Degrees? = nil, startsAtPretilt: Bool? = nil,
        penaltyWindow: PenaltyWindow? = nil, keepsCentreClear: Bool? = nil
    ) {
        self.targetClasses = targetClasses
        self.avoidedClasses = avoidedClasses
        self.scoreThreshold = scoreThreshold
        self.penaltyWeight = penaltyWeight
        self.sparse = sparse
        self.edge = edge
        self.maximumTilt = maximumTilt
        self.imageShiftLimit = imageShiftLimit
        self.extraTracking = extraTracking
        self.beamMargin = beamMargin
        self.order = order
        self.seed = seed
        self.classWeights = classWeights
        self.classRules = classRules
        self.minimumObject = minimumObject
        self.targetsPerInstance = targetsPerInstance
        self.maximumTargets = maximumTargets
        self.minimumDistance = minimumDistance
        self.pretilt = pretilt
        self.startsAtPretilt = startsAtPretilt
        self.penaltyWindow = penaltyWindow
        self.keepsCentreClear = keepsCentreClear
    }

    private enum CodingKeys: String, CodingKey {
        case targetClasses = "target_list", avoidedClasses = "avoid_list", scoreThreshold = "target_score_threshold"
        case penaltyWeight = "penalty_weight", sparse = "sparse_targets", edge = "target_edge"
        case maximumTilt = "max_tilt", imageShiftLimit = "IS_limit", extraTracking = "extra_tracking"
        case beamMargin = "beam_margin", order = "target_order", seed = "target_seed"
        case classWeights = "class_weights", classRules = "class_rules"
        case minimumObject = "minimum_object", targetsPerInstance = "per_instance", maximumTargets = "max_targets"
        case minimumDistance = "min_distance"
        case pretilt, startsAtPretilt = "auto_start_tilt", penaltyWindow = "penalty_window"
        case keepsCentreClear = "clear_centre"
    }

    /// Refuses values out of range.
    public func validate() throws(TargetsError) {
        func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws(TargetsError) {
            guard range.contains(value) else {
                throw .invalidSetting(name, value, range: "between \(range.lowerBound) and \(range.upperBound)")
            }
        }
        try check("target_score_threshold", scoreThreshold, 0 ... 1)
        try check("penalty_weight", penaltyWeight, 0 ... 1)
        try check("max_tilt", maximumTilt.value, 0 ... 80)
        try check("IS_limit", imageShiftLimit.value, 0.1 ... 50)
        try check("beam_margin", beamMargin.value, 0 ... 20)
        try check("minimum_object", minimumObject ?? 0, 0 ... 1000)
        try check("per_instance", Double(targetsPerInstance ?? 1), 1 ... 1000)
        try check("max_targets", Double(maximumTargets ?? 1), 1 ... 1000)
        try check("min_distance", minimumDistance?.value ?? 0, 0 ... 100)
        for (name, weight) in (classWeights ?? [:]).sorted(by: { $0.key < $1.key }) {
            try check("the weight of \(name) in class_weights", weight, 0 ... 10)
        }
        for rule in classRules ?? [] { try rule.validate() }
        let pretilt = pretilt ?? .zero
        try check("pretilt", pretilt.value, -45 ... 45)
        let steepest = SqueezedPlane.steepestTilt(
            maximumTilt: maximumTilt, pretilt: pretilt, startsAtPretilt: startsAtPretilt ?? false)
        guard steepest < Degrees(85) else { throw .tiltsBeyondTheBeam(maximumTilt: maximumTilt, pretilt: pretilt) }
    }

    /// The plane in which targets keep their distance.
    public func plane(tiltAxisAngle: Degrees) -> SqueezedPlane {
        SqueezedPlane(
            tiltAxisAngle: tiltAxisAngle, maximumTilt: maximumTilt, pretilt: pretilt ?? .zero,
            startsAtPretilt: startsAtPretilt ?? false)
    }
}
