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

    /// The bound of one place is its worth, and of a densely filled plane the number of discs that Cohn and Elkies' function
    /// allows: 1.2 % above the hexagonal packing.
    @Test func theBoundIsTightForOnePlaceAndForAFullPlane() throws {
        let single = try #require(Self.bound([Place(along: 3, across: -7, worth: 0.6)]))
        #expect(single >= 0.6 && single < 0.63)
        func full(_ side: Double) throws -> Double {
            let count = Int(side * 20)
            let step = side / Double(count)
            return try #require(
                Self.bound(
                    (0 ... count).flatMap { y in
                        (0 ... count).map { Place(along: Double($0) * step, across: Double(y) * step, worth: 1) }
                    }))
        }
        // The area's part alone: second differences leave out what the border and the corners add.
        let (small, middle, large) = (try full(6), try full(9), try full(12))
        let density = (large - 2 * middle + small) / (2 * 3 * 3)
        #expect(density > 1.0 && density < 1.35)
        #expect(large > 2 / 3.0.squareRoot() * 144)
    }

    @Test func theKernelIsNotPositiveBeyondTheDistanceAndDefinite() {
        let kernel = PackingKernel(periods: (along: 5.3, across: 3.1))
        let (width, height) = (64, 64)
        let coefficients = kernel.coefficients(width: width, height: height)
        #expect(coefficients.allSatisfy { $0 >= 0 })
        var grid = FourierGrid(width: width, height: height)
        grid.real = coefficients
        grid.transform(inverse: true)
        #expect(abs(grid.real[0] - 1) < 1e-12)
        for y in 0 ..< height {
            for x in 0 ..< width {
                let along = Double(min(x, width - x)) * 5.3 / Double(width)
                let across = Double(min(y, height - y)) * 3.1 / Double(height)
                if hypot(along, across) >= 1 { #expect(grid.real[y * width + x] < 1e-5) }
            }
        }
    }

    @Test func theTransformIsTheSumThatItStandsFor() {
        var random = RandomSource(seed: 4)
        var grid = FourierGrid(width: 8, height: 4)
        for i in grid.real.indices { (grid.real[i], grid.imaginary[i]) = (random.uniform(), random.uniform()) }
        let before = grid
        grid.transform()
        for v in 0 ..< 4 {
            for u in 0 ..< 8 {
                var (re, im) = (0.0, 0.0)
                for y in 0 ..< 4 {
                    for x in 0 ..< 8 {
                        let angle = -2 * .pi * (Double(u * x) / 8 + Double(v * y) / 4)
                        let (a, b) = (before.real[y * 8 + x], before.imaginary[y * 8 + x])
                        re += a * cos(angle) - b * sin(angle)
                        im += a * sin(angle) + b * cos(angle)
                    }
                }
                #expect(abs(grid.real[v * 8 + u] - re) < 1e-12 && abs(grid.imaginary[v * 8 + u] - im) < 1e-12)
            }
        }
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
