import Geometry
import Raster
import Testing
import Units

@testable import Targets

struct PackingTests {
    /// Cells may only make the search for neighbours faster.
    @Test(arguments: [3.0, 20, 90, 1000], [0.0, 30, 75]) func whatIsFreeIsFreeOfAllThatAreChosen(_ spacing: Double, _ tilt: Double) {
        var random = RandomSource(seed: UInt64(spacing + tilt))
        let runs = LabelRuns(Raster(width: 220, height: 160, filledWith: 0))
        let field = PlacementField(
            labels: Raster(width: 220, height: 160, filledWith: 0), runs: runs,
            classes: ResolvedClasses(names: ["a"], target: [true], avoided: [false], solid: [true], weights: [1]),
            scores: ScoreMap(runs, worth: [1], gaps: nil, columns: 10, rows: 8),
            plane: SqueezedPlane(tiltAxisAngle: Degrees(33), maximumTilt: Degrees(tilt)), spacing: spacing, threshold: 0, edge: nil,
            avoided: nil, swept: nil)
        func site() -> PlacementField.Site? { field.site(at: Point(x: random.uniform() * 220, y: random.uniform() * 160)) }
        var packing = Packing(field)
        for _ in 0 ..< 400 {
            guard let site = site() else { continue }
            let isFree = packing.sites.allSatisfy { $0.distance(to: site) >= spacing - 1e-9 }
            #expect(packing.isFree(site) == isFree)
            packing.appendIfFree(site)
            guard let moved = self.moved(packing, &random, field) else { continue }
            let others = packing.sites.indices.filter { $0 != moved.index }.map { packing.sites[$0] }
            let mayMove = others.allSatisfy { $0.distance(to: moved.site) >= spacing - 1e-9 }
            #expect(packing.isFree(moved.site, leavingOut: moved.index) == mayMove)
            if mayMove { packing.move(moved.index, to: moved.site) }
        }
        #expect(!packing.sites.isEmpty)
        for (i, a) in packing.sites.enumerated() {
            for b in packing.sites[..<i] { #expect(a.distance(to: b) >= spacing - 1e-9) }
        }
    }

    private func moved(_ packing: Packing, _ random: inout RandomSource, _ field: PlacementField) -> (index: Int, site: PlacementField.Site)? {
        guard !packing.sites.isEmpty else { return nil }
        let index = Int(random.uniform() * Double(packing.sites.count))
        let place = packing.sites[index].position + Vector(dx: random.uniform() * 60 - 30, dy: random.uniform() * 60 - 30)
        return field.site(at: place).map { (index, $0) }
    }
}
