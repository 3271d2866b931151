import Foundation
import Geometry
import Raster
import Units

/// What keeps a step from being done.
extension TargetEditor {
    /// As in a selection: shifts are written with four decimals, so stay below the limit by more than that.
    var reach: Micrometers { map.settings.imageShiftLimit - Micrometers(0.001) }

    func isReachable(_ position: Point<Frame.MapPixels>, from tracking: Point<Frame.MapPixels>) -> Bool {
        map.geometry.specimenShift(from: tracking, to: position).length <= reach.value
    }

    func name(_ reference: TargetReference) -> String { "Target \(reference.target + 1) of area \(reference.area + 1)" }

    func target(_ reference: TargetReference, in areas: [TargetArea]) throws(TargetsError) -> Target {
        guard areas.indices.contains(reference.area), areas[reference.area].targets.indices.contains(reference.target) else {
            let counts = areas.map { "\($0.targets.count)" }.joined(separator: ", ")
            throw .edit("There is no target \(reference.target + 1) of area \(reference.area + 1): the areas have \(counts.isEmpty ? "no" : counts) targets.")
        }
        return areas[reference.area].targets[reference.target]
    }

    /// Refuses a target that must not stand where it is.
    ///
    /// - Parameter own: the target that it takes the place of.
    func check(_ target: Target, among areas: [TargetArea], except own: TargetReference? = nil, spacing: HandSpacing) throws(TargetsError) {
        let position = target.position
        let place = Self.words(position)
        guard isOnMap(position) else {
            throw .edit("\(place) is not on the map of \(map.labels.width) x \(map.labels.height) pixels.")
        }
        guard target.lowDoseArea == .record else { return }
        guard isFieldOnMap(position) else {
            throw .edit("The field of view at \(place) would leave the acquired part of the map: move it inwards.")
        }
        for (areaIndex, area) in areas.enumerated() {
            for (index, other) in area.targets.enumerated() where other.lowDoseArea == .record {
                let reference = TargetReference(area: areaIndex, target: index)
                guard reference != own else { continue }
                guard areApart(position, other.position, spacing) else { throw tooClose(place, to: reference, spacing) }
            }
            for (index, point) in area.geoPoints.enumerated() where !isClear(geoPoint: point, of: position) {
                throw .edit("Geo point \(index + 1) of area \(areaIndex + 1) would be measured inside of the field of view at \(place): delete or move it first.")
            }
        }
    }

    private func tooClose(_ place: String, to other: TargetReference, _ spacing: HandSpacing) -> TargetsError {
        let name = "target \(other.target + 1) of area \(other.area + 1)"
        guard spacing == .beams else {
            return .edit("The beam at \(place) would reach into the field of view of \(name), or that one's into its own: keep farther away.")
        }
        let along = map.geometry.beamDiameter.value + map.settings.beamMargin.value
        let across = along / map.field.plane.factor
        let tilt = String(format: "%g", map.settings.maximumTilt.value)
        return .edit(
            String(format: "The beam at \(place) would meet that of \(name) at a tilt of \(tilt) degrees: keep %.2f µm away along the tilt axis or %.2f µm across.", along, across))
    }

    func isOnMap(_ position: Point<Frame.MapPixels>) -> Bool {
        position.x >= 0 && position.y >= 0 && position.x < Double(map.labels.width) && position.y < Double(map.labels.height)
    }

    /// Whether all of the field lies on acquired pixels.
    func isFieldOnMap(_ position: Point<Frame.MapPixels>) -> Bool {
        let (columns, rows) = (Double(map.field.scores.columns), Double(map.field.scores.rows))
        return position.x >= columns / 2 && position.y >= rows / 2 && position.x <= Double(map.labels.width) - columns / 2
            && position.y <= Double(map.labels.height) - rows / 2 && map.field.scores.isAcquired(around: position)
    }

    func areApart(_ a: Point<Frame.MapPixels>, _ b: Point<Frame.MapPixels>, _ spacing: HandSpacing) -> Bool {
        switch spacing {
        case .beams: map.field.plane.distance(a, b) >= map.field.spacing - 1e-9
        case .fields: fieldDistance(from: a, to: b) >= map.field.spacing / 2 - 1e-9 && fieldDistance(from: b, to: a) >= map.field.spacing / 2 - 1e-9
        }
    }

    /// From the middle of a beam to the nearest place of a field, in the squeezed plane, where the beam's footprint at the
    /// largest tilt is a disc; 0 inside of the field.
    private func fieldDistance(from beam: Point<Frame.MapPixels>, to field: Point<Frame.MapPixels>) -> Double {
        let (halfWidth, halfHeight) = (Double(map.field.scores.columns) / 2, Double(map.field.scores.rows) / 2)
        if abs(beam.x - field.x) <= halfWidth, abs(beam.y - field.y) <= halfHeight { return 0 }
        let corners = [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { x, y in
            map.field.plane.squeezed(x: field.x + x * halfWidth - beam.x, y: field.y + y * halfHeight - beam.y)
        }
        return corners.indices.map { i in
            let (a, b) = (corners[i], corners[(i + 1) % 4])
            let (along, across) = (b.along - a.along, b.across - a.across)
            let length = along * along + across * across
            let part = length > 0 ? min(1, max(0, -(a.along * along + a.across * across) / length)) : 0
            let (x, y) = (a.along + part * along, a.across + part * across)
            return (x * x + y * y).squareRoot()
        }.min() ?? 0
    }

    /// Whether a beam at no tilt about a geo point stays out of a field.
    func isClear(geoPoint: Point<Frame.MapPixels>, of field: Point<Frame.MapPixels>) -> Bool {
        let dx = max(0, abs(geoPoint.x - field.x) - Double(map.field.scores.columns) / 2)
        let dy = max(0, abs(geoPoint.y - field.y) - Double(map.field.scores.rows) / 2)
        return (dx * dx + dy * dy).squareRoot() >= map.field.spacing / 2 - 1e-9
    }

    /// Refuses an area of which not all targets can be reached from the first.
    func checkReach(of area: TargetArea, number: Int) throws(TargetsError) {
        guard let tracking = area.targets.first?.position else { return }
        for (index, target) in area.targets.enumerated() where !isReachable(target.position, from: tracking) {
            throw tooFar("Target \(index + 1) of area \(number)", target.position, from: tracking)
        }
    }

    func tooFar(_ name: String, _ position: Point<Frame.MapPixels>, from tracking: Point<Frame.MapPixels>) -> TargetsError {
        let shift = map.geometry.specimenShift(from: tracking, to: position).length
        let limit = String(format: "%g", map.settings.imageShiftLimit.value)
        return .edit(
            String(format: "\(name) would be %.2f µm from its tracking target, beyond the image-shift limit of \(limit) µm: put it into another area.", shift))
    }

    /// `(120, 45)`: column, row.
    static func words(_ position: Point<Frame.MapPixels>) -> String {
        String(format: "(%.0f, %.0f)", position.x, position.y)
    }
}

extension TargetsError {
    static func edit(_ message: String) -> Self { Self(.refusedEdit, message) }
}
