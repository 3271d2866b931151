import Geometry
import Raster
import Testing
import Units

@testable import Targets

struct CoverageTests {
    @Test(arguments: 0 ..< 12) func whatIsReportedIsACountOfPixels(_ seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed))
        let labels = SampleMaps.lamella(seed: UInt64(seed), width: 300, height: 240)
        let classes = SampleMaps.classes
        let geometry = SampleMaps.geometry()
        let settings = TargetSettings(targetClasses: seed % 2 == 0 ? ["lamella"] : ["mitos"])
        let wanted = try settings.resolved(in: classes).target
        // Anywhere, also over the border and over each other.
        let targets = (0 ..< seed).map { _ in
            Target(position: Point(x: random.uniform() * 340 - 20, y: random.uniform() * 280 - 20), score: 0)
        }
        let coverage = try TargetSelection.coverage(
            of: targets, labels: labels, classes: classes, geometry: geometry, settings: settings)
        let (columns, rows) = geometry.window
        var seen = [Bool](repeating: false, count: labels.pixels.count)
        for (target, share) in zip(targets, coverage.fields) {
            let left = Int((target.position.x - Double(columns) / 2).rounded())
            let top = Int((target.position.y - Double(rows) / 2).rounded())
            var count = 0
            for pixel in labels.pixels.indices where wanted[Int(labels.pixels[pixel])] {
                let (x, y) = (pixel % 300 - left, pixel / 300 - top)
                guard x >= 0, y >= 0, x < columns, y < rows else { continue }
                count += 1
                seen[pixel] = true
            }
            #expect(abs(share - Double(count) / Double(columns * rows)) < 1e-12)
        }
        let all = labels.pixels.count { wanted[Int($0)] }
        #expect(coverage.fields.count == targets.count)
        #expect(abs(coverage.wanted - Double(seen.count { $0 }) / Double(all)) < 1e-12)
    }

    @Test func aSelectionReportsWhatItSees() throws {
        let labels = SampleMaps.lamella(seed: 4)
        let settings = TargetSettings(targetClasses: ["lamella"], sparse: false)
        let geometry = SampleMaps.geometry()
        let selection = try TargetSelection.selection(labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: settings)
        let targets = selection.areas.flatMap(\.targets)
        let coverage = try TargetSelection.coverage(of: targets, labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: settings)
        #expect(selection.report.coverage == coverage && coverage.wanted > 0.05 && coverage.fields.count == targets.count)
        let exposures = PlannedExposures(selection.areas, geometry: geometry, plane: TiltedPlane(tilts: Degrees(-60) ... Degrees(60)))
        let report = TargetReport(exposures, geometry: geometry, settings: settings, coverage: coverage)
        #expect(abs((report.covered ?? 0) - coverage.wanted) < 1e-4)
        #expect(report.areas.flatMap(\.targets).map(\.covered) == coverage.fields.map { ($0 * 1e4).rounded() / 1e4 })
    }
}
