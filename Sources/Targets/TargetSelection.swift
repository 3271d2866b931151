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
    /// avoided class unless the settings allow it; every field of view lies on acquired pixels.
    ///
    /// - Parameters:
    ///   - labels: the segmentation; label `i` means `classes[i]`.
    ///   - acquired: false where the map has no image; all of it was acquired if nil.
    /// - Returns: the areas, best summed score first; empty where nothing scores above the threshold.
    public static func select(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) -> [TargetArea] {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, geometry: geometry, settings: settings)
        return map.areas(of: map.targets(Placement(field: map.field, sparse: settings.sparse)))
    }

    /// As ``select(labels:classes:acquired:geometry:settings:)``, with how much better it could be at most. The bound takes
    /// as long as the choice.
    public static func selection(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) -> Selection {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, geometry: geometry, settings: settings)
        let placement = Placement(field: map.field, sparse: settings.sparse)
        let targets = map.targets(placement)
        let score = targets.reduce(0) { $0 + $1.score }
        return Selection(
            areas: map.areas(of: targets),
            report: SelectionReport(score: score, upperBound: max(score, map.field.upperBound(placement.candidates.sites))))
    }

    /// The best single position, for a file that is written before the full selection: nil if none is above the
    /// threshold. Among equals the one nearest to the middle of the wanted pixels.
    public static func bestSingle(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) -> TargetArea? {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, geometry: geometry, settings: settings)
        let candidates = map.field.candidates().sites
        guard let top = candidates.map(\.worth).max() else { return nil }
        let wanted = ConnectedObjects.centres(labels, where: map.classes.target)
        let middle = Polygon(wanted).vertexMean ?? .origin
        let best = candidates.filter { $0.worth >= top - 1e-4 }
            .min { $0.position.distance(to: middle) < $1.position.distance(to: middle) }
        return best.map { TargetArea(targets: [Target(position: $0.position, score: map.exactScore(of: $0))]) }
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
        labels: Raster<UInt8>, classes names: [String], acquired: Raster<Bool>?, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) {
        try settings.validate()
        try geometry.validate()
        classes = try settings.resolved(in: names)
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
        self.labels = labels
        self.acquired = acquired
        self.geometry = geometry
        self.settings = settings
        let (target, avoided) = (classes.target, classes.avoided)
        let isSwept = settings.penaltyWindow == .swept
        worth = names.indices.map {
            (target[$0] && !settings.edge ? 1 : 0) - (avoided[$0] && !isSwept ? settings.penaltyWeight : 0)
        }
        let window = geometry.window
        let spacing = geometry.beamDiameter + settings.beamMargin + TargetSelection.roundingSlack
        let plane = settings.plane(tiltAxisAngle: geometry.tiltAxisAngle)
        field = PlacementField(
            labels: labels, classes: classes,
            scores: ScoreMap(
                labels: labels, worth: worth.map(Float.init), acquired: acquired, columns: window.columns,
                rows: window.rows),
            plane: plane, spacing: (spacing.inNanometers / geometry.mapPixelSize).value, threshold: settings.scoreThreshold,
            edge: settings.edge ? EdgeScore(columns: window.columns, rows: window.rows) : nil,
            avoided: settings.keepsCentreClear ?? true
                ? AvoidedSurroundings(labels: labels, avoided: avoided, columns: window.columns, rows: window.rows) : nil,
            swept: isSwept
                ? SweptPenalty(
                    labels: labels, avoided: avoided, weight: settings.penaltyWeight, plane: plane, columns: window.columns,
                    rows: window.rows) : nil)
    }

    /// The targets that a placement finds, with the scores that are written to files.
    func targets(_ placement: Placement) -> [Target] {
        placement.solve().map { Target(position: $0.position, score: exactScore(of: $0)) }
    }

    func exactScore(of site: PlacementField.Site) -> Double {
        guard field.edge == nil, field.swept == nil else { return site.worth }
        return field.scores.exactScore(at: site.position, labels: labels, worth: worth) ?? 0
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
        to area: TargetArea, exposed: [Point<Frame.MapPixels>], solid: ScoreMap, limit: Micrometers
    ) -> TargetArea {
        guard solid.width > 0, solid.height > 0 else { return area }
        let pitch = max(1, Int(field.spacing / 8))
        var best: (reach: Double, position: Point<Frame.MapPixels>)?
        for y in stride(from: 0, to: solid.height, by: pitch) {
            for x in stride(from: 0, to: solid.width, by: pitch) where solid.value(x: x, y: y) >= 0.95 {
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
