import Geometry

extension PACEtomoTargets {
    /// The targets as places on a map: where their stage positions are, else where their image shift from the first is.
    ///
    /// SPACEtomo's score stands for a target that has one, 0 for the others. Skipped targets and geo points are there too.
    ///
    /// - Returns: nil where the first target has no stage position, or the map no calibration.
    public func area(on geometry: LamellaGeometry) -> TargetArea? {
        guard let toMap = geometry.mapToStage.inverse, let fromSpecimen = geometry.stageToSpecimen.inverse,
            let tracking = targets.first.flatMap({ Self.point($0, "stageX", "stageY") })
        else { return nil }
        func place(_ stage: (x: Double, y: Double)?, _ shift: (x: Double, y: Double)?) -> Point<Frame.MapPixels>? {
            if let stage { return toMap(Point(x: stage.x, y: stage.y)) }
            let shifted = shift.map { fromSpecimen(Vector(dx: $0.x, dy: $0.y)) }
            return shifted.map { toMap(Point(x: tracking.x, y: tracking.y) + $0) }
        }
        let places = targets.compactMap { target -> Target? in
            guard let position = place(Self.point(target, "stageX", "stageY"), Self.point(target, "SSX", "SSY")) else { return nil }
            let area = target["LDArea"].flatMap(LowDoseArea.init(rawValue:)) ?? .record
            let score = target["SPACEscore"].flatMap(PACEtomoLine.number) ?? 0
            return Target(position: position, score: score.isFinite ? score : 0, lowDoseArea: area)
        }
        let geo = geoPoints.compactMap { point in
            func pair(_ x: String, _ y: String) -> (x: Double, y: Double)? { point[x].flatMap { x in point[y].map { (x, $0) } } }
            return place(pair("stageX", "stageY"), pair("SSX", "SSY"))
        }
        return TargetArea(targets: places, geoPoints: geo)
    }

    private static func point(_ target: [String: String], _ x: String, _ y: String) -> (x: Double, y: Double)? {
        guard let x = target[x].flatMap(PACEtomoLine.number), let y = target[y].flatMap(PACEtomoLine.number), x.isFinite, y.isFinite
        else { return nil }
        return (x, y)
    }
}
