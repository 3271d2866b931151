import Geometry
import Raster
import Targets
import Testing
import Units

/// Beams on a tilted sample, by turning its plane in space and looking which of its points stand in a beam: none of the
/// formulas that the selection uses.
struct FootprintTests {
    /// A point of an inclined plane, in micrometres: along the tilt axis, across it and along the beam at stage tilt 0.
    struct Place {
        var along: Double
        var across: Double
        var height: Double

        /// A point that the map shows at a specimen shift.
        init(_ shift: Vector<Frame.Specimen>, pretilt: Degrees) {
            (along, across) = (shift.dx, shift.dy)
            height = -shift.dy * sine(pretilt) / cosine(pretilt)
        }

        /// Where the beam sees it at a stage tilt.
        func seen(at tilt: Degrees) -> (x: Double, y: Double) {
            (along, across * cosine(tilt) + height * sine(tilt))
        }
    }

    /// Whether some point of the plane stands in the beams of both targets, each at some planned tilt.
    ///
    /// Tried with points on the outline of one beam, which is where two equal shapes begin to overlap, from all round.
    func overlap(
        _ a: Vector<Frame.Specimen>, _ b: Vector<Frame.Specimen>, beam: Double, pretilt: Degrees, tilts: [Double]
    ) -> Bool {
        let centres = [a, b].map { Place($0, pretilt: pretilt) }
        for tilt in tilts.map({ Degrees($0) }) {
            // How far a micrometre of the plane across the axis is seen at this tilt, by trying one.
            let unit = Place(Vector(dx: 0, dy: 1), pretilt: pretilt).seen(at: tilt).y
            for step in 0 ..< 60 {
                let angle = Degrees(Double(step) * 6)
                // Just inside, so that beams which only touch do not count.
                let radius = beam / 2 - 1e-6
                let edge = Vector<Frame.Specimen>(
                    dx: a.dx + radius * cosine(angle), dy: a.dy + radius * sine(angle) / unit)
                let place = Place(edge, pretilt: pretilt)
                for other in tilts.map({ Degrees($0) }) {
                    let (p, q) = (place.seen(at: other), centres[1].seen(at: other))
                    if (p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y) < beam * beam / 4 { return true }
                }
            }
        }
        return false
    }

    @Test(arguments: [-85.0, -20, 0, 45, 85], [40.0, 60])
    func noTwoBeamsOfASelectionOverlapAtAnyTilt(tiltAxis: Double, maximum: Double) throws {
        let geometry = SampleMaps.geometry(tiltAxis: tiltAxis)
        var settings = TargetSettings()
        settings.targetClasses = ["cell"]
        settings.sparse = false
        settings.scoreThreshold = 0.3
        settings.maximumTilt = Degrees(maximum)
        settings.imageShiftLimit = Micrometers(6)
        let areas = try TargetSelection.select(
            labels: SampleMaps.lamella(seed: 4, width: 500, height: 400), classes: SampleMaps.classes,
            geometry: geometry, settings: settings)
        let positions = areas.flatMap(\.targets).map { geometry.specimenShift(from: .origin, to: $0.position) }
        #expect(positions.count > 3)
        let tilts = Array(stride(from: -maximum, through: maximum, by: maximum / 3))
        for (i, a) in positions.enumerated() {
            for b in positions[(i + 1)...] where (a - b).length < 2 * 1.2 / cosine(Degrees(maximum)) {
                #expect(!overlap(a, b, beam: 1.2, pretilt: .zero, tilts: tilts))
            }
        }
    }

    @Test(arguments: [-15.0, -8, 0, 10], [(-60.0, 60.0), (-51, 69), (-40, 60)])
    func onAnInclinedPlaneTheSpacingIsJustEnough(pretilt: Double, range: (Double, Double)) {
        let plane = TiltedPlane(pretilt: Degrees(pretilt), tilts: Degrees(range.0) ... Degrees(range.1))
        let tilts = (0 ... 12).map { range.0 + (range.1 - range.0) * Double($0) / 12 }
        var random = RandomSource(seed: 8)
        for _ in 0 ..< 6 {
            let angle = Degrees(random.uniform(0 ... 360))
            let start = Vector<Frame.Specimen>(dx: random.uniform(-5 ... 5), dy: random.uniform(-5 ... 5))
            // One beam of 1.2 um apart in the plane squeezed by the smallest shrinkage.
            func other(_ distance: Double) -> Vector<Frame.Specimen> {
                start + Vector(dx: distance * cosine(angle), dy: distance * sine(angle) / plane.smallestShrinkage)
            }
            #expect(!overlap(start, other(1.2), beam: 1.2, pretilt: Degrees(pretilt), tilts: tilts))
            #expect(overlap(start, other(1.17), beam: 1.2, pretilt: Degrees(pretilt), tilts: tilts))
        }
    }

    @Test(arguments: [-15.0, -10, 0, 12, 15], [0.0, 25, -70])
    func shiftsThatGrowWithTheTiltStayWithinTheLimit(pretilt: Double, direction: Double) {
        // The plane may be inclined in any direction: its rotation turns the pretilt towards the axis.
        for limit in [0.5, 6, 15, 19.5, 40] {
            let settings = TargetSettings(imageShiftLimit: Micrometers(limit))
            let reach = settings.imageShiftReach.value
            for step in 0 ..< 72 {
                let shift = Vector<Frame.Specimen>(
                    dx: reach * cosine(Degrees(Double(step) * 5)), dy: reach * sine(Degrees(Double(step) * 5)))
                let height = -PACEtomoPlane.defocus(at: shift, pretilt: Degrees(pretilt), rotation: Degrees(direction))
                for tilt in stride(from: -70.0, through: 70, by: 5) {
                    let y = shift.dy * cosine(Degrees(tilt)) + height * sine(Degrees(tilt))
                    #expect((shift.dx * shift.dx + y * y).squareRoot() <= min(limit, 19.5))
                }
            }
            #expect(reach > 0.9 * min(limit, 19.5))
        }
    }
}
