import Geometry

/// The order in which image shift goes through the targets of an area.
///
/// PACEtomo visits all targets at every tilt and begins the next tilt at the tracking target again, so that the way is
/// a round trip: the shorter it is, the less the shift has to settle.
struct ShiftRoute {
    let distances: [[Double]]
    private let positions: [Point<Frame.MapPixels>]

    /// - Parameter positions: the first is the tracking target.
    init(_ positions: [Point<Frame.MapPixels>], geometry: LamellaGeometry) {
        self.positions = positions
        distances = positions.map { a in positions.map { geometry.specimenShift(from: a, to: $0).length } }
    }

    /// The length of a round trip, in micrometres.
    func length(_ way: [Int]) -> Double {
        zip(way, way.dropFirst() + way.prefix(1)).reduce(0) { $0 + distances[$1.0][$1.1] }
    }

    /// A short round trip from the first position: the shortest for up to ten targets, near it for more.
    func shortest() -> [Int] {
        guard distances.count > 3 else { return directed(Array(distances.indices)) }
        return directed(distances.count <= 10 ? exact() : improved(nearestFirst()))
    }

    /// Of the two ways round, which are equally long, the one with the shorter first shift, and where both are as good as equal the
    /// one that begins farther left: an image of the lamella that is another by a fraction of a pixel changes no order.
    private func directed(_ way: [Int]) -> [Int] {
        guard way.count > 2, let last = way.last else { return way }
        let first = way[1]
        let turned = way.prefix(1) + way.dropFirst().reversed()
        let difference = distances[0][first] - distances[0][last]
        if abs(difference) > 0.2 { return difference < 0 ? way : Array(turned) }
        let (a, b) = (positions[first], positions[last])
        // Pixels: targets of an area are hundreds apart, along one of the axes at least.
        let isLeft = abs(a.x - b.x) > 20 ? a.x < b.x : a.y < b.y
        return isLeft ? way : Array(turned)
    }

    /// Dynamic programming over subsets (Held and Karp 1962).
    private func exact() -> [Int] {
        let others = distances.count - 1
        let sets = 1 << others
        // By set of visited targets and last of them: the length so far, and the one before.
        var lengths = [Double](repeating: .infinity, count: sets * others)
        var before = [Int](repeating: -1, count: sets * others)
        for last in 0 ..< others { lengths[(1 << last) * others + last] = distances[0][last + 1] }
        for set in 1 ..< sets {
            for last in 0 ..< others where lengths[set * others + last].isFinite {
                for next in 0 ..< others where set & (1 << next) == 0 {
                    let place = (set | 1 << next) * others + next
                    let length = lengths[set * others + last] + distances[last + 1][next + 1]
                    if length < lengths[place] { (lengths[place], before[place]) = (length, last) }
                }
            }
        }
        func whole(_ last: Int) -> Double { lengths[(sets - 1) * others + last] + distances[last + 1][0] }
        var way: [Int] = []
        var (set, last) = (sets - 1, (0 ..< others).min { whole($0) < whole($1) } ?? 0)
        while set != 0 {
            way.append(last + 1)
            (set, last) = (set & ~(1 << last), before[set * others + last])
        }
        return [0] + way.reversed()
    }

    private func nearestFirst() -> [Int] {
        var way = [0]
        var rest = Array(distances.indices.dropFirst())
        while let last = way.last, let next = rest.min(by: { (distances[last][$0], $0) < (distances[last][$1], $1) }) {
            way.append(next)
            rest.removeAll { $0 == next }
        }
        return way
    }

    /// Turns parts of the way round, and moves up to three targets elsewhere, as long as that makes it shorter.
    private func improved(_ start: [Int]) -> [Int] {
        var way = start
        while let shorter = turned(way) ?? moved(way) { way = shorter }
        return way
    }

    private func turned(_ way: [Int]) -> [Int]? {
        for i in 1 ..< way.count - 1 {
            for j in i + 1 ..< way.count {
                let after = way[(j + 1) % way.count]
                let old = distances[way[i - 1]][way[i]] + distances[way[j]][after]
                let new = distances[way[i - 1]][way[j]] + distances[way[i]][after]
                guard new < old - 1e-9 else { continue }
                var shorter = way
                shorter[i ... j].reverse()
                return shorter
            }
        }
        return nil
    }

    private func moved(_ way: [Int]) -> [Int]? {
        for count in 1 ... 3 {
            for i in 1 ..< way.count - count + 1 {
                let part = Array(way[i ..< i + count])
                let rest = Array(way[..<i] + way[(i + count)...])
                let saved = distances[way[i - 1]][part[0]] + distances[part[count - 1]][way[(i + count) % way.count]]
                    - distances[way[i - 1]][way[(i + count) % way.count]]
                for place in 1 ... rest.count where place != i {
                    let (a, b) = (rest[place - 1], rest[place % rest.count])
                    let added = distances[a][part[0]] + distances[part[count - 1]][b] - distances[a][b]
                    guard added < saved - 1e-9 else { continue }
                    return Array(rest[..<place]) + part + Array(rest[place...])
                }
            }
        }
        return nil
    }
}
