public import Foundation
import Geometry
public import Units

/// The settings of a selection as SPACEtomo's programs exchange them: `tgt_params.json`.
///
/// With ``additions`` the file tells all that decides a selection; SPACEtomo 1.3 keeps keys that it does not know.
public struct TargetParameters: Codable, Hashable, Sendable {
    public var targetClasses: [String]
    public var avoidedClasses: [String]
    public var sparse: Bool
    public var edge: Bool
    public var penalty: Double
    public var threshold: Double
    /// Degrees.
    public var maximumTilt: Double
    /// The two vectors of the hexagonal lattice, each (row, column) in map pixels.
    public var vectors: TaggedArray<[[Double]]>
    public var extraTracking: Bool
    public var maximumIterations: Int
    /// What SPACEtomo has no key for.
    public var additions: Additions

    private enum CodingKeys: String, CodingKey {
        case targetClasses = "target_list", avoidedClasses = "penalty_list", sparse, edge, penalty, threshold
        case maximumTilt = "max_tilt", vectors = "vecs", extraTracking = "extra_track", maximumIterations = "max_it"
        case weight, edgeWeights = "edge_weights"
    }

    /// The parameters that lead SPACEtomo to the same classes and spacing on the same map.
    public init(settings: TargetSettings, classes: [String], geometry: LamellaGeometry) throws(TargetsError) {
        let resolved = try settings.resolved(in: classes)
        targetClasses = classes.indices.filter { resolved.target[$0] }.map { classes[$0] }
        avoidedClasses = classes.indices.filter { resolved.avoided[$0] }.map { classes[$0] }
        sparse = settings.sparse
        edge = settings.edge
        penalty = settings.penaltyWeight
        threshold = settings.scoreThreshold
        maximumTilt = settings.maximumTilt.value
        extraTracking = settings.extraTracking
        maximumIterations = 10
        additions = Additions(settings)
        let plane = settings.plane(tiltAxisAngle: geometry.tiltAxisAngle)
        let beam = geometry.beamOnMap.value
        let along = plane.unsqueezed(along: beam, across: 0)
        let across = plane.unsqueezed(along: beam / 2, across: beam * 3.0.squareRoot() / 2)
        let rows = [[along.y, along.x], [across.y, across.x]]
        // SPACEtomo wants the vector that runs along the rows first.
        vectors = TaggedArray(geometry.tiltAxisAngle.magnitude > Degrees(45) ? rows.reversed() : rows)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        targetClasses = try container.decode([String].self, forKey: .targetClasses)
        avoidedClasses = try container.decode([String].self, forKey: .avoidedClasses)
        sparse = try container.decode(Bool.self, forKey: .sparse)
        edge = try container.decode(Bool.self, forKey: .edge)
        penalty = try container.decode(Double.self, forKey: .penalty)
        threshold = try container.decode(Double.self, forKey: .threshold)
        maximumTilt = try container.decode(Double.self, forKey: .maximumTilt)
        vectors = try container.decode(TaggedArray<[[Double]]>.self, forKey: .vectors)
        extraTracking = try container.decode(Bool.self, forKey: .extraTracking)
        maximumIterations = try container.decode(Int.self, forKey: .maximumIterations)
        additions = try Additions(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(targetClasses, forKey: .targetClasses)
        try container.encode(avoidedClasses, forKey: .avoidedClasses)
        try container.encode(sparse, forKey: .sparse)
        try container.encode(edge, forKey: .edge)
        try container.encode(penalty, forKey: .penalty)
        try container.encode(threshold, forKey: .threshold)
        try container.encode(maximumTilt, forKey: .maximumTilt)
        try container.encode(vectors, forKey: .vectors)
        try container.encode(extraTracking, forKey: .extraTracking)
        try container.encode(maximumIterations, forKey: .maximumIterations)
        // Large images that SPACEtomo makes anew when it loads the file.
        try container.encodeNil(forKey: .weight)
        try container.encodeNil(forKey: .edgeWeights)
        try additions.encode(to: encoder)
    }

    public init(data: Data) throws(TargetsError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw TargetsError(.unreadableFile, "This is no tgt_params.json: \(words(for: error)).")
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "file tgt_params.json") }

    /// The settings that choose the same targets on the same map.
    ///
    /// - Parameter imageShiftLimit: where the file tells none, as SPACEtomo's does not.
    public func settings(imageShiftLimit: Micrometers) -> TargetSettings {
        // SPACEtomo has what is always avoided in both lists where all of the lamella is wanted.
        TargetSettings(
            targetClasses: targetClasses.filter { !avoidedClasses.contains($0) }, avoidedClasses: avoidedClasses, scoreThreshold: threshold,
            penaltyWeight: penalty, sparse: sparse, edge: edge, maximumTilt: Degrees(maximumTilt),
            imageShiftLimit: additions.imageShiftLimit ?? imageShiftLimit, extraTracking: extraTracking,
            beamMargin: additions.beamMargin ?? .zero, order: additions.order, seed: additions.seed, classWeights: additions.classWeights,
            classRules: additions.classRules, minimumObject: additions.minimumObject, targetsPerInstance: additions.targetsPerInstance,
            maximumTargets: additions.maximumTargets, minimumDistance: additions.minimumDistance, pretilt: additions.pretilt,
            startsAtPretilt: additions.startsAtPretilt, penaltyWindow: additions.penaltyWindow, keepsCentreClear: additions.keepsCentreClear)
    }

    /// Keys of ``TargetSettings`` under their own names, each nil where a file does not tell it.
    public struct Additions: Codable, Hashable, Sendable {
        public var imageShiftLimit: Micrometers?
        public var beamMargin: Micrometers?
        public var order: TargetOrder?
        public var seed: UInt64?
        public var classWeights: [String: Double]?
        public var classRules: [ClassRule]?
        public var minimumObject: Double?
        public var targetsPerInstance: Int?
        public var maximumTargets: Int?
        public var minimumDistance: Micrometers?
        public var pretilt: Degrees?
        public var startsAtPretilt: Bool?
        public var penaltyWindow: TargetSettings.PenaltyWindow?
        public var keepsCentreClear: Bool?

        private enum CodingKeys: String, CodingKey {
            case imageShiftLimit = "IS_limit", beamMargin = "beam_margin", order = "target_order", seed = "target_seed"
            case classWeights = "class_weights", classRules = "class_rules", minimumObject = "minimum_object"
            case targetsPerInstance = "per_instance", maximumTargets = "max_targets", minimumDistance = "min_distance", pretilt
            case startsAtPretilt = "auto_start_tilt", penaltyWindow = "penalty_window", keepsCentreClear = "clear_centre"
        }

        init(_ settings: TargetSettings) {
            imageShiftLimit = settings.imageShiftLimit
            beamMargin = settings.beamMargin
            order = settings.order
            // A later version may begin elsewhere.
            seed = settings.seed ?? TargetSettings.usualSeed
            classWeights = settings.classWeights
            classRules = settings.classRules
            minimumObject = settings.minimumObject
            targetsPerInstance = settings.targetsPerInstance
            maximumTargets = settings.maximumTargets
            minimumDistance = settings.minimumDistance
            pretilt = settings.pretilt
            startsAtPretilt = settings.startsAtPretilt
            penaltyWindow = settings.penaltyWindow
            keepsCentreClear = settings.keepsCentreClear
        }
    }
}
