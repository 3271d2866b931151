import Geometry
public import Units

/// What became of each target from one selection to another on the same map.
public struct TargetComparison: Hashable, Sendable {
    /// A target that is in both selections, or in one.
    public struct Entry: Hashable, Sendable {
        /// In the selection before, and in the one after; at least one is there.
        public var before: TargetReference?
        public var after: TargetReference?
        /// How far it has moved on the specimen; nil where it is in one selection only.
        public var distance: Micrometers?
    }

    /// Targets of the selection before in their order, then the new ones.
    public let entries: [Entry]

    /// - Parameter reach: targets farther apart are two; of several pairs the nearest is one target.
    public init(before: [TargetArea], after: [TargetArea], geometry: LamellaGeometry, within reach: Micrometers) {
        let (old, new) = (Self.targets(of: before), Self.targets(of: after))
        var pairs: [(distance: Double, old: Int, new: Int)] = []
        for (i, a) in old.enumerated() {
            for (j, b) in new.enumerated() {
                let distance = geometry.specimenShift(from: a.position, to: b.position).length
                if distance <= reach.value { pairs.append((distance, i, j)) }
            }
        }
        pairs.sort { ($0.distance, $0.old, $0.new) < ($1.distance, $1.old, $1.new) }
        var partners: [Int: (new: Int, distance: Double)] = [:]
        var taken: Set<Int> = []
        for pair in pairs where partners[pair.old] == nil && !taken.contains(pair.new) {
            partners[pair.old] = (pair.new, pair.distance)
            taken.insert(pair.new)
        }
        let known = old.enumerated().map { index, target in
            Entry(
                before: target.reference, after: partners[index].map { new[$0.new].reference },
                distance: partners[index].map { Micrometers($0.distance) })
        }
        let others = new.indices.filter { !taken.contains($0) }.map { Entry(before: nil, after: new[$0].reference, distance: nil) }
        entries = known + others
    }

    private static func targets(of areas: [TargetArea]) -> [(reference: TargetReference, position: Point<Frame.MapPixels>)] {
        areas.enumerated().flatMap { index, area in
            area.targets.enumerated().map { (TargetReference(area: index, target: $0.offset), $0.element.position) }
        }
    }
}
