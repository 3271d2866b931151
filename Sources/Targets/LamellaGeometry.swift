import Foundation
public import Geometry
public import Units

/// How a lamella map lies against the stage, the tilt axis, the camera and the beam.
///
/// Map positions are continuous: pixel (i, j) covers `i ..< i + 1` and `j ..< j + 1`, the origin is the map's corner.
public struct LamellaGeometry: Hashable, Sendable {
    public var mapPixelSize: PixelSize
    /// Diameter of the illuminated area in Record.
    public var beamDiameter: Micrometers
    /// The camera's field in Record, along columns and rows of the map.
    public var recordFieldWidth: Micrometers
    public var recordFieldHeight: Micrometers
    public var mapToStage: AffineMap<Frame.MapPixels, Frame.Stage>
    public var stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>
    /// Angle t of the tilt axis: its direction on the map is (column, row) = (-sin t, cos t).
    public var tiltAxisAngle: Degrees

    /// Without an angle the tilt axis is where the two maps put it: specimen x lies along the axis.
    public init(
        mapPixelSize: PixelSize, beamDiameter: Micrometers, recordFieldWidth: Micrometers,
        recordFieldHeight: Micrometers, mapToStage: AffineMap<Frame.MapPixels, Frame.Stage>,
        stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>, tiltAxisAngle: Degrees? = nil
    ) {
        self.mapPixelSize = mapPixelSize
        self.beamDiameter = beamDiameter
        self.recordFieldWidth = recordFieldWidth
        self.recordFieldHeight = recordFieldHeight
        self.mapToStage = mapToStage
        self.stageToSpecimen = stageToSpecimen
        self.tiltAxisAngle = tiltAxisAngle ?? Self.axisAngle(of: mapToStage.linear.then(stageToSpecimen))
    }

    /// The angle in (-90, 90] of the map direction that becomes specimen x; 0 where the calibration is missing.
    static func axisAngle(of mapToSpecimen: LinearMap<Frame.MapPixels, Frame.Specimen>) -> Degrees {
        guard let axis = mapToSpecimen.inverse?(Vector(dx: 1, dy: 0)), axis.length.isFinite else { return .zero }
        let angle = atan2(-axis.dx, axis.dy) * 180 / .pi
        if angle > 90 { return Degrees(angle - 180) }
        return Degrees(angle <= -90 ? angle + 180 : angle)
    }

    /// Where the stage must be for a map position to stand in the centre of the field.
    public func stage(of position: Point<Frame.MapPixels>) -> Point<Frame.Stage> { mapToStage(position) }

    /// The image shift on the specimen in micrometres from one position to another: PACEtomo's SSX and SSY.
    public func specimenShift(
        from tracking: Point<Frame.MapPixels>, to position: Point<Frame.MapPixels>
    ) -> Vector<Frame.Specimen> {
        stageToSpecimen(mapToStage.linear(position - tracking))
    }

    /// The Record beam's diameter on the map.
    public var beamOnMap: Pixels { beamDiameter.inNanometers / mapPixelSize }
    /// The camera's field in whole map pixels, at least one.
    var window: (columns: Int, rows: Int) {
        func whole(_ side: Micrometers) -> Int { max(1, Int(min(1e7, (side.inNanometers / mapPixelSize).value.rounded(.down)))) }
        return (whole(recordFieldWidth), whole(recordFieldHeight))
    }

    /// - Throws: ``TargetsError`` for lengths that no microscope has, and for a map without a calibration.
    public func validate() throws(TargetsError) {
        let lengths = [
            ("map pixel size", mapPixelSize.value), ("beam diameter", beamDiameter.value),
            ("Record field width", recordFieldWidth.value), ("Record field height", recordFieldHeight.value),
        ]
        for (name, value) in lengths where !(value.isFinite && value > 0.001 && value < 1e6) {
            throw TargetsError(.invalidGeometry, "The \(name) is \(value): read the microscope's calibration again.")
        }
        let matrix = mapToStage.linear.then(stageToSpecimen)
        guard matrix.inverse != nil, tiltAxisAngle.value.isFinite else {
            throw TargetsError(
                .invalidGeometry, "The map has no stage calibration (determinant \(matrix.determinant)): calibrate it.")
        }
    }
}
