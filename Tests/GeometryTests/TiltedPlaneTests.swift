import Geometry
import Testing
import Units

@Suite struct TiltedPlaneTests {
    /// Height and place of a point of the plane, turned about the axis as the stage does, and seen from above.
    private func seen(across map: Double, pretilt: Double, tilt: Double) -> Double {
        let height = -map * sine(Degrees(pretilt)) / cosine(Degrees(pretilt))
        return map * cosine(Degrees(tilt)) + height * sine(Degrees(tilt))
    }

    @Test(arguments: [-20.0, -9.5, 0, 10, 15]) func distancesShrinkAsTheTurnedPlaneShowsThem(pretilt: Double) {
        let plane = TiltedPlane(pretilt: Degrees(pretilt), tilts: Degrees(-54) ... Degrees(60))
        let all = stride(from: -54.0, through: 60, by: 0.5).map { ($0, seen(across: 1, pretilt: pretilt, tilt: $0)) }
        for (tilt, expected) in all { #expect(abs(plane.shrinkage(at: Degrees(tilt)) - expected) < 1e-12) }
        #expect(abs(plane.smallestShrinkage - (all.map(\.1).min() ?? 0)) < 1e-12)
        #expect(abs(plane.largestShrinkage - (all.map(\.1).max() ?? 0)) < 1e-4)
    }

    @Test func aFlatPlaneShrinksByTheCosineAndOneSeenEdgeOnVanishes() {
        #expect(abs(TiltedPlane(tilts: Degrees(-60) ... Degrees(60)).smallestShrinkage - 0.5) < 1e-12)
        #expect(TiltedPlane(tilts: Degrees(-60) ... Degrees(60)).largestShrinkage == 1)
        #expect(TiltedPlane(pretilt: Degrees(30), tilts: Degrees(0) ... Degrees(70)).smallestShrinkage == 0)
    }
}
