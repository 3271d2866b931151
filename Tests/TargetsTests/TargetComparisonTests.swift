import Geometry
import Targets
import Testing
import Units

struct TargetComparisonTests {
    private let geometry = SampleMaps.geometry()

    private func area(_ places: [(Double, Double)]) -> TargetArea {
        TargetArea(targets: places.map { Target(position: Point(x: $0.0, y: $0.1), score: 1) })
    }

    private func compare(_ before: [TargetArea], _ after: [TargetArea]) -> [TargetComparison.Entry] {
        TargetComparison(before: before, after: after, geometry: geometry, within: Micrometers(0.6)).entries
    }

    @Test func aSelectionIsWhatItIs() {
        let areas = [area([(100, 100), (200, 100)]), area([(500, 300)])]
        #expect(compare(areas, areas).allSatisfy { $0.before == $0.after && $0.distance == .zero })
        #expect(compare([], []).isEmpty)
    }

    @Test func targetsThatMovedVanishedOrCame() {
        // 20 nm per pixel: 10 px are 0.2 um, 31 px more than half a beam.
        let entries = compare([area([(100, 100), (200, 100), (300, 100)])], [area([(331, 100), (210, 100)]), area([(100, 100)])])
        let reference = { TargetReference(area: $0, target: $1) }
        #expect(entries.map(\.before) == [reference(0, 0), reference(0, 1), reference(0, 2), nil])
        #expect(entries.map(\.after) == [reference(1, 0), reference(0, 1), nil, reference(0, 0)])
        #expect(entries.map { $0.distance.map { ($0.value * 1000).rounded() } } == [0, 200, nil, nil])
    }

    @Test func theNearestPairIsOneTarget() {
        let entries = compare([area([(100, 100), (120, 100)])], [area([(118, 100)])])
        #expect(entries.map(\.after) == [nil, TargetReference(area: 0, target: 0)])
    }
}
