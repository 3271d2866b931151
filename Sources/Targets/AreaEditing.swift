public import Raster

/// What people do with whole areas. Areas and targets are counted from 0 here, and from 1 in what people read.
///
/// Each function returns areas that keep the rules, or throws a sentence and changes nothing. An area whose targets or
/// tracking target changed has no geo points any more: ``TargetSelection/renewingGeoPoints(of:labels:classes:acquired:geometry:settings:)``
/// chooses new ones.
extension [TargetArea] {
    /// An area becomes several of similar size with as short shifts as possible: none of them has more than twice the targets of another
    /// where image shift allows, and each is checked by the rules again.
    public func splitting(_ area: Int, into parts: Int = 2, by rules: AreaRules) throws(TargetsError) -> [TargetArea] {
        try requireArea(area)
        let targets = self[area].targets
        guard parts >= 2 else {
            throw .edit("Area \(area + 1) is to be split into \(parts): an area is split into two or more.")
        }
        guard targets.count > 1 else { throw .edit("Area \(area + 1) has one target and cannot be split.") }
        guard targets.count >= parts else {
            throw .edit("Area \(area + 1) has \(targets.count) targets and cannot be split into \(parts) areas.")
        }
        guard let groups = rules.split(targets).parts(parts) else {
            throw .edit(
                "Area \(area + 1) needs more than \(parts == 2 ? "two" : "\(parts)") areas: its targets lie further apart than image shift reaches.")
        }
        let new = groups.map { rules.area(of: $0.map { targets[$0] }) }
        let areas = Array(self[..<area]) + new + Array(self[(area + 1)...])
        try rules.check(new)
        return areas
    }

    /// One area less: two areas become one, in the place of the first of them, tracked where its shifts are shortest.
    public func merging(_ area: Int, with other: Int, by rules: AreaRules) throws(TargetsError) -> [TargetArea] {
        try requireArea(area)
        try requireArea(other)
        guard area != other else {
            throw .edit("Area \(area + 1) cannot be merged with itself: name two areas.")
        }
        let targets = self[Swift.min(area, other)].targets + self[Swift.max(area, other)].targets
        guard let whole = rules.split(targets).whole() else {
            throw .edit(
                "Areas \(area + 1) and \(other + 1) cannot be merged: none of their targets has all others within the "
                    + "\(AreaRules.words(rules.reach)) that image shift reaches.")
        }
        var areas = self
        areas[Swift.min(area, other)] = rules.area(of: whole.map { targets[$0] })
        areas.remove(at: Swift.max(area, other))
        return areas
    }

    /// Every target that is not tracked on goes to the nearest tracking target.
    public func redistributed(by rules: AreaRules) throws(TargetsError) -> [TargetArea] {
        let filled = filter { !$0.targets.isEmpty }
        let tracking = filled.map { $0.targets[0] }
        let targets = tracking + filled.flatMap { $0.targets.dropFirst() }
        guard let groups = rules.split(targets).groups(about: Array<Int>(tracking.indices)) else {
            throw .edit(
                "Some targets are further than the \(AreaRules.words(rules.reach)) that image shift reaches from every "
                    + "tracking target: split an area first.")
        }
        return zip(filled, groups).map { area, group in
            let new = rules.area(of: group.map { targets[$0] })
            return Set(new.targets) == Set(area.targets) ? area : new
        }
    }

    /// Another target of an area is tracked on.
    public func tracking(on target: Int, ofArea area: Int, by rules: AreaRules) throws(TargetsError) -> [TargetArea] {
        try requireArea(area)
        var targets = self[area].targets
        guard targets.indices.contains(target) else {
            throw .edit("Area \(area + 1) has no target \(target + 1): it has \(targets.count), counted from 1.")
        }
        guard target > 0 else { return self }
        targets.insert(targets.remove(at: target), at: 0)
        var areas = self
        areas[area] = rules.area(of: targets)
        try rules.check([areas[area]])
        return areas
    }

    private func requireArea(_ area: Int) throws(TargetsError) {
        guard indices.contains(area) else {
            throw .edit("There is no area \(area + 1): there are \(count), counted from 1.")
        }
    }
}

extension AreaRules {
    fileprivate func split(_ targets: [Target]) -> AreaSplit {
        AreaSplit(
            positions: targets.map(\.position), geometry: geometry, limit: reach,
            trackingCost: targets.map { _ in 0 })
    }

    fileprivate func area(of targets: [Target]) -> TargetArea {
        TargetArea(targets: targets).ordered(by: order, geometry: geometry)
    }
}

extension TargetSelection {
    /// The same areas with geo points chosen anew on a map, for areas that people changed.
    ///
    /// - Throws: ``TargetsError`` for a map or settings that ``select(labels:classes:acquired:image:geometry:settings:)`` would refuse.
    public static func renewingGeoPoints(
        of areas: [TargetArea], labels: Raster<UInt8>, classes: [String], acquired: Raster<Bool>? = nil,
        geometry: LamellaGeometry, settings: TargetSettings
    ) throws(TargetsError) -> [TargetArea] {
        try PreparedMap(labels: labels, classes: classes, acquired: acquired, geometry: geometry, settings: settings)
            .withGeoPoints(areas)
    }
}
