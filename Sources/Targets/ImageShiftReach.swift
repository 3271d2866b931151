import Geometry
public import Units

extension TargetSettings {
    /// PACEtomo's `imageShiftLimit` less its `alignLimit`: a target further away is skipped, a branch that gets there ends.
    public static let reachOfPACEtomo = Micrometers(20 - 0.5)
    /// No lamella is milled steeper; its plane is measured only after the targets are chosen.
    static let steepestPretilt = Degrees(15)

    /// How far a target may lie from its tracking target on the map.
    ///
    /// Shifts across the tilt axis grow by up to 1 / cos p where tilting makes a plane of pretilt p level
    /// (``TiltedPlane/largestShrinkage``), in whatever direction it is inclined; the limit holds with that. Shifts are
    /// written with four decimals, which costs a nanometre more.
    public var imageShiftReach: Micrometers {
        min(imageShiftLimit, Self.reachOfPACEtomo) * cosine(Self.steepestPretilt) - Micrometers(0.001)
    }
}
