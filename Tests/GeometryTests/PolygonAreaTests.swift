import Geometry
import Testing
import Units

@Suite struct PolygonAreaTests {
    private typealias Place = Point<Frame.MapPixels>
    private typealias Box = Rectangle<Frame.MapPixels>

    /// A small seeded generator: the same shapes at every run.
    private struct Numbers {
        var state: UInt64
        mutating func next(_ range: ClosedRange<Double>) -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + Double(state >> 11) * 0x1p-53 * (range.upperBound - range.lowerBound)
        }
    }

    /// A star about a centre, which is neither convex nor crosses itself.
    private func star(_ numbers: inout Numbers, corners: Int) -> Polygon<Frame.MapPixels> {
        let centre = Place(x: numbers.next(3 ... 7), y: numbers.next(3 ... 7))
        return Polygon(
            (0 ..< corners).map { k in
                let angle = Degrees(360 * Double(k) / Double(corners))
                let radius = numbers.next(0.3 ... 3)
                return Place(x: centre.x + radius * cosine(angle), y: centre.y + radius * sine(angle))
            })
    }

    /// The share of the points of a fine raster over 10 x 10 that lie inside any shape, times 100.
    private func count(_ inside: (Place) -> Bool) -> Double {
        var found = 0
        for i in 0 ..< 500 {
            for j in 0 ..< 500 where inside(Place(x: (Double(i) + 0.5) / 50, y: (Double(j) + 0.5) / 50)) { found += 1 }
        }
        return Double(found) / 2500
    }

    @Test(arguments: UInt64(1) ... 12) func theAreaOfAUnionIsWhatAPixelCountFinds(seed: UInt64) {
        var numbers = Numbers(state: seed)
        let shapes = (0 ..< Int(seed % 5) + 1).map { star(&numbers, corners: 3 + $0 * 2) }
        let counted = count { place in shapes.contains { $0.contains(place) } }
        #expect(abs(unionArea(of: shapes) - counted) < 0.06)
        // Order and repetition change nothing.
        #expect(abs(unionArea(of: shapes.reversed() + shapes) - unionArea(of: shapes)) < 1e-9)
        if let first = shapes.first { #expect(abs(unionArea(of: [first]) - first.area) < 1e-9) }
    }

    @Test(arguments: UInt64(1) ... 12) func aClippedShapeHasTheAreaThatLiesInTheRectangle(seed: UInt64) {
        var numbers = Numbers(state: seed + 100)
        let shape = star(&numbers, corners: 9)
        let x = numbers.next(0 ... 6)
        let y = numbers.next(0 ... 6)
        let box = Box(minX: x, minY: y, maxX: x + numbers.next(1 ... 4), maxY: y + numbers.next(1 ... 4))
        let counted = count { place in
            shape.contains(place) && (box.minX ... box.maxX).contains(place.x) && (box.minY ... box.maxY).contains(place.y)
        }
        #expect(abs(shape.clipped(to: box).area - counted) < 0.04)
        // Inclusion and exclusion: what both cover, from their union.
        let union = unionArea(of: [shape, box.outline])
        #expect(abs(shape.area + box.area - union - shape.clipped(to: box).area) < 1e-9)
    }

    @Test func rectanglesThatOverlapMeetOrLieApartAreCountedOnce() {
        let box = Box(minX: 0, minY: 0, maxX: 4, maxY: 2).outline
        #expect(unionArea(of: [box, Box(minX: 2, minY: 1, maxX: 6, maxY: 3).outline]) == 14)
        #expect(unionArea(of: [box, Box(minX: 4, minY: 0, maxX: 5, maxY: 2).outline]) == 10)
        #expect(unionArea(of: [box, Box(minX: 9, minY: 9, maxX: 10, maxY: 10).outline]) == 9)
        #expect(unionArea(of: [box, box]) == 8)
        #expect(unionArea(of: [Polygon<Frame.MapPixels>]()) == 0)
        #expect(unionArea(of: [Polygon([Place(x: 0, y: 0), Place(x: 1, y: 1)])]) == 0)
    }

    @Test(arguments: [1.0, 2, 7]) func anEllipseHasItsAreaAndItsAxes(stretch: Double) {
        let ellipse = Polygon<Frame.MapPixels>.ellipse(
            centre: Place(x: 3, y: 4), Vector(dx: 0.6 * stretch, dy: 0.8 * stretch), Vector(dx: -0.8, dy: 0.6))
        #expect(abs(ellipse.area - .pi * stretch) < 1e-9)
        let reach = ellipse.vertices.map { $0.distance(to: Place(x: 3, y: 4)) }
        #expect(abs((reach.max() ?? 0) / stretch - 1) < 1e-3 && abs((reach.min() ?? 0) - 1) < 1e-3)
    }
}
