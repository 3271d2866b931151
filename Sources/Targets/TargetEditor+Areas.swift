public import Geometry
import Raster
import Units

/// Targets in their areas, and geo points.
extension TargetEditor {
    /// Puts a target that may stand where it is into an area.
    func placing(_ target: Target, in destination: TargetDestination, of areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        var changed = areas
        let index: Int
        switch destination {
        case .new:
            return areas + [TargetArea(targets: [target])]
        case .nearest:
            let ranked = areas.indices.min { distance(of: target, to: areas[$0]) < distance(of: target, to: areas[$1]) }
            guard let ranked else { return [TargetArea(targets: [target])] }
            index = ranked
        case .area(let chosen):
            guard areas.indices.contains(chosen) else {
                throw .edit("There is no area \(chosen + 1): there are \(areas.count).")
            }
            index = chosen
        }
        changed[index].targets.append(target)
        try checkReach(of: changed[index], number: index + 1)
        return changed
    }

    private func distance(of target: Target, to area: TargetArea) -> Double {
        area.targets.first.map { map.geometry.specimenShift(from: $0.position, to: target.position).length } ?? .infinity
    }

    /// Puts a target in the place of another. A tracking target keeps all that it reaches, but for geo points.
    func replacing(
        _ reference: TargetReference, by target: Target, spacing: HandSpacing, in areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        try check(target, among: areas, except: reference, spacing: spacing)
        var changed = areas
        changed[reference.area].targets[reference.target] = target
        try checkReach(of: changed[reference.area], number: reference.area + 1)
        if reference.target == 0 { changed[reference.area].geoPoints.removeAll { !isReachable($0, from: target.position) } }
        return changed
    }

    /// Makes the target first that reaches all others with the least shift.
    func elect(_ area: inout TargetArea, number: Int) throws(TargetsError) {
        let positions = area.targets.map(\.position)
        let reaches = positions.map { from in
            positions.map { map.geometry.specimenShift(from: from, to: $0).length }.max() ?? 0
        }
        guard let best = positions.indices.min(by: { reaches[$0] < reaches[$1] }), reaches[best] <= reach.value else {
            throw .edit(
                "Without its tracking target area \(number) has none that reaches all others within the image-shift limit: split the area first.")
        }
        let tracking = area.targets.remove(at: best)
        area.targets.insert(tracking, at: 0)
        area.geoPoints.removeAll { !isReachable($0, from: tracking.position) }
    }

    /// Adds a place to measure the plane of the lamella at.
    public func addingGeoPoint(_ position: Point<Frame.MapPixels>, toArea index: Int, in areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        guard areas.indices.contains(index) else { throw .edit("There is no area \(index + 1): there are \(areas.count).") }
        try checkGeoPoint(position, area: areas[index], areas: areas)
        var changed = areas
        changed[index].geoPoints.append(position)
        return changed
    }

    /// Moves a geo point; areas and points are counted from 0.
    public func movingGeoPoint(
        _ point: Int, ofArea index: Int, to position: Point<Frame.MapPixels>, in areas: [TargetArea]
    ) throws(TargetsError) -> [TargetArea] {
        let without = try deletingGeoPoint(point, ofArea: index, in: areas)
        try checkGeoPoint(position, area: without[index], areas: without)
        var changed = areas
        changed[index].geoPoints[point] = position
        return changed
    }

    /// Takes a geo point away; areas and points are counted from 0.
    public func deletingGeoPoint(_ point: Int, ofArea index: Int, in areas: [TargetArea]) throws(TargetsError) -> [TargetArea] {
        guard areas.indices.contains(index), areas[index].geoPoints.indices.contains(point) else {
            throw .edit("There is no geo point \(point + 1) of area \(index + 1).")
        }
        var changed = areas
        changed[index].geoPoints.remove(at: point)
        return changed
    }

    private func checkGeoPoint(_ position: Point<Frame.MapPixels>, area: TargetArea, areas: [TargetArea]) throws(TargetsError) {
        let place = Self.words(position)
        guard isOnMap(position) else {
            throw .edit("\(place) is not on the map of \(map.labels.width) x \(map.labels.height) pixels.")
        }
        if let tracking = area.targets.first?.position, !isReachable(position, from: tracking) {
            throw tooFar("The geo point at \(place)", position, from: tracking)
        }
        for (areaIndex, other) in areas.enumerated() {
            for (index, target) in other.targets.enumerated()
            where target.lowDoseArea == .record && !isClear(geoPoint: position, of: target.position) {
                throw .edit("The geo point at \(place) would be measured inside of the field of view of target \(index + 1) of area \(areaIndex + 1): keep farther away.")
            }
        }
        let least = Double(min(map.field.scores.columns, map.field.scores.rows))
        if let near = area.geoPoints.firstIndex(where: { $0.distance(to: position) < least }) {
            throw .edit("The geo point at \(place) would lie beside geo point \(near + 1), which tells the same: keep farther away.")
        }
    }
}
