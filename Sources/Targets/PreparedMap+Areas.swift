import Geometry
import Raster
import Units

/// From chosen targets to areas that PACEtomo can acquire.
extension PreparedMap {
    func areas(of targets: [Target]) -> [TargetArea] {
        // Shifts are written with four decimals: stay below the limit by more than that.
        let limit = settings.imageShiftLimit - Micrometers(0.001)
        let positions = targets.map(\.position)
        let groups = AreaSplit(positions: positions, geometry: geometry, limit: limit)
            .areas(trackingCost: positions.map(avoidedShareWhenTilted))
        var areas = groups.map { group in TargetArea(targets: group.map { targets[$0] }) }
        let solid = solidMaps()
        if settings.extraTracking {
            var exposed = positions
            areas = areas.map { area in
                let tracked = addTracking(to: area, exposed: exposed, solid: solid[solid.count - 1], limit: limit)
                exposed.append(tracked.targets[0].position)
                return tracked
            }
        }
        areas.sort { $0.targets.reduce(0) { $0 + $1.score } > $1.targets.reduce(0) { $0 + $1.score } }
        let exposed = areas.flatMap { $0.targets.map(\.position) }
        return areas.map { area in
            var area = area
            for map in solid where area.geoPoints.isEmpty {
                area.geoPoints = GeoPoints(
                    geometry: geometry, solid: map, exposed: exposed, spacing: field.spacing, limit: limit
                ).choose(tracking: area.targets[0].position)
            }
            return area
        }
    }

    /// Shares of solid ground: of named classes, and with the model's background, which is second choice because it
    /// may reach over the border of the lamella.
    private func solidMaps() -> [ScoreMap] {
        [classes.surelySolid, classes.solid].map { solid in
            ScoreMap(
                labels: labels, worth: solid.map { $0 ? 1 : 0 }, acquired: acquired, columns: field.scores.columns,
                rows: field.scores.rows)
        }
    }

    /// The share of avoided or missing pixels in the part of the sample that the field sees at the largest tilt.
    private func avoidedShareWhenTilted(_ position: Point<Frame.MapPixels>) -> Double {
        let (plane, samples) = (field.plane, 25)
        var avoided = 0
        for i in 0 ..< samples {
            for j in 0 ..< samples {
                let x = ((Double(i) + 0.5) / Double(samples) - 0.5) * Double(field.scores.columns)
                let y = ((Double(j) + 0.5) / Double(samples) - 0.5) * Double(field.scores.rows)
                let across = plane.axisRow * x - plane.axisColumn * y
                let stretch = across * (1 / plane.cosine - 1)
                let column = Int((position.x + x + stretch * plane.axisRow).rounded(.down))
                let row = Int((position.y + y - stretch * plane.axisColumn).rounded(.down))
                let inside = column >= 0 && row >= 0 && column < labels.width && row < labels.height
                let seen = inside && (acquired?[column, row] ?? true)
                if !seen || classes.avoided[Int(labels[column, row])] { avoided += 1 }
            }
        }
        return Double(avoided) / Double(samples * samples)
    }

    /// Puts a tracking position on solid ground first that no target's beam reaches at any tilt, if there is one.
    private func addTracking(
        to area: TargetArea, exposed: [Point<Frame.MapPixels>], solid: ScoreMap, limit: Micrometers
    ) -> TargetArea {
        guard solid.width > 0, solid.height > 0 else { return area }
        let pitch = max(1, Int(field.spacing / 8))
        var best: (reach: Double, position: Point<Frame.MapPixels>)?
        for y in stride(from: 0, to: solid.height, by: pitch) {
            for x in stride(from: 0, to: solid.width, by: pitch) where solid.values[y * solid.width + x] >= 0.95 {
                let place = solid.centre(x: x, y: y)
                let reach = area.targets.map { geometry.specimenShift(from: place, to: $0.position).length }.max() ?? 0
                guard reach <= limit.value, reach < best?.reach ?? .infinity else { continue }
                guard exposed.allSatisfy({ field.plane.distance($0, place) >= field.spacing }) else { continue }
                best = (reach, place)
            }
        }
        guard let best else { return area }
        return TargetArea(targets: [Target(position: best.position, score: 0)] + area.targets)
    }
}
