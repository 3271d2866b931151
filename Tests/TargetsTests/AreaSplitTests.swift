import Geometry
import Raster
import Targets
import Testing
import Units

struct AreaSplitTests {
    let geometry = SampleMaps.geometry(tiltAxis: 37)

    /// Positions over a part of the map of so many micrometres, some in clusters.
    func positions(_ count: Int, over side: Double, random: inout RandomSource) -> [Point<Frame.MapPixels>] {
        var all: [Point<Frame.MapPixels>] = []
        while all.count < count {
            if let last = all.last, random.uniform() < 0.5 {
                all.append(last + Vector(dx: random.uniform(-60 ... 60), dy: random.uniform(-60 ... 60)))
            } else {
                all.append(Point(x: random.uniform(0 ... side * 50), y: random.uniform(0 ... side * 35)))
            }
        }
        return all
    }

    func distance(_ a: Point<Frame.MapPixels>, _ b: Point<Frame.MapPixels>) -> Double {
        geometry.specimenShift(from: a, to: b).length
    }

    func areas(_ all: [Point<Frame.MapPixels>], limit: Double, cost: [Double]? = nil) -> [[Int]] {
        AreaSplit(
            positions: all, geometry: geometry, limit: Micrometers(limit), trackingCost: cost ?? all.map { _ in 0 }
        ).areas()
    }

    /// The fewest tracking targets, by trying all sets of them.
    func fewest(_ all: [Point<Frame.MapPixels>], limit: Double) -> Int {
        (1 ..< 1 << all.count).filter { set in
            all.allSatisfy { place in
                all.indices.contains { set & (1 << $0) != 0 && distance(all[$0], place) <= limit }
            }
        }.map(\.nonzeroBitCount).min() ?? 0
    }

    func greedy(_ all: [Point<Frame.MapPixels>], limit: Double) -> Int {
        var rest = all
        var number = 0
        while !rest.isEmpty {
            let best = all.max { a, b in
                rest.count { distance(a, $0) <= limit } < rest.count { distance(b, $0) <= limit }
            }
            guard let best else { break }
            rest.removeAll { distance(best, $0) <= limit }
            number += 1
        }
        return number
    }

    @Test func everyTargetIsInOneAreaWithinTheLimitAndNoAreaTooMany() {
        var random = RandomSource(seed: 1)
        for _ in 0 ..< 300 {
            let count = Int(random.uniform(1 ... 45))
            let limit = random.uniform(0.05 ... 8)
            let all = positions(count, over: random.uniform(1 ... 20), random: &random)
            let groups = areas(all, limit: limit)
            #expect(groups.flatMap { $0 }.sorted() == Array(all.indices))
            #expect(groups.allSatisfy { group in group.allSatisfy { distance(all[group[0]], all[$0]) <= limit } })
            #expect(groups.count <= greedy(all, limit: limit))
            if count <= 9 { #expect(groups.count == fewest(all, limit: limit)) }
        }
    }

    @Test func noAreaIsMoreThanTwiceAnotherThatCouldTakeItsTargets() {
        var random = RandomSource(seed: 2)
        for _ in 0 ..< 100 {
            let limit = random.uniform(2 ... 8)
            let all = positions(40, over: 20, random: &random)
            let groups = areas(all, limit: limit)
            for large in groups {
                for small in groups where large.count > max(2 * small.count, small.count + 1) {
                    #expect(!large.dropFirst().contains { distance(all[small[0]], all[$0]) <= limit })
                }
            }
        }
    }

    @Test func aRowOfTargetsIsDividedInTheMiddleAndNotAtItsEnd() {
        // 21 targets 1 um apart: one area reaches 19 of them.
        let row = (0 ... 20).map { Point<Frame.MapPixels>(x: 100 + 50 * Double($0), y: 100) }
        let groups = areas(row, limit: 9.01)
        #expect(groups.count == 2)
        #expect(groups.allSatisfy { (7 ... 14).contains($0.count) })
        // Each is tracked in its middle.
        for group in groups {
            #expect(group.map { distance(row[group[0]], row[$0]) }.max() ?? 0 <= 7.01)
        }
    }

    @Test func theTrackingTargetHasTheShortestShiftsUnlessSomethingSpeaksAgainstIt() {
        var random = RandomSource(seed: 3)
        for _ in 0 ..< 50 {
            let all = positions(12, over: 6, random: &random)
            func reach(_ i: Int) -> Double { all.map { distance(all[i], $0) }.max() ?? 0 }
            guard let best = all.indices.min(by: { reach($0) < reach($1) }), reach(best) < 8 else { continue }
            let groups = areas(all, limit: 8)
            #expect(groups.count == 1)
            #expect(abs(reach(groups[0][0]) - reach(best)) < 1e-9)
            // A field full of ice costs as much as the whole reach.
            var cost = all.map { _ in 0.0 }
            cost[best] = 1
            let other = areas(all, limit: 8, cost: cost)[0][0]
            let expected = all.indices.min { reach($0) / 4 + cost[$0] < reach($1) / 4 + cost[$1] }
            #expect(reach(other) / 4 + cost[other] <= (expected.map { reach($0) / 4 + cost[$0] } ?? 0) + 1e-9)
        }
    }

    @Test func noTargetsHaveNoAreasAndOneHasOne() {
        #expect(areas([], limit: 5).isEmpty)
        #expect(areas([Point(x: 3, y: 4)], limit: 0.001) == [[0]])
        #expect(areas([Point(x: 3, y: 4), Point(x: 3, y: 4)], limit: 0.001).map(\.count) == [2])
    }

    @Test func aCoverIsNeverLargerThanTheGreedyOne() {
        var random = RandomSource(seed: 4)
        for _ in 0 ..< 10 {
            let all = positions(150, over: 25, random: &random)
            let limit = random.uniform(2 ... 5)
            let contents = all.map { a in all.indices.filter { distance(a, all[$0]) <= limit } }
            let cover = DiscCover(contents: contents, points: all.count).fewest()
            #expect(Set(cover.flatMap { contents[$0] }).count == all.count)
            #expect(cover.count <= greedy(all, limit: limit))
        }
    }
}
