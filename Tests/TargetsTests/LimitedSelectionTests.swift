import Foundation
import Geometry
import Raster
import Targets
import Testing
import Units

struct LimitedSelectionTests {
    /// Cells as discs on a ground of label 0; several may touch.
    private func cells(_ discs: [(x: Double, y: Double, radius: Double)], side: Int = 400) -> Raster<UInt8> {
        var map = Raster<UInt8>(width: side, height: side, filledWith: 0)
        for y in 0 ..< side {
            for x in 0 ..< side {
                let (px, py) = (Double(x) + 0.5, Double(y) + 0.5)
                if discs.contains(where: { ($0.x - px) * ($0.x - px) + ($0.y - py) * ($0.y - py) < $0.radius * $0.radius }) { map[x, y] = 1 }
            }
        }
        return map
    }

    private let classes = ["background", "cell"]
    private let wanted = [false, true]

    private func targets(_ labels: Raster<UInt8>, classes: [String], _ settings: TargetSettings) throws -> [Target] {
        try TargetSelection.select(labels: labels, classes: classes, geometry: SampleMaps.geometry(), settings: settings)
            .flatMap(\.targets)
    }

    @Test func threeTargetsInThreeDifferentCells() throws {
        // Two large cells that touch, and a small one apart, which no sum of scores would choose.
        let discs = [(x: 110.0, y: 200.0, radius: 80.0), (x: 255.0, y: 200.0, radius: 80.0), (x: 365.0, y: 40.0, radius: 20.0)]
        let labels = cells(discs)
        let settings = TargetSettings(
            targetClasses: ["cell"], avoidedClasses: [], sparse: false, targetsPerInstance: 1, maximumTargets: 3)
        let chosen = try targets(labels, classes: classes, settings)
        #expect(chosen.count == 3)
        for disc in discs {
            #expect(chosen.count { $0.position.distance(to: Point(x: disc.x, y: disc.y)) <= disc.radius } == 1)
        }
        var unlimited = settings
        unlimited.targetsPerInstance = nil
        let free = try targets(labels, classes: classes, unlimited)
        #expect(free.allSatisfy { $0.position.distance(to: Point(x: 365, y: 40)) > 40 })
    }

    @Test(arguments: 0 ..< 12) func noLimitIsEverBroken(seed: UInt64) throws {
        var random = RandomSource(seed: seed + 40)
        let labels = SampleMaps.lamella(seed: seed)
        let perObject = seed % 3 == 0 ? nil : 1 + Int(random.uniform() * 2)
        let most = seed % 4 == 1 ? nil : 1 + Int(random.uniform() * 9)
        let distance = seed % 2 == 0 ? nil : Micrometers(random.uniform(1 ... 5))
        let settings = TargetSettings(
            targetClasses: seed % 2 == 0 ? ["mitos"] : ["cell"], sparse: seed % 2 == 0,
            maximumTilt: Degrees(random.uniform(0 ... 65)), targetsPerInstance: perObject, maximumTargets: most, minimumDistance: distance)
        let chosen = try targets(labels, classes: SampleMaps.classes, settings)
        #expect(!chosen.isEmpty)
        #expect(chosen.count <= most ?? .max)
        let geometry = SampleMaps.geometry()
        let area = TargetArea(targets: chosen)
        #expect(SampleMaps.closestApproach([area], geometry: geometry, maximumTilt: settings.maximumTilt) >= 1)
        for (index, a) in chosen.enumerated() {
            for b in chosen[..<index] {
                #expect(geometry.specimenShift(from: a.position, to: b.position).length >= distance?.value ?? 0)
            }
        }
        if let perObject {
            let objects = ObjectInstances(labels, where: try settings.resolved(in: SampleMaps.classes).target)
            let counts = Dictionary(grouping: chosen.compactMap { objects.object(at: $0.position) }) { $0 }.mapValues(\.count)
            #expect(counts.values.allSatisfy { $0 <= perObject })
        }
    }

    @Test(arguments: [1, 3, 6]) func fewTargetsAreTheBestOnes(count: Int) throws {
        // Separate squares, each of another size below the field's: the largest ones are worth most.
        var labels = Raster<UInt8>(width: 600, height: 300, filledWith: 0)
        for column in 0 ..< 4 {
            for row in 0 ..< 2 {
                let half = 4 + column + 4 * row
                for dy in -half ..< half { for dx in -half ..< half { labels[75 + 150 * column + dx, 75 + 150 * row + dy] = 1 } }
            }
        }
        let settings = TargetSettings(targetClasses: ["cell"], avoidedClasses: [], maximumTilt: .zero, maximumTargets: count)
        let chosen = try targets(labels, classes: classes, settings)
        let all = try targets(labels, classes: classes, TargetSettings(targetClasses: ["cell"], avoidedClasses: [], maximumTilt: .zero))
        #expect(all.count >= 8)
        let best = all.map(\.score).sorted(by: >).prefix(count).reduce(0, +)
        #expect(chosen.reduce(0) { $0 + $1.score } >= best - 1e-6)
    }

    @Test func limitsThatBindNothingChangeLittle() throws {
        for seed in UInt64(0) ..< 3 {
            let labels = SampleMaps.lamella(seed: seed)
            var settings = TargetSettings(targetClasses: ["cell"], sparse: false)
            let free = try targets(labels, classes: SampleMaps.classes, settings).reduce(0) { $0 + $1.score }
            settings.maximumTargets = 1000
            let limited = try targets(labels, classes: SampleMaps.classes, settings).reduce(0) { $0 + $1.score }
            #expect(limited >= free - 1e-9)
        }
    }

