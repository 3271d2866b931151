import Geometry
import Raster
import Targets
import Testing
import Units

struct AreaEditingTests {
    let geometry = SampleMaps.geometry()
    /// 50 px are 1 um; the limit of 6.3 um reaches 6.08 um.
    var rules: AreaRules { AreaRules(geometry: geometry, settings: TargetSettings(imageShiftLimit: Micrometers(6.3))) }

    func area(_ places: [Double], geo: Bool = false) -> TargetArea {
        TargetArea(
            targets: places.map { Target(position: Point(x: 50 * $0, y: 100), score: $0) },
            geoPoints: geo ? [Point(x: 50 * places[0], y: 50), Point(x: 60, y: 160), Point(x: 10, y: 160)] : [])
    }
    func places(_ areas: [TargetArea]) -> [[Double]] { areas.map { $0.targets.map { $0.position.x / 50 }.sorted() } }

    @Test func anAreaIsSplitInTheMiddle() throws {
        let split = try [area([1, 2]), area([5, 3, 4, 6, 7, 8])].splitting(1, by: rules)
        #expect(places(split) == [[1, 2], [3, 4, 5], [6, 7, 8]])
        // Each is tracked in its middle, and the first area is untouched.
        #expect(split.map { $0.targets[0].position.x / 50 } == [1, 4, 7])
    }

