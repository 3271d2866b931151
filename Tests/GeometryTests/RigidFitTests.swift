import Geometry
import Testing
import Units

@Suite struct RigidFitTests {
    private typealias Place = Point<Frame.Stage>

    @Test(arguments: [0.0, 0.5, -3, 90, 179])
    func aRotationAndAShiftAreFoundAsTheyAre(degrees: Double) throws {
        let map = AffineMap<Frame.Stage, Frame.Stage>(
            linear: .rotation(Degrees(degrees)), sending: Place(x: 100, y: -50), to: Place(x: 130, y: -20))
        let places = [Place(x: 0, y: 0), Place(x: 500, y: 20), Place(x: -300, y: 400)]
        let fit = try #require(RigidFit(places.map { (from: $0, to: map($0)) }))
        #expect(abs(fit.rotation.value - degrees) < 1e-9)
        #expect(fit.residual < 1e-9)
        #expect(fit.map(Place(x: 7, y: 8)).distance(to: map(Place(x: 7, y: 8))) < 1e-9)
    }

    @Test func whatDoesNotFitIsLeftOverAndOnePairIsNoFit() throws {
        let stretched = [(from: Place(x: -100, y: 0), to: Place(x: -102, y: 0)), (from: Place(x: 100, y: 0), to: Place(x: 102, y: 0))]
        #expect(abs(try #require(RigidFit(stretched)).residual - 2) < 1e-9)
        #expect(RigidFit(Array(stretched.prefix(1))) == nil)
    }
}
