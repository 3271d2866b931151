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
    ///   - probabilities: of classes by name, as large as the labels, for ``TargetSettings/classRules``; where they were not
    ///     kept, labels decide.
    ///   - image: the map, so that tracking targets lie where there is something to align by; nil decides without it.
    /// - Returns: the areas, best summed score first; empty where nothing scores above the threshold.
    public static func select(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        probabilities: [String: Raster<Float>] = [:], image: Raster<UInt8>? = nil, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) -> [TargetArea] {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, probabilities: probabilities, geometry: geometry,
            settings: settings)
        return map.areas(of: map.targets(map.placement), image: image)
    }

    /// As ``select(labels:classes:acquired:probabilities:image:geometry:settings:)``, with how much better it could be at
    /// most. The bound takes as long as the choice; it knows nothing of limits such as ``TargetSettings/maximumTargets``.
    public static func selection(
        labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        probabilities: [String: Raster<Float>] = [:], image: Raster<UInt8>? = nil, geometry: LamellaGeometry,
        settings: TargetSettings
    ) throws(TargetsError) -> Selection {
        let map = try PreparedMap(
            labels: labels, classes: classes, acquired: acquired, probabilities: probabilities, geometry: geometry,
            settings: settings)
        let placement = map.placement
        let targets = map.targets(placement)
        let score = targets.reduce(0) { $0 + $1.score }
        let areas = map.areas(of: targets, image: image)
        return Selection(
            areas: areas,
            report: SelectionReport(
                score: score, upperBound: max(score, min(map.field.upperBound(placement.candidates.sites), map.mostByNumber(placement.candidates.sites))),
                coverage: map.coverage(of: areas.flatMap(\.targets))))
    }

    /// How much of the wanted classes lies in the fields of view of some targets, in their order.
    public static func coverage(
        of targets: [Target], labels: Raster<UInt8>, classes: [String], probabilities: [String: Raster<Float>] = [:],
        geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) -> Coverage {
        try PreparedMap(
            labels: labels, classes: classes, acquired: nil, probabilities: probabilities, geometry: geometry,
            settings: settings
        ).coverage(of: targets)
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
    /// Pixels that were not acquired; nil where all were.
    let gaps: PixelRuns?

    init(
        labels: Raster<UInt8>, classes names: [String], acquired: Raster<Bool>?,
        probabilities: [String: Raster<Float>] = [:], geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) {
        try settings.validate()
        try geometry.validate()
        let resolved = try settings.resolved(in: names)
        var runs = LabelRuns(labels)
        if let largest = runs.largest, Int(largest) >= names.count {
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
        if counted.classes.names.count > names.count { runs = LabelRuns(labels) }
        classes = counted.classes
        self.labels = labels
        self.acquired = acquired
        self.geometry = geometry
        self.settings = settings
        let isSwept = settings.penaltyWindow == .swept
        let worth = classes.worth(penalty: isSwept ? 0 : settings.penaltyWeight, countsTargets: !settings.edge)
        gaps = acquired.map(PixelRuns.init(gapsOf:)).flatMap { $0.isEmpty ? nil : $0 }
        let window = geometry.window
        let spacing = geometry.beamDiameter + settings.beamMargin + TargetSelection.roundingSlack
        let plane = settings.plane(tiltAxisAngle: geometry.tiltAxisAngle)
        field = PlacementField(
            labels: labels, runs: runs, classes: classes,
            scores: ScoreMap(runs, worth: worth, gaps: gaps, columns: window.columns, rows: window.rows),
            plane: plane, spacing: (spacing.inNanometers / geometry.mapPixelSize).value, threshold: settings.scoreThreshold,
            edge: settings.edge && window.columns <= labels.width && window.rows <= labels.height
                ? EdgeScore(columns: window.columns, rows: window.rows) : nil,
            avoided: settings.keepsCentreClear ?? true
                ? AvoidedSurroundings(runs, avoided: classes.avoided, columns: window.columns, rows: window.rows) : nil,
            swept: isSwept
                ? SweptPenalty(
                    labels: labels, cost: classes.worth(penalty: settings.penaltyWeight, countsTargets: false).map { -$0 },
                    plane: plane, columns: window.columns, rows: window.rows) : nil)
    }

    var placement: Placement { Placement(field: field, sparse: settings.sparse, seed: settings.seed ?? TargetSettings.usualSeed) }

    /// The targets that a placement finds within the limits of the settings, with the scores that are written to files.
    func targets(_ placement: Placement) -> [Target] {
        var sites = placement.solve()
        if let limits = SelectionLimits(settings, labels: labels, wanted: classes.target, geometry: geometry) {
            sites = LimitedPlacement(field: field, limits: limits).solve(from: sites)
        }
        return sites.map { Target(position: $0.position, score: exactScore(of: $0)) }
    }

    /// What `max_targets` of the best would score; the finest raster may find a little more than the candidates have.
    func mostByNumber(_ sites: [PlacementField.Site]) -> Double {
        guard let most = settings.maximumTargets else { return .infinity }
        return Double(most) * (field.edge == nil ? 1 : sites.map(\.worth).max() ?? 0)
    }

    func coverage(of targets: [Target]) -> Coverage {
        let window = geometry.window
        return Coverage(
            of: targets.map(\.position), labels: labels, target: classes.target, columns: window.columns, rows: window.rows)
    }

    func exactScore(of site: PlacementField.Site) -> Double {
        guard field.edge == nil, field.swept == nil else { return site.worth }
        return field.scores.value(at: site.position) ?? 0
    }

    func exactScore(at position: Point<Frame.MapPixels>) -> Double {
        guard field.edge == nil, field.swept == nil else { return field.worth(at: position) ?? 0 }
        return field.scores.value(at: position) ?? 0
    }
}
