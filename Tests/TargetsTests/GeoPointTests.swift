import Geometry
import Raster
import Targets
import Testing
import Units

/// PACEtomo's fit of the plane from the geo points that are chosen, on simulated measurements of defocus.
struct GeoPointTests {
    struct Lamella: Sendable, CustomTestStringConvertible {
        var name: String
        var classes: [String]
        var sparse: Bool
        var width: Int
        var height: Int
        /// Of 1000 measurements with 0.1 um of noise: at least so many find the pretilt within 0.5 degrees.
        var least: Int
        var testDescription: String { name }
    }

    static let lamellae = [
        Lamella(name: "mitochondria on 14 x 9 um", classes: ["mitos"], sparse: true, width: 900, height: 640, least: 700),
        Lamella(name: "all of 14 x 9 um", classes: ["lamella"], sparse: false, width: 900, height: 640, least: 700),
        Lamella(name: "mitochondria on 20 x 22 um", classes: ["mitos"], sparse: true, width: 1250, height: 1250, least: 950),
    ]

    func areas(_ lamella: Lamella, seed: UInt64, tiltAxis: Double = 85) throws -> [TargetArea] {
        var settings = TargetSettings()
        settings.targetClasses = lamella.classes
        settings.sparse = lamella.sparse
        if !lamella.sparse { settings.scoreThreshold = 0.5 }
        return try TargetSelection.select(
            labels: SampleMaps.lamella(seed: seed, width: lamella.width, height: lamella.height),
            classes: SampleMaps.classes, geometry: SampleMaps.geometry(tiltAxis: tiltAxis), settings: settings)
    }

    @Test(arguments: lamellae) func theFitFindsThePlane(_ lamella: Lamella) throws {
        let geometry = SampleMaps.geometry(tiltAxis: 85)
        var random = RandomSource(seed: 77)
        let area = try #require(try areas(lamella, seed: 3).first)
        let shifts = area.geoPoints.map { geometry.specimenShift(from: area.targets[0].position, to: $0) }
        var good = (pretilt: 0, rotation: 0)
        var squares = 0.0
        for _ in 0 ..< 1000 {
            let pretilt = Degrees(random.uniform(8 ... 14) * (random.uniform() < 0.5 ? -1 : 1))
            let rotation = Degrees(random.uniform(-10 ... 10))
            func fit(noise: Double) -> PACEtomoPlane {
                PACEtomoPlane(
                    shifts.map {
                        ($0, PACEtomoPlane.defocus(at: $0, pretilt: pretilt, rotation: rotation) + noise * random.normal())
                    })
            }
            let exact = fit(noise: 0)
            #expect(abs(exact.pretilt.value - pretilt.value) < 1e-6 && abs(exact.rotation.value - rotation.value) < 1e-5)
            let found = fit(noise: 0.1)
            let turned = found.rotation - rotation
            if (found.pretilt - pretilt).magnitude <= Degrees(0.5) { good.pretilt += 1 }
            // What a wrong rotation inclines the plane along the axis. The rotation itself is off by six times as much at 10
            // degrees of pretilt: within half a degree in 200 to 330 of 1000, whatever ten points are measured.
            if abs(sine(turned) * sine(pretilt)) <= sine(Degrees(0.5)) { good.rotation += 1 }
            squares += (found.pretilt - pretilt).value * (found.pretilt - pretilt).value
        }
        #expect(good.pretilt >= lamella.least)
        #expect(good.rotation >= lamella.least)
        // Along or across the axis the plane is known at least as well as in its worst direction.
        let error = try #require(area.planeError(geometry: geometry)).value
        #expect((squares / 1000).squareRoot() <= 1.1 * error)
        #expect(error <= 0.52)
    }

    @Test(arguments: zip(UInt64(1) ... 4, [0.0, 30, -45, 85]))
    func aLamellaOfWhichEverythingIsWantedHasGeoPointsToo(seed: UInt64, tiltAxis: Double) throws {
        let geometry = SampleMaps.geometry(tiltAxis: tiltAxis)
        let found = try areas(Self.lamellae[1], seed: seed, tiltAxis: tiltAxis)
        #expect(!found.isEmpty)
        for area in found {
            #expect(area.geoPoints.count >= 5)
            // Between densely packed fields there is little choice.
            #expect(try #require(area.planeError(geometry: geometry)) <= Degrees(2.5))
        }
    }

    @Test func onANarrowStripTheyAreNeverOnALine() throws {
        // Cell of 14 x 2 um; 1 um of spread needs positions on both sides.
        var labels = Raster<UInt8>(width: 900, height: 300, filledWith: 2)
        for y in 100 ..< 200 { for x in 100 ..< 800 { labels[x, y] = 5 } }
        for y in 130 ..< 170 { for x in 430 ..< 470 { labels[x, y] = 7 } }
        let geometry = SampleMaps.geometry(tiltAxis: 85)
        let areas = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: TargetSettings())
        #expect(areas.map(\.geoPoints.count) != [0])
        for area in areas {
            // 0.1 um over 1 um of spread.
            #expect(try #require(area.planeError(geometry: geometry)) <= Degrees(5.72))
        }
        // On a line there are none at all.
        for y in (100 ..< 130) { for x in 0 ..< 900 { labels[x, y] = 2 } }
        for y in (170 ..< 200) { for x in 0 ..< 900 { labels[x, y] = 2 } }
        let narrow = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: TargetSettings())
        #expect(narrow.map(\.geoPoints.count) == [0])
    }
}
