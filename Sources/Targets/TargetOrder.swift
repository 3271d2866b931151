import Geometry
public import Units

/// In which order the targets of an area are acquired, after its tracking target (`target_order`).
public enum TargetOrder: String, Codable, CaseIterable, Hashable, Sendable {
    /// By the shortest way of the image shift.
    case path
    /// By score, best first, so that a run that is cut short has the best data.
    case score
}

extension TargetArea {
    /// The same area with its targets in an order; the tracking target stays the first.
    public func ordered(by order: TargetOrder, geometry: LamellaGeometry) -> TargetArea {
        guard targets.count > 2 else { return self }
        var area = self
        switch order {
        case .path:
            area.targets = ShiftRoute(targets.map(\.position), geometry: geometry).shortest().map { targets[$0] }
        case .score:
            let others = targets.indices.dropFirst()
            area.targets = [targets[0]] + others.sorted { (targets[$1].score, $0) < (targets[$0].score, $1) }.map { targets[$0] }
        }
        return area
    }

    /// By how much image shift changes on the specimen in one round through the targets and back: once per tilt.
    public func shiftPath(geometry: LamellaGeometry) -> Micrometers {
        let route = ShiftRoute(targets.map(\.position), geometry: geometry)
        return Micrometers(route.length(Array(targets.indices)))
    }

    /// The largest image shift from the tracking target to a target or geo point.
    public func largestShift(geometry: LamellaGeometry) -> Micrometers {
        guard let tracking = targets.first?.position else { return .zero }
        let places = targets.map(\.position) + geoPoints
        return Micrometers(places.map { geometry.specimenShift(from: tracking, to: $0).length }.max() ?? 0)
    }

    /// The standard error of the plane that PACEtomo finds from the geo points, in the direction in which they tell
    /// least, where each measures defocus to 0.1 um; nil without geo points.
    public func planeError(geometry: LamellaGeometry) -> Degrees? {
        guard let first = geoPoints.first, geoPoints.count > 2 else { return nil }
        return PlaneSpread(geoPoints.map { geometry.specimenShift(from: first, to: $0) }).error
    }
}
