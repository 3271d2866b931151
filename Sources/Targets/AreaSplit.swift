import Geometry
import Units

/// Divides targets into areas that image shift can reach from one tracking target each.
///
/// As few areas as found, each with a tracking target within the limit of all its targets. Distances are Euclidean on
/// the specimen.
struct AreaSplit {
    let positions: [Point<Frame.MapPixels>]
    private let distances: [[Double]]
    private let limit: Double

    init(positions: [Point<Frame.MapPixels>], geometry: LamellaGeometry, limit: Micrometers) {
        self.positions = positions
        self.limit = limit.value
        distances = positions.map { a in positions.map { geometry.specimenShift(from: a, to: $0).length } }
    }

    /// Indices of the targets of each area, the tracking target first, then a short way through the others.
    ///
    /// - Parameter trackingCost: what speaks against tracking on a target, 0 (nothing) to 1.
    func areas(trackingCost: [Double]) -> [[Int]] {
        guard !positions.isEmpty else { return [] }
        let centres = fewestCentres()
        var groups = [[Int]](repeating: [], count: centres.count)
        for i in positions.indices {
            let nearest = centres.indices.min { distances[centres[$0]][i] < distances[centres[$1]][i] } ?? 0
            groups[nearest].append(i)
        }
        return groups.filter { !$0.isEmpty }.map { group in
            // Reach counts like a field full of ice: a central clean target is best.
            let cost = { (i: Int) in reach(of: i, in: group) / limit + trackingCost[i] }
            let able = group.filter { reach(of: $0, in: group) <= limit }
            let tracking = able.min { (cost($0), $0) < (cost($1), $1) } ?? group[0]
            return route(from: tracking, through: group.filter { $0 != tracking })
        }
    }

    private func reach(of tracking: Int, in group: [Int]) -> Double { group.map { distances[tracking][$0] }.max() ?? 0 }

    /// Centres such that every target is within the limit of one: exact for one and two, greedy beyond.
    private func fewestCentres() -> [Int] {
        let all = Array(positions.indices)
        if let one = all.min(by: { reach(of: $0, in: all) < reach(of: $1, in: all) }), reach(of: one, in: all) <= limit {
            return [one]
        }
        var best: (reach: Double, pair: [Int]) = (limit, [])
        for a in all {
            for b in all where b > a {
                var worst = 0.0
                for i in all {
                    worst = max(worst, min(distances[a][i], distances[b][i]))
                    if worst > best.reach { break }
                }
                if worst < best.reach || (best.pair.isEmpty && worst <= limit) { best = (worst, [a, b]) }
            }
        }
        return best.pair.isEmpty ? greedyCentres() : best.pair
    }

    private func greedyCentres() -> [Int] {
        var open = Set(positions.indices)
        var centres: [Int] = []
        while !open.isEmpty {
            let next = positions.indices.max { a, b in
                let (inA, inB) = (open.count { distances[a][$0] <= limit }, open.count { distances[b][$0] <= limit })
                return (inA, b) < (inB, a)
            }
            guard let next else { break }
            centres.append(next)
            open = open.filter { distances[next][$0] > limit }
        }
        return centres
    }

    /// Nearest neighbour, then turning parts of the way round while that shortens it: less image shift, less settling.
    private func route(from tracking: Int, through others: [Int]) -> [Int] {
        var way = [tracking]
        var rest = others
        while let last = way.last, let next = rest.min(by: { (distances[last][$0], $0) < (distances[last][$1], $1) }) {
            way.append(next)
            rest.removeAll { $0 == next }
        }
        guard way.count > 3 else { return way }
        var shorter = true
        while shorter {
            shorter = false
            for i in 1 ..< way.count - 1 {
                for j in i + 1 ..< way.count {
                    let after = j + 1 < way.count ? way[j + 1] : nil
                    let old = distances[way[i - 1]][way[i]] + (after.map { distances[way[j]][$0] } ?? 0)
                    let new = distances[way[i - 1]][way[j]] + (after.map { distances[way[i]][$0] } ?? 0)
                    if new < old - 1e-9 {
                        way[i ... j].reverse()
                        shorter = true
                    }
                }
            }
        }
        return way
    }
}
