package import Geometry
package import Units

/// Divides targets into areas that image shift can reach from one tracking target each: a covering by discs.
///
/// As few areas as possible (``DiscCover``), of similar size where the limit allows, and tracking targets that together
/// reach their areas with the smallest shifts and speak least against themselves. Distances are Euclidean on the specimen.
package struct AreaSplit {
    private let distances: [[Double]]
    private let limit: Double
    /// By target: what speaks against tracking on it. One whole limit of reach counts 1.
    private let trackingCost: [Double]
    /// Distances looked at in the search for better tracking targets: some tenths of a second. A lamella needs far less.
    private static let mostWork = 5_000_000

    /// - Parameter limit: how far a target may lie from its tracking target.
    package init(
        positions: [Point<Frame.MapPixels>], geometry: LamellaGeometry, limit: Micrometers, trackingCost: [Double]
    ) {
        self.limit = limit.value
        self.trackingCost = trackingCost
        distances = positions.map { a in positions.map { geometry.specimenShift(from: a, to: $0).length } }
    }

    /// Indices of the targets of each area, the tracking target first.
    package func areas() -> [[Int]] {
        guard !distances.isEmpty else { return [] }
        var work = 0
        return plan(tracking: cover(), work: &work).map { refined($0).groups } ?? []
    }

    /// So many areas, for one that people want divided though it could stay; nil where there are fewer targets, or where image shift
    /// does not reach all targets from so many.
    func parts(_ count: Int) -> [[Int]]? {
        guard count > 1, count <= distances.count else { return nil }
        if count == 2 { return bestPair(instead: nil)?.groups }
        let cover = cover()
        guard cover.count <= count else { return nil }
        func farthest(_ target: Int) -> Double { distances[target].max() ?? 0 }
        let outermost = distances.indices.max { farthest($0) < farthest($1) }.map { [$0] } ?? []
        var best: Plan?
        for start in [outermost, cover] {
            guard let found = centred(spread(start, to: count)).map(refined) else { continue }
            if best.map({ found.isBetter(than: $0) }) ?? true { best = found }
        }
        return best?.groups
    }

    /// More tracking targets, each the one that is farthest from all before (Gonzalez 1985).
    private func spread(_ start: [Int], to count: Int) -> [Int] {
        var tracking = start
        func away(_ target: Int) -> Double { tracking.map { distances[target][$0] }.min() ?? 0 }
        while tracking.count < count {
            let rest = distances.indices.filter { !tracking.contains($0) }
            guard let next = rest.max(by: { away($0) < away($1) }) else { break }
            tracking.append(next)
        }
        return tracking
    }

    /// Tracking in the middle of each area instead, as long as that makes the areas better (Lloyd 1957).
    private func centred(_ tracking: [Int]) -> Plan? {
        var work = 0
        guard var best = plan(tracking: tracking, work: &work) else { return nil }
        while true {
            let middles = best.groups.map { group in
                group.min { reach(of: $0, in: group) < reach(of: $1, in: group) } ?? group[0]
            }
            guard let next = plan(tracking: middles, work: &work), next.isBetter(than: best) else { return best }
            best = next
        }
    }

    /// The fewest tracking targets from which image shift reaches all targets.
    private func cover() -> [Int] {
        let contents = distances.map { row in row.indices.filter { row[$0] <= limit } }
        return DiscCover(contents: contents, points: distances.count).fewest()
    }

    /// One area of all; nil where no target reaches all others.
    func whole() -> [Int]? {
        var work = 0
        return distances.indices.compactMap { plan(tracking: [$0], work: &work) }.min { $0.isBetter(than: $1) }?.groups.first
    }

    /// Every target goes to the nearest of some tracking targets; nil where one is out of their reach.
    func groups(about tracking: [Int]) -> [[Int]]? {
        nearest(tracking)
    }

    /// Areas about tracking targets, and what they cost.
    private struct Plan {
        var tracking: [Int]
        var groups: [[Int]]
        /// Targets by which the largest area exceeds twice the smallest.
        var unevenness: Int
        var cost: Double

        func isBetter(than other: Plan) -> Bool { (unevenness, cost) < (other.unevenness, other.cost - 1e-9) }
    }

    private func reach(of tracking: Int, in group: [Int]) -> Double { group.map { distances[tracking][$0] }.max() ?? 0 }

    /// nil where a target is out of reach.
    private func plan(tracking: [Int], work: inout Int) -> Plan? {
        work += distances.count * tracking.count
        guard let nearest = nearest(tracking) else { return nil }
        let groups = balanced(nearest, work: &work)
        let sizes = groups.map(\.count)
        let reaches = groups.map { reach(of: $0[0], in: $0) / limit }
        let mean = zip(groups, reaches).reduce(0) { $0 + $1.1 + trackingCost[$1.0[0]] } / Double(groups.count)
        return Plan(
            tracking: tracking, groups: groups, unevenness: max(0, (sizes.max() ?? 0) - 2 * (sizes.min() ?? 0)),
            cost: mean + (reaches.max() ?? 0))
    }

    /// Every target with the nearest of some tracking targets; nil where one is out of reach of all.
    private func nearest(_ tracking: [Int]) -> [[Int]]? {
        var areas = [Int](repeating: 0, count: distances.count)
        for i in distances.indices {
            let row = distances[i]
            var least = Double.infinity
            for (area, centre) in tracking.enumerated() where row[centre] < least { (areas[i], least) = (area, row[centre]) }
            guard least <= limit else { return nil }
        }
        var groups = tracking.map { [$0] }
        for (area, centre) in tracking.enumerated() { areas[centre] = -1 - area }
        for (i, area) in areas.enumerated() where area >= 0 { groups[area].append(i) }
        return groups
    }

    /// Passes targets on from areas that are more than twice as large as another to that one, if need be by way of
    /// others, as long as the tracking targets reach them. Each pass makes the sizes more equal, so that it ends.
    private func balanced(_ start: [[Int]], work: inout Int) -> [[Int]] {
        var groups = start
        while let way = wayToBalance(groups) {
            for (giver, taker) in zip(way, way.dropFirst()) { pass(from: giver, to: taker, in: &groups) }
            work += distances.count * groups.count
        }
        return groups
    }

    /// The shortest chain of areas along which each can pass a target to the next, from one that is too large to the
    /// smallest for which there is one.
    private func wayToBalance(_ groups: [[Int]]) -> [Int]? {
        let sizes = groups.map(\.count)
        guard let least = sizes.min(), let most = sizes.max(), most > max(2 * least, least + 1) else { return nil }
        // By area: those that can pass a target to it.
        let givers = groups.indices.map { taker in
            groups.indices.filter { giver in
                giver != taker && groups[giver].dropFirst().contains { distances[groups[taker][0]][$0] <= limit }
            }
        }
        for small in groups.indices.sorted(by: { (sizes[$0], $0) < (sizes[$1], $1) }) {
            var next: [Int: Int] = [small: small]
            var open = [small]
            while !open.isEmpty {
                let area = open.removeFirst()
                if sizes[area] > max(2 * sizes[small], sizes[small] + 1) {
                    var way = [area]
                    while let last = way.last, last != small, let following = next[last] { way.append(following) }
                    return way
                }
                for giver in givers[area] where next[giver] == nil {
                    next[giver] = area
                    open.append(giver)
                }
            }
        }
        return nil
    }

    private func pass(from giver: Int, to taker: Int, in groups: inout [[Int]]) {
        let (from, to) = (groups[giver][0], groups[taker][0])
        let able = groups[giver].dropFirst().filter { distances[to][$0] <= limit }
        guard let moved = able.min(by: { distances[to][$0] - distances[from][$0] < distances[to][$1] - distances[from][$1] })
        else { return }
        groups[giver].removeAll { $0 == moved }
        groups[taker].append(moved)
    }

    /// Other tracking targets, as many, as long as that makes the areas better.
    private func refined(_ start: Plan) -> Plan {
        if start.tracking.count == 2, let pair = bestPair(instead: start) { return pair }
        var best = start
        var work = 0
        while work < Self.mostWork {
            var improved = best
            for place in best.tracking.indices {
                for candidate in distances.indices
                where !best.tracking.contains(candidate) && distances[best.tracking[place]][candidate] <= 2 * limit {
                    var tracking = best.tracking
                    tracking[place] = candidate
                    guard work < Self.mostWork, let changed = plan(tracking: tracking, work: &work) else { continue }
                    if changed.isBetter(than: improved) { improved = changed }
                }
            }
            guard improved.isBetter(than: best) else { break }
            best = improved
        }
        return best
    }

    private func bestPair(instead start: Plan?) -> Plan? {
        var best = start
        var work = 0
        for a in distances.indices {
            for b in distances.indices where b > a && (work < Self.mostWork || best == nil) {
                guard let pair = plan(tracking: [a, b], work: &work) else { continue }
                if best.map(pair.isBetter) ?? true { best = pair }
            }
        }
        return best
    }
}
