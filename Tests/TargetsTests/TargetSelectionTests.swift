import Geometry
import Raster
import Targets
import Testing
import Units

struct TargetSelectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var seed: UInt64
        var settings: TargetSettings
        var tiltAxis: Double
        var testDescription: String { "seed \(seed), \(settings.targetClasses), axis \(tiltAxis)" }
    }

    static let cases: [Case] = {
        var random = RandomSource(seed: 11)
        return (0 ..< 12).map { number in
            var settings = TargetSettings()
            settings.imageShiftLimit = Micrometers(random.uniform(1.5 ... 12))
            settings.maximumTilt = Degrees(random.uniform(0 ... 70))
            if number % 3 == 1 { settings = with(settings) { $0.targetClasses = ["cell"]; $0.sparse = false; $0.scoreThreshold = 0.3 } }
            if number % 3 == 2 { settings = with(settings) { $0.targetClasses = ["lamella"]; $0.sparse = false; $0.scoreThreshold = 0.5 } }
            if number == 9 { settings.edge = true }
            if number == 10 { settings.extraTracking = true }
            return Case(seed: UInt64(number), settings: settings, tiltAxis: random.uniform(-90 ... 90))
        }
    }()

    static func with(_ settings: TargetSettings, _ change: (inout TargetSettings) -> Void) -> TargetSettings {
        var copy = settings
        change(&copy)
        return copy
    }

    @Test(arguments: cases) func everyTargetKeepsEveryLimit(_ example: Case) throws {
        let labels = SampleMaps.lamella(seed: example.seed)
        let geometry = SampleMaps.geometry(tiltAxis: example.tiltAxis)
        let settings = example.settings
        let areas = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: settings)
        #expect(!areas.isEmpty)
        #expect(SampleMaps.closestApproach(areas, geometry: geometry, maximumTilt: settings.maximumTilt) >= 1)
        let avoided = try settings.resolved(in: SampleMaps.classes).avoided
        for area in areas {
            for (index, target) in area.targets.enumerated() {
                let shift = geometry.specimenShift(from: area.targets[0].position, to: target.position)
                #expect(shift.length <= settings.imageShiftLimit.value)
                if settings.extraTracking, index == 0 { continue }
                let p = target.position
                // Half of the 33 rows of the field.
                #expect(!SampleMaps.labels(within: 16, of: p, in: labels).contains { avoided[Int($0)] })
                #expect(target.score > settings.scoreThreshold && target.score <= 1)
                #expect(p.x >= 23 && p.y >= 16.5 && p.x <= 900 - 23 && p.y <= 640 - 16.5)
            }
            #expect(area.geoPoints.isEmpty || (3 ... 10).contains(area.geoPoints.count))
            for point in area.geoPoints {
                let shift = geometry.specimenShift(from: area.targets[0].position, to: point)
                #expect(shift.length <= settings.imageShiftLimit.value)
                #expect([5, 6, 7, 8].contains(labels[Int(point.x), Int(point.y)]))
                for target in areas.flatMap(\.targets) {
                    // At least the field of view is spared; 23.4 and 16.65 px are half its sides.
                    let dx = max(0, abs(target.position.x - point.x) - 23.4)
                    let dy = max(0, abs(target.position.y - point.y) - 16.65)
                    #expect((dx * dx + dy * dy).squareRoot() >= 30)
                }
            }
        }
    }

    @Test func theSameMapGivesTheSameTargets() throws {
        let labels = SampleMaps.lamella(seed: 5)
        let first = try select(labels)
        #expect(try select(labels) == first)
        #expect(first.flatMap(\.targets).count >= 4)
    }

    @Test func aLargeLimitNeedsOneAreaAndASmallOneSeveral() throws {
        let labels = SampleMaps.lamella(seed: 5)
        #expect(try select(labels) { $0.imageShiftLimit = Micrometers(30) }.count == 1)
        #expect(try select(labels) { $0.imageShiftLimit = Micrometers(3) }.count > 1)
    }

    @Test func aFieldFullOfTheWantedClassScoresOne() throws {
        let labels = Raster<UInt8>(width: 200, height: 200, filledWith: 7)
        let area = try TargetSelection.bestSingle(
            labels: labels, classes: SampleMaps.classes, geometry: SampleMaps.geometry(), settings: TargetSettings())
        #expect(abs((area?.targets[0].score ?? 0) - 1) < 1e-12)
        // Among equals, the middle.
        #expect((area?.targets[0].position.distance(to: Point(x: 100, y: 100)) ?? 99) < 5)
    }

    @Test func aLargeEvenRegionIsPackedDensely() throws {
        let labels = Raster<UInt8>(width: 900, height: 700, filledWith: 7)
        let targets = try select(labels) { $0.sparse = false }.flatMap(\.targets)
        // One exposure takes sqrt(3)/2 D^2 / cos 60; the fields must lie inside, the beams need not.
        let room = 18.0 * 14.0 / (0.866 * 1.2 * 1.2 * 2)
        #expect(Double(targets.count) > 0.85 * room)
    }

    @Test func geoPointsLieABeamAwayFromTargetsWhereThereIsRoom() throws {
        let areas = try select(SampleMaps.lamella(seed: 3))
        let geometry = SampleMaps.geometry()
        #expect(areas.allSatisfy { $0.geoPoints.count >= 5 })
        for point in areas.flatMap(\.geoPoints) {
            for target in areas.flatMap(\.targets) {
                #expect(geometry.specimenShift(from: target.position, to: point).length >= 1.2)
            }
        }
    }

    @Test func aDenselyCoveredLamellaStillHasItsPlaneMeasured() throws {
        let areas = try select(SampleMaps.lamella(seed: 5)) {
            $0.targetClasses = ["cell"]
            $0.sparse = false
            $0.scoreThreshold = 0.3
        }
        #expect(areas.allSatisfy { $0.geoPoints.count >= 3 })
    }

    @Test func everySeparateObjectIsFound() throws {
        var labels = Raster<UInt8>(width: 600, height: 600, filledWith: 5)
        for (x, y) in [(100, 100), (450, 120), (300, 300), (120, 480), (500, 500)] {
            for dy in -8 ..< 8 {
                for dx in -8 ..< 8 { labels[x + dx, y + dy] = 7 }
            }
        }
        #expect(try select(labels).flatMap(\.targets).count >= 5)
    }

    @Test(arguments: [0, 45, 100, -70]) func theAxisAngleFollowsFromTheCalibration(_ angle: Double) {
        let expected = angle > 90 ? angle - 180 : angle
        #expect(abs(SampleMaps.geometry(tiltAxis: angle).tiltAxisAngle.value - expected) < 1e-9)
    }

    @Test func nothingIsExposedBesideTheAcquiredPart() throws {
        let labels = Raster<UInt8>(width: 300, height: 300, filledWith: 7)
        var acquired = Raster<Bool>(width: 300, height: 300, filledWith: true)
        for y in 0 ..< 300 {
            for x in 150 ..< 300 { acquired[x, y] = false }
        }
        let areas = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, acquired: acquired, geometry: SampleMaps.geometry(),
            settings: TargetSettings())
        #expect(!areas.isEmpty)
        #expect(areas.flatMap(\.targets).allSatisfy { $0.position.x + 23 <= 150 })
    }

    @Test(arguments: [1, 2, 20, 60]) func aMapOfAvoidedClassesHasNoTargets(_ side: Int) throws {
        for label in UInt8(1) ... 4 {
            #expect(try select(Raster<UInt8>(width: side, height: side, filledWith: label)).isEmpty)
        }
    }

    @Test func aMapSmallerThanTheFieldHasNoTargets() throws {
        #expect(try select(Raster<UInt8>(width: 0, height: 0, filledWith: 0)).isEmpty)
        #expect(try select(Raster<UInt8>(width: 1, height: 1, filledWith: 7)).isEmpty)
        #expect(try select(Raster<UInt8>(width: 500, height: 5, filledWith: 7)).isEmpty)
    }

    @Test func aMapOfOnePixelCanBeATarget() throws {
        let geometry = SampleMaps.geometry(pixelSize: 900)
        let areas = try TargetSelection.select(
            labels: Raster<UInt8>(width: 1, height: 1, filledWith: 7), classes: SampleMaps.classes, geometry: geometry,
            settings: TargetSettings())
        #expect(areas.map(\.targets.count) == [1])
        #expect(areas.first?.targets[0].score == 1)
    }

    @Test func errorsSayWhatToDo() throws {
        let labels = Raster<UInt8>(width: 9, height: 9, filledWith: 12)
        #expect(
            message { try select(labels) } == "The segmentation holds label 12, but the model has only 9 classes.")
        #expect(
            message { try select(labels) { $0.targetClasses = ["mito"] } }
                == "target_list names the class 'mito', which the segmentation model does not have: did you mean 'mitos'? "
                + "Its classes are background, white, black, crack, ice, cell, nucleus, mitos, lipiddroplets, lamella.")
        #expect(
            message { try select(labels) { $0.targetClasses = ["ice"] } }
                == "target_list and avoid_list both name ice: remove it from one of them.")
        #expect(
            message { try select(labels) { $0.maximumTilt = Degrees(90) } }
                == "max_tilt is 90.0, but must be between 0.0 and 80.0.")
    }

    func message(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    func select(_ labels: Raster<UInt8>, _ change: (inout TargetSettings) -> Void = { _ in }) throws -> [TargetArea] {
        try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: SampleMaps.geometry(),
            settings: Self.with(TargetSettings(), change))
    }
}
