import Foundation
import Geometry
import Raster
import Testing
import Units

@testable import Targets

struct UpperBoundTests {
    struct Place {
        var along: Double
        var across: Double
        var worth: Double
    }

    /// The largest summed worth of places that lie at least 1 apart: every choice is tried.
    static func best(_ places: [Place]) -> Double {
        func best(_ rest: ArraySlice<Place>, _ chosen: [Place]) -> Double {
            guard let next = rest.first else { return chosen.reduce(0) { $0 + $1.worth } }
            let without = best(rest.dropFirst(), chosen)
            let isFree = chosen.allSatisfy { hypot($0.along - next.along, $0.across - next.across) >= 1 }
            return isFree ? max(without, best(rest.dropFirst(), chosen + [next])) : without
        }
        return best(places[...], [])
    }

    static func bound(_ places: [Place]) -> Double? {
        guard let left = places.map(\.along).min(), let right = places.map(\.along).max(),
            let top = places.map(\.across).min(), let bottom = places.map(\.across).max()
        else { return nil }
        return UpperBound(low: (left, top), high: (right, bottom)) { add in
            for place in places { add(place.along, place.across, place.worth) }
        }?.value()
    }

    @Test(arguments: 0 ..< 40) func theBoundIsNeverBelowTheBestOfAllChoices(_ seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed))
        let (width, height) = (random.uniform(0 ... 4), random.uniform(0 ... 2.5))
        let places = (0 ..< 16).map { _ in
            Place(along: random.uniform() * width - 2, across: random.uniform() * height, worth: random.uniform(0.01 ... 1))
        }
        let bound = try #require(Self.bound(places))
        let best = Self.best(places)
        #expect(bound >= best)
        #expect(UpperBound.ofCells { add in places.forEach { add($0.along, $0.across, $0.worth) } } >= best)
        #expect(bound <= places.reduce(0) { $0 + $1.worth } * 1.2)
    }

    /// Beams of three pixels, and one far smaller than a pixel.
    @Test(arguments: [0.06, 0.002]) func manySmallBeamsAreChosenAndBounded(_ beam: Double) throws {
        let selection = try TargetSelection.selection(
            labels: Raster<UInt8>(width: 70, height: 50, filledWith: 7), classes: SampleMaps.classes,
            geometry: SampleMaps.geometry(beam: beam), settings: TargetSettings(sparse: false))
        #expect(selection.report.score > 10)
        #expect(selection.report.upperBound >= selection.report.score)
    }

    @Test func nothingWorthIsBoundedByNothing() {
        #expect(Self.bound([Place(along: 0, across: 0, worth: 0)]) == 0)
    }

    /// The bound of one place is its worth, of a line the number of places that fit on it, and of a full square little more than the
    /// hexagonal packing can hold.
    @Test func theBoundIsTightForOnePlaceALineAndAFullPlane() throws {
        let single = try #require(Self.bound([Place(along: 3, across: -7, worth: 0.6)]))
        #expect(single >= 0.6 && single < 0.61)
        let line = try #require(Self.bound((0 ... 1000).map { Place(along: Double($0) * 0.01, across: Double($0) * 0.002, worth: 1) }))
        #expect(line >= 11 && line < 11.4)
        let full = try #require(
            Self.bound((0 ... 160).flatMap { y in (0 ... 160).map { Place(along: Double($0) / 20, across: Double(y) / 20, worth: 1) } }))
        // The hexagonal packing of a square of 8 spacings, its border with it, has 2 / sqrt 3 * 64 + 16 + 1 at most (Groemer 1960).
        #expect(full > 74 && full < 1.15 * 91)
    }

    /// The lemma that the bound rests on, for positions packed as closely as they go about a cone: random ones, regular
    /// polygons and triangles of every shape.
    @Test(arguments: 0 ..< 40) func aConeCountsNoMoreThanOneWhereverPositionsKeepTheirDistance(_ seed: Int) {
        func sum(_ places: [SIMD2<Double>], about c: SIMD2<Double>, slope: Double) -> Double {
            places.reduce(0.0) { sum, place in
                let distance = ((place - c) * (place - c)).sum().squareRoot()
                return sum + min(1, max(0, 0.5 + slope * (0.5 - distance)))
            }
        }
        func apart(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Bool { ((a - b) * (a - b)).sum() >= 1 }
        var random = RandomSource(seed: UInt64(seed))
        let flattest = 1 + 2 / 3.0.squareRoot()
        for _ in 0 ..< 300 {
            var places: [SIMD2<Double>] = []
            for _ in 0 ..< 60 {
                let place = SIMD2(random.uniform(-1 ... 1), random.uniform(-1 ... 1))
                if places.allSatisfy({ apart($0, place) }) { places.append(place) }
            }
            #expect(sum(places, about: .zero, slope: random.uniform(flattest ... 9)) <= 1 + 1e-12)
            // A triangle whose shortest side is 1, or a rhombus of two, and the cone anywhere in it.
            let angle = random.uniform(Double.pi / 3 ... 3)
            let third = SIMD2(cos(angle), sin(angle)) * random.uniform(1 ... 1.1)
            let corners: [SIMD2<Double>] = [SIMD2(0, 0), SIMD2(1, 0), third]
            let fourth = corners[1] + corners[2]
            for places in [corners, corners + [fourth]] {
                let isApart = places.indices.allSatisfy { i in places[..<i].allSatisfy { apart($0, places[i]) } }
                guard isApart else { continue }
                var c = SIMD2<Double>.zero
                var total = 0.0
                for place in places {
                    let share = random.uniform(0.01 ... 1)
                    c += share * place
                    total += share
                }
                #expect(sum(places, about: c / total, slope: flattest) <= 1 + 1e-12)
            }
        }
        let fermat = [0.0, 120, 240].map { (angle: Double) -> SIMD2<Double> in
            let turn = angle * Double.pi / 180
            return SIMD2(cos(turn), sin(turn)) / 3.0.squareRoot()
        }
        #expect(abs(sum(fermat, about: .zero, slope: flattest) - 1) < 1e-12)
        #expect(sum(fermat, about: .zero, slope: flattest - 0.1) > 1)
    }

    @Test(arguments: 0 ..< 12) func noSelectionOfARandomMapExceedsItsBound(_ seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed) &+ 70)
        var settings = TargetSettings(
            targetClasses: [["mitos"], ["cell"], ["lamella"]][seed % 3], scoreThreshold: [0.01, 0.3, 0.5][seed % 3],
            sparse: seed % 3 == 0, edge: seed == 4, maximumTilt: Degrees(random.uniform(0 ... 65)))
        settings.keepsCentreClear = seed % 2 == 0
        settings.penaltyWindow = seed % 4 == 1 ? .swept : nil
        let selection = try TargetSelection.selection(
            labels: SampleMaps.lamella(seed: UInt64(seed), width: 400, height: 300), classes: SampleMaps.classes,
            geometry: SampleMaps.geometry(tiltAxis: random.uniform(-90 ... 90)), settings: settings)
        let scores = selection.areas.flatMap(\.targets).map(\.score)
        #expect(abs(selection.report.score - scores.reduce(0, +)) < 1e-9)
        #expect(selection.report.upperBound >= selection.report.score)
        #expect(selection.report.gap >= 0 && selection.report.gap < 1)
    }

    /// On a map so small that all positions can be tried: what is found is the best, and the bound is above it.
    @Test(arguments: 0 ..< 10) func onSmallMapsTheChoiceIsTheBestOfAll(_ seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed) &+ 500)
        // Pixels of 400 nm, a field of 2 x 1 of them, a beam of three.
        var labels = Raster<UInt8>(width: 6, height: 5, filledWith: 0)
        for i in labels.pixels.indices where random.uniform() < 0.5 { labels.pixels[i] = 7 }
        var settings = TargetSettings(avoidedClasses: [], sparse: seed % 2 == 0, maximumTilt: Degrees(0))
        settings.keepsCentreClear = false
        let geometry = SampleMaps.geometry(tiltAxis: 85, pixelSize: 400)
        let map = try PreparedMap(
            labels: labels, classes: SampleMaps.classes, acquired: nil, geometry: geometry, settings: settings)
        let sites = map.field.candidates().sites
        let best = Self.best(
            sites.map { Place(along: $0.along / map.field.spacing, across: $0.across / map.field.spacing, worth: $0.worth) })
        let report = try TargetSelection.selection(
            labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: settings
        ).report
        #expect(abs(report.score - best) < 1e-6)
        #expect(report.upperBound >= best)
    }
}
