import Foundation
import Geometry
import Raster
import Testing
import Units

@testable import Targets

struct SqueezedPlaneTests {
    /// Two footprints on a lamella that is inclined about the tilt axis, seen along the beam at every angle of the series.
    @Test(arguments: 0 ..< 60) func footprintsNeverOverlapOnAnInclinedLamella(_ seed: Int) {
        var random = RandomSource(seed: UInt64(seed))
        let pretilt = random.uniform(-25 ... 25)
        let limit = random.uniform(0 ... 55)
        let flat = seed % 2 == 0
        let plane = SqueezedPlane(
            tiltAxisAngle: Degrees(random.uniform(-90 ... 90)), maximumTilt: Degrees(limit), pretilt: Degrees(pretilt),
            startsAtPretilt: flat)
        let direction = random.uniform(0 ... 2 * .pi)
        // Just one beam of 1 apart in the squeezed plane.
        let places = [Point<Frame.MapPixels>.origin, plane.unsqueezed(along: cos(direction), across: sin(direction))]
        let start = flat ? -pretilt : 0
        var closest = Double.infinity
        for stageAngle in (-40 ... 40).map({ start + limit * Double($0) / 40 }) {
            let seen = places.map { place -> (x: Double, y: Double) in
                // Along and across the axis on the map, then in space: the map was taken at stage angle 0.
                let along = plane.axisColumn * place.x + plane.axisRow * place.y
                let across = plane.axisRow * place.x - plane.axisColumn * place.y
                let height = -across * tan(pretilt * .pi / 180)
                let angle = stageAngle * .pi / 180
                return (along, across * cos(angle) + height * sin(angle))
            }
            closest = min(closest, hypot(seen[0].x - seen[1].x, seen[0].y - seen[1].y))
        }
        #expect(closest >= 1 - 1e-9)
        // And no more room than that is taken: at the steepest tilt they touch, for the series reaches it on either side.
        #expect(closest < 1 + 1e-9)
    }

    @Test func tenDegreesOfPretiltCostAlmostAWholeBeam() {
        let plane = SqueezedPlane(tiltAxisAngle: .zero, maximumTilt: Degrees(60), pretilt: Degrees(10))
        #expect(abs(1 / plane.factor - 2.879) < 0.001)
        let flat = SqueezedPlane(tiltAxisAngle: .zero, maximumTilt: Degrees(60), pretilt: Degrees(10), startsAtPretilt: true)
        #expect(abs(1 / flat.factor - 1.970) < 0.001)
        #expect(SqueezedPlane(tiltAxisAngle: .zero, maximumTilt: Degrees(60)).factor == cosine(Degrees(60)))
    }

    @Test func anImpossibleRangeIsOneSentence() {
        var settings = TargetSettings(maximumTilt: Degrees(70), pretilt: Degrees(-20))
        #expect(throws: TargetsError.tiltsBeyondTheBeam(maximumTilt: Degrees(70), pretilt: Degrees(-20))) {
            try settings.validate()
        }
        #expect(
            TargetsError.tiltsBeyondTheBeam(maximumTilt: Degrees(70), pretilt: Degrees(-20)).message
                == "max_tilt 70.0 and pretilt -20.0 together tilt the lamella by 90.0 degrees against the beam, but it must stay "
                + "below 85: tilt less, or set auto_start_tilt to start where it lies flat.")
        settings.startsAtPretilt = true
        #expect(throws: Never.self) { try settings.validate() }
    }
}
