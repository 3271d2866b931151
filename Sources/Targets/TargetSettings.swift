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
        beamMargin: Micrometers = .zero, pretilt: Degrees? = nil, startsAtPretilt: Bool? = nil,
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
        self.pretilt = pretilt
        self.startsAtPretilt = startsAtPretilt
        self.penaltyWindow = penaltyWindow
        self.keepsCentreClear = keepsCentreClear
    }

    private enum CodingKeys: String, CodingKey {
        case targetClasses = "target_list", avoidedClasses = "avoid_list", scoreThreshold = "target_score_threshold"
        case penaltyWeight = "penalty_weight", sparse = "sparse_targets", edge = "target_edge"
        case maximumTilt = "max_tilt", imageShiftLimit = "IS_limit", extraTracking = "extra_tracking"
        case beamMargin = "beam_margin", pretilt, startsAtPretilt = "auto_start_tilt", penaltyWindow = "penalty_window"
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

    /// The settings in terms of the labels of one model, whose label `i` is called `classes[i]`.
    ///
    /// White, black and dynabeads are avoided whenever the model has them, unless they are wanted: nobody wants to
    /// expose a hole by mistake.
    public func resolved(in classes: [String]) throws(TargetsError) -> ResolvedClasses {
        let everything = targetClasses.first == "lamella"
        let wanted = everything ? Array(targetClasses.dropFirst()) : targetClasses
        for name in wanted where !classes.contains(name) {
            throw .unknownClass(name, setting: "target_list", classes: classes + ["lamella"])
        }
        for name in avoidedClasses where !classes.contains(name) {
            throw .unknownClass(name, setting: "avoid_list", classes: classes)
        }
        let both = wanted.filter(avoidedClasses.contains)
        guard both.isEmpty else { throw .contradictoryClasses(both) }
        let alwaysAvoided: Set<String> = ["black", "white", "dynabeads"]
        let neverSolid: Set<String> = ["black", "white", "crack", "ice", "dynabeads"]
        let avoided = classes.map { avoidedClasses.contains($0) || (alwaysAvoided.contains($0) && !wanted.contains($0)) }
        let target = classes.indices.map { everything ? !avoided[$0] : wanted.contains(classes[$0]) }
        let solid = classes.indices.map { !avoided[$0] && !neverSolid.contains(classes[$0]) }
        return ResolvedClasses(names: classes, target: target, avoided: avoided, solid: solid)
    }
}

/// Which labels of a segmentation are wanted, avoided, and solid ground for measuring the sample plane.
public struct ResolvedClasses: Hashable, Sendable {
    public let names: [String]
    /// By label: wanted.
    public let target: [Bool]
    /// By label: costs score and never lies under the centre of a target.
    public let avoided: [Bool]
    /// By label: the lamella itself, neither hole nor bar nor ice.
    public let solid: [Bool]
    /// By label: solid, and named by the model (not its background, which may reach over the lamella's border).
    var surelySolid: [Bool] { names.indices.map { solid[$0] && names[$0] != "background" } }
}
