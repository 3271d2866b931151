/// The fewest discs that together hold all points: a minimum set cover.
///
/// Branch and bound, which is exact as long as the search is small, as it is for the targets of a lamella; beyond, the
/// best cover that was found, which is never larger than the greedy one.
package struct DiscCover {
    /// A set of points, one bit each.
    private typealias Points = [UInt64]

    private let discs: [Points]
    /// By point: the discs that hold it.
    private let holders: [[Int]]
    /// By point: the points that some disc holds together with it.
    private let neighbours: [Points]
    /// Steps of the search; enough for the exact answer in all but contrived cases.
    private static let mostSteps = 20_000

    /// - Parameter contents: by disc, the points in it. There is one disc about every point at least.
    package init(contents: [[Int]], points: Int) {
        let words = (points + 63) / 64
        discs = contents.map { held in
            var set = Points(repeating: 0, count: words)
            for point in held { set[point / 64] |= 1 << UInt64(point % 64) }
            return set
        }
        var holders = [[Int]](repeating: [], count: points)
        for (disc, held) in contents.enumerated() { for point in held { holders[point].append(disc) } }
        self.holders = holders
        neighbours = holders.map { [discs] own in
            own.reduce(into: Points(repeating: 0, count: words)) { sum, disc in
                for word in 0 ..< words { sum[word] |= discs[disc][word] }
            }
        }
    }

    /// Indices of discs, in a fixed order.
    package func fewest() -> [Int] {
        let all = Self.full(holders.count)
        var best = greedy(all)
        var steps = 0
        search(uncovered: all, chosen: [], best: &best, steps: &steps)
        return best.sorted()
    }

    private func search(uncovered: Points, chosen: [Int], best: inout [Int], steps: inout Int) {
        guard let hardest = Self.members(uncovered).min(by: { holders[$0].count < holders[$1].count }) else {
            best = chosen
            return
        }
        steps += 1
        guard steps <= Self.mostSteps, chosen.count + leastNumber(uncovered) < best.count else { return }
        // One of the discs about the point with the least choice has to be taken: the one that adds most first.
        let options = holders[hardest].map { (disc: $0, gain: Self.size(Self.intersection(discs[$0], uncovered))) }
        for option in options.sorted(by: { ($1.gain, $0.disc) < ($0.gain, $1.disc) }) {
            let rest = Self.difference(uncovered, discs[option.disc])
            search(uncovered: rest, chosen: chosen + [option.disc], best: &best, steps: &steps)
        }
    }

    /// Points no two of which share a disc need a disc each.
    private func leastNumber(_ uncovered: Points) -> Int {
        var rest = uncovered
        var number = 0
        while let point = Self.first(rest) {
            rest = Self.difference(rest, neighbours[point])
            number += 1
        }
        return number
    }

    private func greedy(_ all: Points) -> [Int] {
        var uncovered = all
        var chosen: [Int] = []
        while Self.size(uncovered) > 0 {
            let gains = discs.map { Self.size(Self.intersection($0, uncovered)) }
            guard let most = gains.max(), most > 0, let disc = gains.firstIndex(of: most) else { break }
            chosen.append(disc)
            uncovered = Self.difference(uncovered, discs[disc])
        }
        return chosen
    }

    private static func full(_ count: Int) -> Points {
        (0 ..< (count + 63) / 64).map { word in
            let bits = count - 64 * word
            return bits >= 64 ? .max : (1 << UInt64(bits)) - 1
        }
    }
    private static func size(_ set: Points) -> Int { set.reduce(0) { $0 + $1.nonzeroBitCount } }
    private static func intersection(_ a: Points, _ b: Points) -> Points { zip(a, b).map { $0 & $1 } }
    private static func difference(_ a: Points, _ b: Points) -> Points { zip(a, b).map { $0 & ~$1 } }
    private static func first(_ set: Points) -> Int? {
        set.firstIndex { $0 != 0 }.map { 64 * $0 + set[$0].trailingZeroBitCount }
    }
    private static func members(_ set: Points) -> [Int] {
        var found: [Int] = []
        for (word, bits) in set.enumerated() {
            var rest = bits
            while rest != 0 {
                found.append(64 * word + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return found
    }
}
