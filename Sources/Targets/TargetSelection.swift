import Geometry
public import Raster
import Units

/// From a segmented lamella map to targets that PACEtomo can acquire.
public enum TargetSelection {
    /// Kept free between two beams, beyond the exact condition, so that rounding positions to 0.1 nm in a file never
    /// makes them touch.
    static let roundingSlack = Micrometers(0.0005)

    /// Chooses targets of the wanted classes, splits them into areas within the image-shift limit and adds points for
    /// measuring the plane. No two beams overlap at the largest tilt, in one area or in two; no target is centred on an
    /// avoided class; every field of view lies on acquired pixels.
    ///
    /// - Parameters:
    ///   - labels: the segmentation; label `i` means `classes[i]`.
    ///   - acquired: false where the map has no image; all of it was acquired if nil.
    ///   - probabilities: of classes by name, as large as the labels, for ``TargetSettings/classRules``; where they were not
    ///     kept, labels decide.
    /// - Returns: the areas, best summed score first; empty where nothing scores above the threshold.
    public static func select(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        probabilities: [String: Raster<Float>] = [:], geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) -> [TargetArea] {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, probabilities: probabilities, geometry: geometry,
            settings: settings)
        var sites = Placement(field: map.field, sparse: settings.sparse).solve()
        if let limits = SelectionLimits(settings, labels: map.labels, wanted: map.classes.target, geometry: geometry) {
            sites = LimitedPlacement(field: map.field, limits: limits).solve(from: sites)
        }
        let targets = sites.map { Target(position: $0.position, score: map.exactScore(at: $0.position)) }
        return map.areas(of: targets)
    }

    /// The best single position, for a file that is written before the full selection: nil if none is above the
    /// threshold. Among equals the one nearest to the middle of the wanted pixels.
    public static func bestSingle(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        probabilities: [String: Raster<Float>] = [:], geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) -> TargetArea? {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, probabilities: probabilities, geometry: geometry,
            settings: settings)
        let candidates = map.field.candidates().sites
        guard let top = candidates.map(\.worth).max() else { return nil }
        let wanted = ConnectedObjects.centres(map.labels, where: map.classes.target)
        let middle = Polygon(wanted).vertexMean ?? .origin
        let best = candidates.filter { $0.worth >= top - 1e-4 }
            .min { $0.position.distance(to: middle) < $1.position.distance(to: middle) }
        return best.map { TargetArea(targets: [Target(position: $0.position, score: map.exactScore(at: $0.position))]) }
    }
}

/// A map with everything that selection computes once.
struct PreparedMap {
    let labels: Raster<UInt8>
    let acquired: Raster<Bool>?
    let geometry: LamellaGeometry
    let settings: TargetSettings
    let classes: ResolvedClasses
    let field: PlacementField
    private let worth: [Double]

    init(
        labels: Raster<UInt8>, classes names: [String], acquired: Raster<Bool>?,
        probabilities: [String: Raster<Float>] = [:], geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) {
        try settings.validate()
        try geometry.validate()
        let resolved = try settings.resolved(in: names)
        if let largest = labels.pixels.max(), Int(largest) >= names.count {
            throw TargetsError(
                .labelOutsideClasses,
                "The segmentation holds label \(largest), but the model has only \(names.count) classes.")
        }
        if let acquired, (acquired.width, acquired.height) != (labels.width, labels.height) {
            throw TargetsError(
                .sizesDiffer,
                "The segmentation is \(labels.width) x \(labels.height) pixels, the mask of acquired pixels "
                    + "\(acquired.width) x \(acquired.height).")
        }
        let counted = try CountedLabels(
            labels, classes: resolved, settings: settings, probabilities: probabilities, pixelSize: geometry.mapPixelSize)
        let labels = counted.labels
        classes = counted.classes
        self.labels = labels
        self.acquired = acquired
        self.geometry = geometry
        self.settings = settings
        worth = classes.worth(penalty: settings.penaltyWeight, countsTargets: !settings.edge)
        let window = geometry.window
        let spacing = geometry.beamDiameter + settings.beamMargin + TargetSelection.roundingSlack
        field = PlacementField(
            labels: labels, classes: classes,
            scores: ScoreMap(
                labels: labels, worth: worth.map(Float.init), acquired: acquired, columns: window.columns,
                rows: window.rows),
            plane: SqueezedPlane(tiltAxisAngle: geometry.tiltAxisAngle, maximumTilt: settings.maximumTilt),
            spacing: (spacing.inNanometers / geometry.mapPixelSize).value, threshold: settings.scoreThreshold,
            edge: settings.edge ? EdgeScore(columns: window.columns, rows: window.rows) : nil,
            avoided: AvoidedSurroundings(labels: labels, avoided: classes.avoided, columns: window.columns, rows: window.rows))
    }

    func exactScore(at position: Point<Frame.MapPixels>) -> Double {
        guard field.edge == nil else { return field.worth(at: position) ?? 0 }
        return field.scores.exactScore(at: position, labels: labels, worth: worth) ?? 0
    }

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
