public import Geometry

/// The Low Dose area in which a target is imaged, by its letter in PACEtomo's files.
public enum LowDoseArea: String, Codable, Hashable, Sendable {
    case record = "R"
    case view = "V"
    case search = "S"
}

/// One position for a tilt series.
public struct Target: Hashable, Sendable {
    /// Centre of the camera's field on the map.
    public var position: Point<Frame.MapPixels>
    /// Gaussian-weighted share of wanted pixels in the field less the penalty for avoided ones: at most 1. SPACEtomo
    /// writes 100 for a target that was set by hand.
    public var score: Double
    public var lowDoseArea: LowDoseArea

    public init(position: Point<Frame.MapPixels>, score: Double, lowDoseArea: LowDoseArea = .record) {
        self.position = position
        self.score = score
        self.lowDoseArea = lowDoseArea
    }
}

/// Targets that are acquired in parallel by image shift around one tracking target.
public struct TargetArea: Hashable, Sendable {
    /// In the order of acquisition; the first is the tracking target.
    public var targets: [Target]
    /// Where PACEtomo measures defocus to learn how the lamella is inclined: none, or three to ten.
    public var geoPoints: [Point<Frame.MapPixels>]

    public init(targets: [Target], geoPoints: [Point<Frame.MapPixels>] = []) {
        self.targets = targets
        self.geoPoints = geoPoints
    }
}
