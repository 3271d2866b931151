public import Units

/// An inclined sample that is tilted about an axis in its map, seen along the beam.
///
/// The map was taken at stage tilt 0, where a plane of pretilt p is seen shortened by cos p across the axis. At stage
/// tilt a it is seen shortened by cos(a + p), so that map distances across the axis change by cos(a + p) / cos p;
/// along the axis nothing changes. Signs are PACEtomo's: a positive pretilt is made steeper by a positive tilt.
public struct TiltedPlane: Sendable, Hashable {
    /// The inclination of the plane across the tilt axis at stage tilt 0.
    public let pretilt: Degrees
    /// The planned stage tilts.
    public let tilts: ClosedRange<Degrees>

    public init(pretilt: Degrees = .zero, tilts: ClosedRange<Degrees>) {
        self.pretilt = pretilt
        self.tilts = tilts
    }

    /// What becomes of a map distance across the axis at a stage tilt: 0 where the plane is seen edge-on, never less.
    public func shrinkage(at tilt: Degrees) -> Double {
        max(0, cosine(Degrees(tilt.value + pretilt.value)) / cosine(pretilt))
    }

    /// At the steepest of the planned tilts, which is one of the two ends: two beams that touch nowhere else do there.
    public var smallestShrinkage: Double { min(shrinkage(at: tilts.lowerBound), shrinkage(at: tilts.upperBound)) }

    /// At the tilt at which the plane lies flattest: more than 1 for a plane that the tilt makes level.
    public var largestShrinkage: Double {
        let level = Degrees(-pretilt.value)
        return shrinkage(at: min(max(level, tilts.lowerBound), tilts.upperBound))
    }
}
