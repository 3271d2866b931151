public import Geometry
public import Units

/// The plane in which two exposures stay apart at every tilt if their centres stay one beam apart.
///
/// Two points of a lamella that is inclined by the pretilt p about the tilt axis, y apart across the axis on a map taken
/// without tilt, lie y / cos p apart on the lamella, and y cos(alpha + p) / cos p apart as the beam sees them at a stage angle
/// alpha. Distances across the axis are shrunk by the smallest such factor of the series.
public struct SqueezedPlane: Hashable, Sendable {
    let axisColumn: Double
    let axisRow: Double
    /// Distances across the axis times this.
    public let factor: Double

    /// - Parameters:
    ///   - tiltAxisAngle: of ``LamellaGeometry/tiltAxisAngle``.
    ///   - maximumTilt: the series goes so far to either side of its start.
    ///   - pretilt: the lamella's inclination about the tilt axis, in either direction.
    ///   - startsAtPretilt: whether the series starts where the lamella lies flat and not at stage angle 0.
    public init(tiltAxisAngle: Degrees, maximumTilt: Degrees, pretilt: Degrees = .zero, startsAtPretilt: Bool = false) {
        axisColumn = -Geometry.sine(tiltAxisAngle)
        axisRow = Geometry.cosine(tiltAxisAngle)
        let steepest = Self.steepestTilt(maximumTilt: maximumTilt, pretilt: pretilt, startsAtPretilt: startsAtPretilt)
        factor = Geometry.cosine(steepest) / Geometry.cosine(pretilt)
    }

    /// The largest angle between the beam and the lamella's normal in the series.
    static func steepestTilt(maximumTilt: Degrees, pretilt: Degrees, startsAtPretilt: Bool) -> Degrees {
        startsAtPretilt ? maximumTilt : Degrees(maximumTilt.value + abs(pretilt.value))
    }

    /// Map to squeezed plane: along the axis, and across it times the factor. In map pixels.
    public func squeezed(x: Double, y: Double) -> (along: Double, across: Double) {
        (axisColumn * x + axisRow * y, factor * (axisRow * x - axisColumn * y))
    }
    /// Squeezed plane to map.
    public func unsqueezed(along: Double, across: Double) -> Point<Frame.MapPixels> {
        let c = across / factor
        return Point(x: axisColumn * along + axisRow * c, y: axisRow * along - axisColumn * c)
    }
    /// What a displacement on the camera is on the sample where the factor is smallest: longer across the axis. In map pixels.
    func stretched(x: Double, y: Double) -> (x: Double, y: Double) {
        let more = (axisRow * x - axisColumn * y) * (1 / factor - 1)
        return (x + more * axisRow, y - more * axisColumn)
    }
    /// Distance of two positions in the squeezed plane, in map pixels.
    public func distance(_ a: Point<Frame.MapPixels>, _ b: Point<Frame.MapPixels>) -> Double {
        let s = squeezed(x: a.x - b.x, y: a.y - b.y)
        return (s.along * s.along + s.across * s.across).squareRoot()
    }
}
