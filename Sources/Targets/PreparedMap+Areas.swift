import Geometry
import Raster
import Units

/// From chosen targets to areas that PACEtomo can acquire.
extension PreparedMap {
    /// - Parameter image: the map itself, to track where there is something to see; nil decides without it.
    func areas(of targets: [Target], image: Raster<UInt8>?) -> [TargetArea] {
        let limit = settings.imageShiftReach
        let positions = targets.map(\.position)
        let split = AreaSplit(
            positions: positions, geometry: geometry, limit: limit, trackingCost: trackingCosts(positions, image: image))
        var areas = split.areas().map { group in TargetArea(targets: group.map { targets[$0] }) }
        if settings.extraTracking {
            var exposed = positions
            areas = areas.map { area in
                let tracked = addTracking(to: area, exposed: exposed, image: image, limit: limit)
                exposed.append(tracked.targets[0].position)
                return tracked
            }
        }
        areas.sort { $0.targets.reduce(0) { $0 + $1.score } > $1.targets.reduce(0) { $0 + $1.score } }
        return withGeoPoints(areas.map { $0.ordered(by: settings.order ?? .path, geometry: geometry) })
    }

    /// The same areas with geo points that suit their targets.
    func withGeoPoints(_ areas: [TargetArea]) -> [TargetArea] {
        let maps = solidMaps()
        let exposed = areas.flatMap { $0.targets.map(\.position) }
        return areas.map { area in
            var area = area
            area.geoPoints = []
            guard let tracking = area.targets.first?.position else { return area }
            for solid in maps where area.geoPoints.isEmpty {
                area.geoPoints = GeoPoints(
                    geometry: geometry, solid: solid, exposed: exposed, spacing: field.spacing,
                    limit: settings.imageShiftReach
                ).choose(tracking: tracking)
            }
            return area
        }
    }

    /// Shares of solid ground: of named classes, and with the model's background, which is second choice because it
    /// may reach over the border of the lamella.
    private func solidMaps() -> [ScoreMap] {
        [classes.surelySolid, classes.solid].map { solid in
            ScoreMap(
                field.runs, worth: solid.map { $0 ? 1 : 0 }, gaps: gaps, columns: field.scores.columns, rows: field.scores.rows)
        }
    }

    /// What speaks against tracking on positions: a field full of ice counts like the whole reach of image shift, one
    /// with nothing to see like half of it.
    private func trackingCosts(_ positions: [Point<Frame.MapPixels>], image: Raster<UInt8>?) -> [Double] {
        let avoided = positions.map(avoidedShareWhenTilted)
        guard let image, (image.width, image.height) == (labels.width, labels.height) else { return avoided }
        let contrast = TrackingContrast(image: image, columns: field.scores.columns, rows: field.scores.rows)
        return zip(avoided, contrast.lack(at: positions)).map { $0 + $1 / 2 }
    }

    /// The share of avoided or missing pixels in the part of the sample that the field sees at the largest tilt.
    private func avoidedShareWhenTilted(_ position: Point<Frame.MapPixels>) -> Double {
        let (plane, samples) = (field.plane, 25)
        var avoided = 0
        for i in 0 ..< samples {
            for j in 0 ..< samples {
                let x = ((Double(i) + 0.5) / Double(samples) - 0.5) * Double(field.scores.columns)
                let y = ((Double(j) + 0.5) / Double(samples) - 0.5) * Double(field.scores.rows)
                let stretched = plane.stretched(x: x, y: y)
                let column = Int((position.x + stretched.x).rounded(.down))
                let row = Int((position.y + stretched.y).rounded(.down))
                let inside = column >= 0 && row >= 0 && column < labels.width && row < labels.height
                let seen = inside && (acquired?[column, row] ?? true)
                if !seen || classes.avoided[Int(labels[column, row])] { avoided += 1 }
            }
        }
        return Double(avoided) / Double(samples * samples)
    }

    /// Puts a tracking position on solid ground first that no target's beam reaches at any tilt, if there is one.
    private func addTracking(
        to area: TargetArea, exposed: [Point<Frame.MapPixels>], image: Raster<UInt8>?, limit: Micrometers
    ) -> TargetArea {
        let solid = solidMaps()[1]
        guard solid.width > 0, solid.height > 0 else { return area }
        let pitch = max(1, Int(field.spacing / 8))
        var places: [(reach: Double, position: Point<Frame.MapPixels>)] = []
        let shares = solid.raster(pitch: pitch)
        for y in 0 ..< shares.height {
            for x in 0 ..< shares.width where shares[x, y] >= 0.95 {
                let place = solid.centre(x: x * pitch, y: y * pitch)
                let reach = area.targets.map { geometry.specimenShift(from: place, to: $0.position).length }.max() ?? 0
                guard reach <= limit.value else { continue }
                guard exposed.allSatisfy({ field.plane.distance($0, place) >= field.spacing }) else { continue }
                places.append((reach, place))
            }
        }
        // Far ones are never the best, and to look at the images of all would take long.
        places = Array(places.enumerated().sorted { ($0.element.reach, $0.offset) < ($1.element.reach, $1.offset) }.map(\.element).prefix(60))
        let costs = zip(places, trackingCosts(places.map(\.position), image: image)).map { $0.reach / limit.value + $1 }
        guard let least = costs.min(), let best = costs.firstIndex(of: least) else { return area }
        return TargetArea(targets: [Target(position: places[best].position, score: 0)] + area.targets)
    }
}
