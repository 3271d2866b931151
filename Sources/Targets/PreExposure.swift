public import Geometry
public import Units

/// What of a target's field of view was exposed before its own first image: shares from 0 to 1,
/// exact to a millionth.
public struct PreExposure: Codable, Hashable, Sendable {
    /// By the tilt series of other targets: of earlier areas at all tilts, of earlier targets of its area at the first.
    public let targets: Double
    /// By the focus images at geo points.
    public let geoPoints: Double
    /// By the Preview image of a tracking target, its own among them.
    public let preview: Double
    /// By any of these, each place counted once: all that Record's beam exposed.
    public let record: Double
    /// By the View images about a tracking target, whose dose is far less; nil where View's beam is not known.
    public let view: Double?

    private enum CodingKeys: String, CodingKey {
        case targets = "by_targets", geoPoints = "by_geo_points", preview = "by_preview", record = "by_record_beam"
        case view = "by_view"
    }
}

/// Every exposure that PACEtomo makes of some areas, in its order, as outlines on the map.
///
/// In each area it takes View and Preview at the tracking target, focuses at the geo points, and then images all
/// targets at each tilt. A beam is a disc on the specimen at the tilt at which the map was taken, and longer across the
/// tilt axis at any other (``TiltedPlane``); the field of view is the one of the map, which is where a target's first
/// image lies.
public struct PlannedExposures: Sendable {
    public let areas: [TargetArea]
    private let geometry: LamellaGeometry
    private let plane: TiltedPlane
    private let startTilt: Degrees
    private let viewBeam: Micrometers?

    /// - Parameters:
    ///   - areas: in the order of acquisition.
    ///   - plane: the lamella's inclination across the tilt axis, and all planned tilts.
    ///   - startTilt: of the first image of each target.
    ///   - viewBeam: the diameter of View's beam, where it is known.
    public init(
        _ areas: [TargetArea], geometry: LamellaGeometry, plane: TiltedPlane, startTilt: Degrees = .zero,
        viewBeam: Micrometers? = nil
    ) {
        self.areas = areas
        self.geometry = geometry
        self.plane = plane
        self.startTilt = startTilt
        self.viewBeam = viewBeam
    }

    /// What every target got before its first image, area by area.
    public func preExposures() -> [[PreExposure]] {
        areas.indices.map { area in areas[area].targets.indices.map { preExposure(ofTarget: $0, inArea: area) } }
    }

    private func preExposure(ofTarget number: Int, inArea area: Int) -> PreExposure {
        let beam = geometry.beamDiameter
        let begun = areas[...area]
        let trackings = begun.compactMap(\.targets.first)
        let series = areas[..<area].flatMap(\.targets).map { outline($0.position, beam, plane.smallestShrinkage) }
            + areas[area].targets[..<number].map { outline($0.position, beam, plane.shrinkage(at: startTilt)) }
        let focus = begun.flatMap(\.geoPoints).map { outline($0, beam, 1) }
        let previews = trackings.map { outline($0.position, beam, 1) }
        let field = field(at: areas[area].targets[number].position)
        return PreExposure(
            targets: share(of: field, in: series), geoPoints: share(of: field, in: focus),
            preview: share(of: field, in: previews), record: share(of: field, in: series + focus + previews),
            view: viewBeam.map { beam in share(of: field, in: trackings.map { outline($0.position, beam, 1) }) })
    }

    /// A beam on the map; one that grazes a plane seen edge-on is cut off at fifty times its length.
    private func outline(
        _ centre: Point<Frame.MapPixels>, _ diameter: Micrometers, _ shrinkage: Double
    ) -> Polygon<Frame.MapPixels> {
        let radius = (diameter.inNanometers / geometry.mapPixelSize).value / 2
        let along = Vector<Frame.MapPixels>(dx: -sine(geometry.tiltAxisAngle), dy: cosine(geometry.tiltAxisAngle))
        let across = Vector<Frame.MapPixels>(dx: along.dy, dy: -along.dx)
        return .ellipse(centre: centre, radius * along, (radius / max(0.02, shrinkage)) * across)
    }

    private func field(at centre: Point<Frame.MapPixels>) -> Rectangle<Frame.MapPixels> {
        let width = (geometry.recordFieldWidth.inNanometers / geometry.mapPixelSize).value
        let height = (geometry.recordFieldHeight.inNanometers / geometry.mapPixelSize).value
        return Rectangle(
            minX: centre.x - width / 2, minY: centre.y - height / 2, maxX: centre.x + width / 2,
            maxY: centre.y + height / 2)
    }

    private func share(of field: Rectangle<Frame.MapPixels>, in outlines: [Polygon<Frame.MapPixels>]) -> Double {
        let parts = outlines.map { $0.clipped(to: field) }.filter { $0.area > 0 }
        return (unionArea(of: parts) / field.area * 1e6).rounded() / 1e6
    }
}