    @Test func theSameMapGivesTheSameTargetsUnderLimits() throws {
        let settings = TargetSettings(targetsPerInstance: 1, maximumTargets: 6, minimumDistance: Micrometers(2))
        let labels = SampleMaps.lamella(seed: 7)
        #expect(
            try targets(labels, classes: SampleMaps.classes, settings) == targets(labels, classes: SampleMaps.classes, settings))
    }

    // MARK: Objects

    @Test func objectsThatTouchAreTwoAndOneWithAWaistIsOne() {
        func count(_ distance: Double) -> Int {
            ObjectInstances(cells([(150, 200, 50), (150 + distance, 200, 50)]), where: wanted).count
        }
        #expect(count(0) == 1)
        #expect(count(40) == 1)
        // Half the width of the neck is 0.8 and 0.5 of the radius.
        #expect(count(60) == 1)
        #expect(count(87) == 2)
        #expect(count(120) == 2)
    }

    @Test("A nucleus, ice or a speck does not part a cell, and a gap between cells does not join them")
    func holes() {
        /// Pixels of a disc become background.
        func cut(_ labels: Raster<UInt8>, x: Double, y: Double, radius: Double, stretch: Double = 1) -> Raster<UInt8> {
            var labels = labels
            for row in 0 ..< labels.height {
                for column in 0 ..< labels.width where hypot((Double(column) - x) / stretch, Double(row) - y) < radius { labels[column, row] = 0 }
            }
            return labels
        }
        let cell = cells([(200, 200, 100)])
        for (x, y, radius) in [(200.0, 200.0, 70.0), (240, 200, 50), (200, 150, 45), (230, 230, 20), (200, 200, 95), (150, 260, 2)] {
            #expect(ObjectInstances(cut(cell, x: x, y: y, radius: radius), where: wanted).count == 1, "\(x) \(y) \(radius)")
        }
        #expect(ObjectInstances(cut(cell, x: 200, y: 200, radius: 30, stretch: 2.5), where: wanted).count == 1)
        #expect(ObjectInstances(cut(cut(cell, x: 165, y: 180, radius: 30), x: 245, y: 225, radius: 30), where: wanted).count == 1)
        // Three, four and six that just touch about a gap.
        for count in [3, 4, 6] {
            let ring = 50 / sin(Double.pi / Double(count)) - 0.6
            let discs = (0 ..< count).map { number in
                let angle = (2 * Double(number) + 0.3) * .pi / Double(count)
                return (x: 200 + ring * cos(angle), y: 200 + ring * sin(angle), radius: 50.0)
            }
            #expect(ObjectInstances(cells(discs), where: wanted).count == count)
        }
    }

    @Test func aLongObjectAndARoughOneAreOne() {
        var labels = Raster<UInt8>(width: 300, height: 60, filledWith: 0)
        for y in 20 ..< 40 { for x in 10 ..< 290 { labels[x, y] = 1 } }
        #expect(ObjectInstances(labels, where: wanted).count == 1)
        var random = RandomSource(seed: 2)
        for x in 10 ..< 290 {
            if random.uniform() < 0.5 { labels[x, 19] = 1 }
            if random.uniform() < 0.5 { labels[x, 40] = 1 }
        }
        #expect(ObjectInstances(labels, where: wanted).count == 1)
    }

    @Test func everyPositionBelongsToTheObjectThatIsNearest() {
        let discs = [(x: 80.0, y: 80.0, radius: 40.0), (x: 300.0, y: 90.0, radius: 40.0), (x: 200.0, y: 320.0, radius: 40.0)]
        let objects = ObjectInstances(cells(discs), where: wanted)
        let numbers = discs.map { objects.object(at: Point(x: $0.x, y: $0.y)) }
        #expect(Set(numbers).count == 3 && objects.count == 3)
        for y in stride(from: 2.5, to: 400, by: 9) {
            for x in stride(from: 2.5, to: 400, by: 9) {
                let ranked = discs.enumerated().map { (distance: Point<Frame.MapPixels>(x: x, y: y).distance(to: Point(x: $1.x, y: $1.y)), index: $0) }
                    .sorted { $0.distance < $1.distance }
                // Near the middle between two, the outlines in pixels decide.
                guard ranked[1].distance - ranked[0].distance > 3 else { continue }
                #expect(objects.object(at: Point(x: x, y: y)) == numbers[ranked[0].index])
            }
        }
    }

    @Test func aMapWithoutObjectsAndOneThatIsOneObject() {
        #expect(ObjectInstances(Raster(width: 9, height: 5, filledWith: 0), where: wanted).count == 0)
        #expect(ObjectInstances(Raster(width: 9, height: 5, filledWith: 0), where: wanted).object(at: Point(x: 3, y: 3)) == nil)
        #expect(ObjectInstances(Raster(width: 0, height: 0, filledWith: 0), where: wanted).count == 0)
        #expect(ObjectInstances(Raster(width: 9, height: 5, filledWith: 1), where: wanted).count == 1)
    }

    @Test func largeMapsHaveTheSameObjects() {
        let small = cells([(110, 200, 80), (255, 200, 80), (365, 40, 20)])
        let large = Raster<UInt8>(
            width: 2000, height: 2000, pixels: (0 ..< 4_000_000).map { small[$0 % 2000 / 5, $0 / 2000 / 5] })
        #expect(ObjectInstances(small, where: wanted).count == 3)
        #expect(ObjectInstances(large, where: wanted).count == 3)
    }
}
