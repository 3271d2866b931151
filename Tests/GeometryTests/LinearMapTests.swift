import Geometry
import Testing
import Units

@Suite struct LinearMapTests {
    @Test(arguments: [0.0, 12.5, 90, -137])
    func aMapThereAndBackIsTheIdentity(angle: Double) throws {
        let there = LinearMap<Frame.Specimen, Frame.Camera>.rotation(Degrees(angle), scale: 3.7)
        let back = try #require(there.inverse)
        let v = Vector<Frame.Specimen>(dx: 1.25, dy: -8)
        let same = back(there(v))
        #expect((same - v).length < 1e-12)
    }

    @Test func aMissingCalibrationHasNoInverse() {
        #expect(LinearMap<Frame.Stage, Frame.Camera>(xpx: 0, xpy: 0, ypx: 0, ypy: 0).inverse == nil)
    }

    @Test func enlargingABoxKeepsItsCentre() {
        let box = Rectangle<Frame.MapPixels>(minX: 3, minY: 5, maxX: 10, maxY: 21)
        #expect(box.scaled(by: 1.5).center.distance(to: box.center) < 1e-12)
    }

    @Test func theMeanOfAPolygonCountsEachVertexOnce() throws {
        let square = Polygon<Frame.Stage>([.init(x: 0, y: 0), .init(x: 4, y: 0), .init(x: 4, y: 4), .init(x: 0, y: 4)])
        #expect(try #require(square.vertexMean) == Point(x: 2, y: 2))
    }
}
