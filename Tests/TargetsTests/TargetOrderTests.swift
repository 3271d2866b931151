import Geometry
import Raster
import Targets
import Testing
import Units

struct TargetOrderTests {
    let geometry = SampleMaps.geometry(tiltAxis: -20)

    func area(_ count: Int, random: inout RandomSource) -> TargetArea {
        TargetArea(
            targets: (0 ..< count).map { _ in
                Target(
                    position: Point(x: random.uniform(0 ... 900), y: random.uniform(0 ... 600)), score: random.uniform())
            })
    }

    func length(_ targets: [Target]) -> Double {
        zip(targets, targets.dropFirst() + targets.prefix(1)).reduce(0) {
            $0 + geometry.specimenShift(from: $1.0.position, to: $1.1.position).length
        }
    }

    /// The shortest round, by trying all.
    func shortest(_ done: [Target], _ rest: [Target]) -> Double {
        if rest.isEmpty { return length(done) }
        return rest.indices.map { i in
            var left = rest
            return shortest(done + [left.remove(at: i)], left)
        }.min() ?? 0
    }

    @Test(arguments: 1 ... 8) func aFewTargetsAreVisitedByTheShortestWayThereIs(count: Int) {
        var random = RandomSource(seed: UInt64(count))
        for _ in 0 ..< (count > 6 ? 2 : 20) {
            let before = area(count, random: &random)
            let after = before.ordered(by: .path, geometry: geometry)
            #expect(after.targets[0] == before.targets[0])
            #expect(Set(after.targets) == Set(before.targets))
            #expect(abs(length(after.targets) - shortest([before.targets[0]], Array(before.targets.dropFirst()))) < 1e-9)
            #expect(abs(after.shiftPath(geometry: geometry).value - length(after.targets)) < 1e-9)
        }
    }

    @Test(arguments: 2 ... 8) func theOrderDoesNotHangOnTheOneBeforeNorOnAFractionOfAPixel(count: Int) {
        var random = RandomSource(seed: UInt64(100 + count))
        for _ in 0 ..< 20 {
            let before = area(count, random: &random)
            let places = before.ordered(by: .path, geometry: geometry).targets.map(\.position)
            var other = before
            other.targets = before.targets.prefix(1) + before.targets.dropFirst().reversed()
            other.targets = other.targets.map { target in
                Target(position: Point(x: target.position.x + random.uniform(-0.05 ... 0.05), y: target.position.y + random.uniform(-0.05 ... 0.05)), score: target.score)
            }
            for (place, moved) in zip(places, other.ordered(by: .path, geometry: geometry).targets.map(\.position)) { #expect(place.distance(to: moved) < 0.2) }
        }
    }

    @Test func manyTargetsAreVisitedByAWayThatNoSimpleChangeShortens() {
        var random = RandomSource(seed: 9)
        for _ in 0 ..< 10 {
            let before = area(40, random: &random)
            let after = before.ordered(by: .path, geometry: geometry)
            let way = after.targets
            #expect(way[0] == before.targets[0])
            #expect(Set(way) == Set(before.targets))
            for i in 1 ..< way.count - 1 {
                for j in i + 1 ..< way.count {
                    #expect(length(way[..<i] + way[i ... j].reversed() + way[(j + 1)...]) > length(way) - 1e-6)
                    var other = way
                    other.insert(other.remove(at: i), at: j)
                    #expect(length(other) > length(way) - 1e-6)
                }
            }
            // Random targets over an area A are visited in about 0.75 sqrt(n A); the field is 18 x 12 um.
            #expect(length(way) < 0.95 * (40 * 18.0 * 12).squareRoot())
        }
    }

    @Test func byScoreTheBestComesFirstAfterTheTrackingTarget() {
        var random = RandomSource(seed: 10)
        let before = area(20, random: &random)
        let after = before.ordered(by: .score, geometry: geometry)
        #expect(after.targets[0] == before.targets[0])
        let scores = after.targets.dropFirst().map(\.score)
        #expect(scores == scores.sorted(by: >) && scores.count == 19)
        #expect(before.ordered(by: .path, geometry: geometry).shiftPath(geometry: geometry) < after.shiftPath(geometry: geometry))
    }
}