    @Test func anAreaIsSplitIntoAsManyAsAreAskedFor() throws {
        let row = area([1, 2, 3, 4, 5, 6, 7, 8, 9])
        let three = try [row].splitting(0, into: 3, by: rules)
        #expect(places(three).sorted { $0[0] < $1[0] } == [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
        #expect(Set(three.map { $0.targets[0].position.x / 50 }) == [2, 5, 8])
        let nine = try [row, area([30])].splitting(0, into: 9, by: rules)
        #expect(nine.count == 10 && nine.allSatisfy { $0.targets.count == 1 } && nine[9] == area([30]))
        #expect(message { try [row].splitting(0, into: 10, by: rules) } == "Area 1 has 9 targets and cannot be split into 10 areas.")
        #expect(message { try [row].splitting(0, into: 1, by: rules) } == "Area 1 is to be split into 1: an area is split into two or more.")
        #expect(
            message { try [area([1, 9, 17, 25, 33])].splitting(0, into: 3, by: rules) }
                == "Area 1 needs more than 3 areas: its targets lie further apart than image shift reaches.")
    }

    @Test(arguments: 1 ... 12) func partsAreBalancedWithinReachAndLoseNoTarget(_ seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let targets = (0 ..< 12 + Int(seed)).map { _ in
            Target(position: Point(x: random.uniform(0 ... 280), y: random.uniform(0 ... 280)), score: random.uniform())
        }
        let whole = TargetArea(targets: targets)
        for parts in 2 ... 6 {
            let areas = try [whole].splitting(0, into: parts, by: rules)
            #expect(areas.count == parts)
            #expect(Set(areas.flatMap(\.targets)) == Set(targets) && areas.reduce(0) { $0 + $1.targets.count } == targets.count)
            let sizes = areas.map(\.targets.count)
            #expect((sizes.max() ?? 0) <= max(2 * (sizes.min() ?? 0), (sizes.min() ?? 0) + 1))
            try rules.check(areas)
            #expect(try [whole].splitting(0, into: parts, by: rules) == areas)
        }
    }

    @Test func twoAreasWithinReachBecomeOne() throws {
        let merged = try [area([1, 2], geo: true), area([20, 21]), area([6, 7], geo: true)].merging(2, with: 0, by: rules)
        #expect(places(merged) == [[1, 2, 6, 7], [20, 21]])
        #expect(merged[0].geoPoints.isEmpty)
        #expect([2, 6].contains(merged[0].targets[0].position.x / 50))
    }

    @Test func everyTargetGoesToTheNearestTrackingTarget() throws {
        let areas = [area([2, 9, 3], geo: true), area([10, 4, 11]), area([30, 31], geo: true)]
        let new = try areas.redistributed(by: rules)
        #expect(places(new) == [[2, 3, 4], [9, 10, 11], [30, 31]])
        #expect(new.map { $0.targets[0].position.x / 50 } == [2, 10, 30])
        // Geo points that were chosen for other targets are gone; those of an area that stayed are not.
        #expect(new[0].geoPoints.isEmpty && new[2] == areas[2])
    }

    @Test func anotherTargetIsTrackedOn() throws {
        let areas = [area([1, 2, 3, 4], geo: true)]
        let new = try areas.tracking(on: 2, ofArea: 0, by: rules)
        #expect(new[0].targets[0] == areas[0].targets[2])
        #expect(Set(new[0].targets) == Set(areas[0].targets) && new[0].geoPoints.isEmpty)
        #expect(try areas.tracking(on: 0, ofArea: 0, by: rules) == areas)
    }

    @Test func whatCannotBeDoneIsSaidAndChangesNothing() {
        let areas = [area([1, 2, 3]), area([9, 10])]
        #expect(
            message { try areas.merging(0, with: 1, by: rules) }
                == "Areas 1 and 2 cannot be merged: none of their targets has all others within the 6.08 um that image shift reaches.")
        #expect(message { try areas.merging(1, with: 1, by: rules) } == "Area 2 cannot be merged with itself: name two areas.")
        #expect(message { try areas.splitting(2, by: rules) } == "There is no area 3: there are 2, counted from 1.")
        #expect(message { try [area([4])].splitting(0, by: rules) } == "Area 1 has one target and cannot be split.")
        #expect(
            message { try [area([1, 9, 17, 25, 33])].splitting(0, by: rules) }
                == "Area 1 needs more than two areas: its targets lie further apart than image shift reaches.")
        #expect(message { try areas.tracking(on: 2, ofArea: 1, by: rules) } == "Area 2 has no target 3: it has 2, counted from 1.")
        #expect(
            message { try [area([4, 1, 8])].tracking(on: 1, ofArea: 0, by: rules) }
                == "Target 3 of area 1 lies 7.0 um from its tracking target, and image shift reaches 6.08 um: put it into a nearer "
                + "area or an area of its own.")
        #expect(
            message { try [area([4, 1]), area([20, 13])].redistributed(by: rules) }
                == "Some targets are further than the 6.08 um that image shift reaches from every tracking target: split an area first.")
        #expect(message { try rules.check([TargetArea(targets: [])]) } == "Area 1 has no targets: leave it out.")
    }

    @Test func whateverIsDoneInWhateverOrderKeepsTheRules() throws {
        var random = RandomSource(seed: 21)
        for seed in UInt64(1) ... 3 {
            var areas = try TargetSelection.select(
                labels: SampleMaps.lamella(seed: seed), classes: SampleMaps.classes, geometry: geometry,
                settings: TargetSettings(imageShiftLimit: Micrometers(6.3)))
            let targets = Set(areas.flatMap(\.targets))
            var done = 0
            for _ in 0 ..< 60 {
                let (a, b) = (Int(random.uniform() * Double(areas.count)), Int(random.uniform() * Double(areas.count)))
                let target = Int(random.uniform() * Double(areas[a].targets.count))
                let changed: [TargetArea]?
                // What is refused changes nothing.
                switch Int(random.uniform() * 4) {
                case 0: changed = try? areas.splitting(a, into: 2 + Int(random.uniform() * 3), by: rules)
                case 1: changed = try? areas.merging(a, with: b, by: rules)
                case 2: changed = try? areas.redistributed(by: rules)
                default: changed = try? areas.tracking(on: target, ofArea: a, by: rules)
                }
                guard let changed else { continue }
                done += 1
                areas = changed
                try rules.check(areas)
                #expect(Set(areas.flatMap(\.targets)) == targets)
                #expect(areas.reduce(0) { $0 + $1.targets.count } == targets.count)
            }
            #expect(done > 10)
            let renewed = try TargetSelection.renewingGeoPoints(
                of: areas, labels: SampleMaps.lamella(seed: seed), classes: SampleMaps.classes, geometry: geometry,
                settings: TargetSettings(imageShiftLimit: Micrometers(6.3)))
            try rules.check(renewed)
            #expect(renewed.map(\.targets) == areas.map(\.targets))
            #expect(renewed.contains { $0.geoPoints.count >= 5 })
        }
    }

    func message(_ body: () throws -> Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
