import Geometry
import Raster
import Targets
import Testing
import Units

struct TrackingContrastTests {
    func image(_ grey: (Int, Int) -> Double) -> Raster<UInt8> {
        var random = RandomSource(seed: 12)
        var image = Raster<UInt8>(width: 400, height: 300, filledWith: 0)
        for y in 0 ..< 300 {
            for x in 0 ..< 400 { image[x, y] = UInt8(max(0, min(255, grey(x, y) + 6 * random.normal()))) }
        }
        return image
    }

    func strength(_ image: Raster<UInt8>) -> Double {
        TrackingContrast(image: image, columns: 200, rows: 140).strength(at: Point(x: 200, y: 150))
    }

    @Test func spotsAreWorthMoreThanStripesAndStripesNoMoreThanNoise() {
        let flat = strength(image { _, _ in 120 })
        let stripes = strength(image { x, y in (x + y) / 20 % 2 == 0 ? 90 : 150 })
        let spots = strength(image { x, y in (x / 20 + y / 20) % 2 == 0 ? 90 : 150 })
        #expect(spots > 20 * stripes)
        #expect(stripes < 3 * flat)
        // Twice the contrast is four times the strength.
        #expect(abs(strength(image { x, y in (x / 20 + y / 20) % 2 == 0 ? 60 : 180 }) / spots - 4) < 0.3)
    }

    @Test func aPlaceAtTheBorderOrOutsideIsNoError() {
        let contrast = TrackingContrast(image: image { x, y in Double((x * y) % 255) }, columns: 200, rows: 140)
        for (x, y) in [(0.0, 0.0), (400, 300), (-500, 20), (900, 900), (399, 1)] {
            #expect(contrast.strength(at: Point(x: x, y: y)) >= 0)
        }
        let one = TrackingContrast(image: Raster(width: 1, height: 1, filledWith: 9), columns: 1, rows: 1)
        #expect(one.strength(at: Point(x: 0.5, y: 0.5)) == 0)
    }

    @Test func amongPlacesOfSimilarReachOneWithSomethingToSeeIsTrackedOn() throws {
        // Four objects on a square of 6 um: each reaches the others equally well.
        var labels = Raster<UInt8>(width: 600, height: 600, filledWith: 5)
        let corners = [(150, 150), (450, 150), (150, 450), (450, 450)]
        for (x, y) in corners {
            for row in y - 8 ..< y + 8 { for column in x - 8 ..< x + 8 { labels[column, row] = 7 } }
        }
        for (cx, cy) in corners {
            var map = Raster<UInt8>(width: 600, height: 600, filledWith: 120)
            for y in cy - 30 ..< cy + 30 {
                for x in cx - 30 ..< cx + 30 { map[x, y] = (x / 7 + y / 7) % 2 == 0 ? 90 : 150 }
            }
            let areas = try TargetSelection.select(
                labels: labels, classes: SampleMaps.classes, image: map, geometry: SampleMaps.geometry(),
                settings: TargetSettings())
            let tracking = try #require(areas.first?.targets.first?.position)
            #expect(areas.count == 1)
            #expect(tracking.distance(to: Point(x: Double(cx), y: Double(cy))) < 30)
        }
    }
}
