import Foundation
import Geometry
import Raster
import Targets
import Testing
import Units

struct PreExposureTests {
    let plane = TiltedPlane(pretilt: Degrees(10), tilts: Degrees(-60) ... Degrees(60))

    /// Areas as carelessly placed as people might: fields, beams and geo points lie on one another.
    func areas(random: inout RandomSource) -> [TargetArea] {
        func place() -> Point<Frame.MapPixels> { Point(x: random.uniform(100 ... 350), y: random.uniform(100 ... 300)) }
        return (0 ..< 3).map { _ in
            TargetArea(targets: (0 ..< 4).map { _ in Target(position: place(), score: 1) }, geoPoints: (0 ..< 3).map { _ in place() })
        }
    }

    /// The share of a field's points that a beam lights: counted on a raster of 160 x 160.
    func counted(
        of target: Target, geometry: LamellaGeometry, in discs: [(centre: Point<Frame.MapPixels>, radius: Double, stretch: Double)]
    ) -> Double {
        let (width, height) = (936.0 / geometry.mapPixelSize.value, 666.0 / geometry.mapPixelSize.value)
        var lit = 0
        for i in 0 ..< 160 {
            for j in 0 ..< 160 {
                let place = Point<Frame.MapPixels>(
                    x: target.position.x + ((Double(i) + 0.5) / 160 - 0.5) * width,
                    y: target.position.y + ((Double(j) + 0.5) / 160 - 0.5) * height)
                let isLit = discs.contains { disc in
                    // Specimen x lies along the axis.
                    let shift = geometry.specimenShift(from: disc.centre, to: place)
                    return (shift.dx * shift.dx + shift.dy * shift.dy / (disc.stretch * disc.stretch)).squareRoot() < disc.radius
                }
                if isLit { lit += 1 }
            }
        }
        return Double(lit) / 25_600
    }

    @Test(arguments: UInt64(1) ... 4) func sharesAreWhatAPixelCountFinds(seed: UInt64) {
        var random = RandomSource(seed: seed)
        let geometry = SampleMaps.geometry(tiltAxis: random.uniform(-90 ... 90))
        let areas = areas(random: &random)
        let exposures = PlannedExposures(
            areas, geometry: geometry, plane: plane, startTilt: Degrees(-10), viewBeam: Micrometers(3.5))
        // Edge of the range and first tilt, from the angles on the plane: cos 70 / cos 10 and cos 0 / cos 10.
        let (steep, start) = (cosine(Degrees(10)) / cosine(Degrees(70)), cosine(Degrees(10)))
        for (a, shares) in exposures.preExposures().enumerated() {
            for (t, share) in shares.enumerated() {
                let target = areas[a].targets[t]
                let series = areas[..<a].flatMap(\.targets).map { ($0.position, 0.6, steep) }
                    + areas[a].targets[..<t].map { ($0.position, 0.6, start) }
                let focus = areas[...a].flatMap(\.geoPoints).map { ($0, 0.6, 1.0) }
                let preview = areas[...a].map { ($0.targets[0].position, 0.6, 1.0) }
                let view = areas[...a].map { ($0.targets[0].position, 1.75, 1.0) }
                func check(_ value: Double, _ discs: [(Point<Frame.MapPixels>, Double, Double)]) {
                    #expect(abs(value - counted(of: target, geometry: geometry, in: discs)) < 0.006)
                }
                check(share.targets, series)
                check(share.geoPoints, focus)
                check(share.preview, preview)
                check(share.record, series + focus + preview)
                check(share.view ?? -1, view)
            }
        }
    }

    @Test func inASelectionOnlyTheTrackingTargetIsExposedBefore() throws {
        let geometry = SampleMaps.geometry(tiltAxis: 20)
        var settings = TargetSettings(targetClasses: ["cell"], scoreThreshold: 0.3, sparse: false)
        settings.imageShiftLimit = Micrometers(5)
        let areas = try TargetSelection.select(
            labels: SampleMaps.lamella(seed: 6), classes: SampleMaps.classes, geometry: geometry, settings: settings)
        #expect(areas.count > 1)
        let exposures = PlannedExposures(
            areas, geometry: geometry, plane: TiltedPlane(tilts: Degrees(-60) ... Degrees(60)), viewBeam: Micrometers(30))
        let shares = exposures.preExposures()
        for share in shares.flatMap({ $0 }) {
            #expect(share.targets == 0 && share.geoPoints == 0)
            #expect(share.view == 1)
        }
        #expect(shares.allSatisfy { $0[0].preview > 0.95 })
        #expect(shares.flatMap { $0.dropFirst() }.allSatisfy { $0.record == 0 })
    }

    @Test func theReportGivesTheFiguresOfEachArea() throws {
        let geometry = SampleMaps.geometry()
        let settings = TargetSettings(seed: 7)
        // 50 px are 1 um.
        let area = TargetArea(
            targets: [(300.0, 300.0), (400, 300), (400, 400), (300, 400)].map { Target(position: Point(x: $0.0, y: $0.1), score: 0.5) },
            geoPoints: [Point(x: 200, y: 200), Point(x: 500, y: 200), Point(x: 200, y: 500)])
        let report = TargetReport(
            PlannedExposures([area], geometry: geometry, plane: plane), geometry: geometry, settings: settings)
        #expect(report.seed == 7)
        let first = try #require(report.areas.first)
        #expect(first.shiftPath == 8)
        #expect(abs(first.largestShift - 20.0.squareRoot()) < 1e-4)
        #expect(first.targets.map(\.shift) == [0, 2, 2.8284, 2])
        #expect(first.geoPoints == 3)
        // Three corners of a square of 6 um have moments of 24, 24 and -12: the smaller singular value is sqrt 12.
        #expect(first.planeError == 1.6535)
        let text = String(decoding: try report.data(), as: UTF8.self)
        for key in ["target_seed", "image_shift_reach", "largest_image_shift", "image_shift_path", "plane_error", "pre_exposed", "by_targets", "by_geo_points", "by_preview", "by_record_beam"] {
            #expect(text.contains("\"\(key)\""))
        }
    }
}
