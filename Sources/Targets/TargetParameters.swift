public import Foundation
import Geometry
import Units

/// The settings of a selection as SPACEtomo's programs exchange them: `tgt_params.json`.
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
    }

    public init(data: Data) throws(TargetsError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw TargetsError(.unreadableFile, "This is no tgt_params.json: \(words(for: error)).")
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "file tgt_params.json") }
}
