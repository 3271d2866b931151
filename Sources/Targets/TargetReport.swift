public import Foundation
import Geometry
import Units

/// What was planned on a lamella, in numbers that people judge it by: the sidecar `<map>_targets.json`.
public struct TargetReport: Codable, Hashable, Sendable {
    /// One area, in the order of acquisition.
    public struct Area: Codable, Hashable, Sendable {
        public let targets: [PlannedTarget]
        /// Micrometres on the specimen, from the tracking target.
        public let largestShift: Double
        /// Micrometres of image shift in one round through the targets and back, as at each tilt.
        public let shiftPath: Double
        public let geoPoints: Int
        /// Degrees; nil without geo points.
        public let planeError: Double?

        private enum CodingKeys: String, CodingKey {
            case targets, largestShift = "largest_image_shift", shiftPath = "image_shift_path", geoPoints = "geo_points"
            case planeError = "plane_error"
        }
    }

    /// One target, in the order of acquisition.
    public struct PlannedTarget: Codable, Hashable, Sendable {
        public let score: Double
        /// The share of its field that is of wanted classes; nil where that was not counted.
        public let covered: Double?
        /// Micrometres on the specimen, from the tracking target.
        public let shift: Double
        public let preExposed: PreExposure

        private enum CodingKeys: String, CodingKey {
            case score, covered, shift = "image_shift", preExposed = "pre_exposed"
        }
    }

    /// `target_seed` of the choice: with it the same map gives the same targets again.
    public let seed: UInt64
    /// Micrometres that a target may lie from its tracking target.
    public let reach: Double
    /// The share of all wanted pixels of the map that lie in some field; nil where that was not counted.
    public let covered: Double?
    public let areas: [Area]

    private enum CodingKeys: String, CodingKey {
        case seed = "target_seed", reach = "image_shift_reach", covered, areas
    }

    /// - Parameter coverage: of all targets in their order, where the segmentation is known.
    public init(_ exposures: PlannedExposures, geometry: LamellaGeometry, settings: TargetSettings, coverage: Coverage? = nil) {
        seed = settings.seed ?? TargetSettings.usualSeed
        covered = (coverage?.wanted).map(Self.rounded)
        var fields = (coverage?.fields ?? [])[...]
        reach = Self.rounded(settings.imageShiftReach.value)
        areas = zip(exposures.areas, exposures.preExposures()).map { area, preExposed in
            Area(
                targets: zip(area.targets, preExposed).map { target, exposure in
                    let shift = geometry.specimenShift(from: area.targets[0].position, to: target.position).length
                    return PlannedTarget(
                        score: Self.rounded(target.score), covered: fields.popFirst().map(Self.rounded), shift: Self.rounded(shift), preExposed: exposure)
                },
                largestShift: Self.rounded(area.largestShift(geometry: geometry).value),
                shiftPath: Self.rounded(area.shiftPath(geometry: geometry).value), geoPoints: area.geoPoints.count,
                planeError: area.planeError(geometry: geometry).map { Self.rounded($0.value) })
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "report of the targets") }

    private static func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
}
