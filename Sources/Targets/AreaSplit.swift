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
        let contents = distances.map { row in row.indices.filter { row[$0] <= limit } }
        let cover = DiscCover(contents: contents, points: distances.count).fewest()
        return refined(plan(tracking: cover)).groups
    }

    /// Two areas with the least cost, for an area that people want divided though it could stay; nil for a single target.
    func halves() -> [[Int]]? {
        guard distances.count > 1 else { return nil }
        return bestPair(instead: nil)?.groups
    }

    /// One area of all; nil where no target reaches all others.
    func whole() -> [Int]? {
        let all = Array(distances.indices)
        let able = all.filter { reach(of: $0, in: all) <= limit }
        return able.map { plan(tracking: [$0]) }.min { $0.isBetter(than: $1) }?.groups.first
    }

    /// Every target goes to the nearest of some tracking targets; nil where one is out of their reach.
    func groups(about tracking: [Int]) -> [[Int]]? {
        covers(tracking) ? nearest(tracking) : nil
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

    private func plan(tracking: [Int]) -> Plan {
        let groups = balanced(nearest(tracking))
        let sizes = groups.map(\.count)
        let reaches = groups.map { reach(of: $0[0], in: $0) / limit }
        let mean = zip(groups, reaches).reduce(0) { $0 + $1.1 + trackingCost[$1.0[0]] } / Double(groups.count)
        return Plan(
            tracking: tracking, groups: groups, unevenness: max(0, (sizes.max() ?? 0) - 2 * (sizes.min() ?? 0)),
            cost: mean + (reaches.max() ?? 0))
    }

    private func nearest(_ tracking: [Int]) -> [[Int]] {
        var groups = tracking.map { [$0] }
        for i in distances.indices where !tracking.contains(i) {
            let area = tracking.indices.min { distances[tracking[$0]][i] < distances[tracking[$1]][i] } ?? 0
            groups[area].append(i)
        }
        return groups
    }

    /// Passes targets on from areas that are more than twice as large as another to that one, if need be by way of
    /// others, as long as the tracking targets reach them. Each pass makes the sizes more equal, so that it ends.
    private func balanced(_ start: [[Int]]) -> [[Int]] {
        var groups = start
        search: while true {
            let bySize = groups.indices.sorted { (groups[$0].count, $0) < (groups[$1].count, $1) }
            for small in bySize {
                for large in bySize.reversed()
                where groups[large].count > max(2 * groups[small].count, groups[small].count + 1) {
                    guard let way = way(from: large, to: small, in: groups) else { continue }
                    for (giver, taker) in zip(way, way.dropFirst()) { pass(from: giver, to: taker, in: &groups) }
                    continue search
                }
            }
            return groups
        }
    }

    private func canPass(from giver: Int, to taker: Int, in groups: [[Int]]) -> Bool {
        groups[giver].dropFirst().contains { distances[groups[taker][0]][$0] <= limit }
    }

    /// The shortest chain of areas along which each can pass a target to the next.
    private func way(from large: Int, to small: Int, in groups: [[Int]]) -> [Int]? {
        var ways = [[large]]
        var seen: Set = [large]
        while !ways.isEmpty {
            var longer: [[Int]] = []
            for way in ways {
                guard let last = way.last else { continue }
                if last == small { return way }
                for next in groups.indices where !seen.contains(next) && canPass(from: last, to: next, in: groups) {
                    seen.insert(next)
                    longer.append(way + [next])
                }
            }
            ways = longer
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
        // Every round that goes on is better than the one before; the number is a guard against rounding.
        for _ in 0 ..< 100 {
            var improved = best
            for place in best.tracking.indices {
                for candidate in distances.indices where !best.tracking.contains(candidate) {
                    var tracking = best.tracking
                    tracking[place] = candidate
                    guard covers(tracking) else { continue }
                    let changed = plan(tracking: tracking)
                    if changed.isBetter(than: improved) { improved = changed }
                }
            }
            guard improved.isBetter(than: best) else { break }
            best = improved
        }
        return best
    }

    private func covers(_ tracking: [Int]) -> Bool {
        distances.indices.allSatisfy { i in tracking.contains { distances[$0][i] <= limit } }
    }

    private func bestPair(instead start: Plan?) -> Plan? {
        var best = start
        for a in distances.indices {
            for b in distances.indices where b > a && covers([a, b]) {
                let pair = plan(tracking: [a, b])
                if best.map(pair.isBetter) ?? true { best = pair }
            }
        }
        return best
    }
}
