import Geometry
import Raster
import Targets
import Testing
import Units

struct TargetEditorTests {
    private let geometry = SampleMaps.geometry()
    private let classes = SampleMaps.classes

    private func editor(
        _ labels: Raster<UInt8>? = nil, acquired: Raster<Bool>? = nil, _ change: (inout TargetSettings) -> Void = { _ in }
    ) throws -> TargetEditor {
        try TargetEditor(
            labels: labels ?? Raster(width: 900, height: 640, filledWith: 0), classes: classes, acquired: acquired, geometry: geometry,
            settings: TargetSelectionTests.with(TargetSettings(), change))
    }

    private func message(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "nothing is wrong"
        } catch {
            return "\(error)"
        }
    }

    private func place(_ x: Double, _ y: Double) -> Point<Frame.MapPixels> { Point(x: x, y: y) }
    private func reference(_ area: Int, _ target: Int) -> TargetReference { TargetReference(area: area, target: target) }

    @Test func aTargetJoinsTheAreaThatIsTrackedNearest() throws {
        let editor = try editor()
        var areas = try editor.adding(place(100, 100), in: [])
        areas = try editor.adding(place(800, 100), to: .new, in: areas)
        areas = try editor.adding(place(600, 400), in: areas)
        areas = try editor.adding(place(300, 400), in: areas)
        #expect(areas.map { $0.targets.map(\.position) } == [[place(100, 100), place(300, 400)], [place(800, 100), place(600, 400)]])
        #expect(areas.flatMap(\.targets).allSatisfy { $0.score == 100 && $0.lowDoseArea == .record })
    }

    @Test func whatIsWrongIsSaidInOneSentence() throws {
        let editor = try editor { $0.imageShiftLimit = Micrometers(8) }
        let areas = [TargetArea(targets: [Target(position: place(100, 100), score: 1)], geoPoints: [place(200, 300)])]
        #expect(
            message { try editor.adding(place(10, 100), in: areas) }
                == "The field of view at (10, 100) would leave the acquired part of the map: move it inwards.")
        #expect(message { try editor.adding(place(-5, .nan), in: areas) } == "(-5, nan) is not on the map of 900 x 640 pixels.")
        #expect(
            message { try editor.adding(place(150, 100), in: areas) }
                == "The beam at (150, 100) would meet that of target 1 of area 1 at a tilt of 60 degrees: keep 1.20 µm away along the tilt axis or 2.40 µm across.")
        #expect(
            message { try editor.adding(place(130, 100), spacing: .fields, in: areas) }
                == "The beam at (130, 100) would reach into the field of view of target 1 of area 1, or that one's into its own: keep farther away.")
        #expect(
            message { try editor.adding(place(210, 300), in: areas) }
                == "Geo point 1 of area 1 would be measured inside of the field of view at (210, 300): delete or move it first.")
        #expect(
            message { try editor.adding(place(800, 100), in: areas) }
                == "Target 2 of area 1 would be 14.00 µm from its tracking target, beyond the image-shift limit of 8 µm: put it into another area.")
        #expect(message { try editor.adding(place(300, 100), to: .area(3), in: areas) } == "There is no area 4: there are 1.")
        #expect(message { try editor.deleting(reference(0, 2), in: areas) } == "There is no target 3 of area 1: the areas have 1 targets.")
        #expect(message { try editor.deleting(reference(0, 0), in: []) } == "There is no target 1 of area 1: the areas have no targets.")
        #expect(message { try editor.deletingGeoPoint(1, ofArea: 0, in: areas) } == "There is no geo point 2 of area 1.")
        #expect(
            message { try editor.addingGeoPoint(place(100, 140), toArea: 0, in: areas) }
                == "The geo point at (100, 140) would be measured inside of the field of view of target 1 of area 1: keep farther away.")
        #expect(
            message { try editor.addingGeoPoint(place(205, 300), toArea: 0, in: areas) }
                == "The geo point at (205, 300) would lie beside geo point 1, which tells the same: keep farther away.")
        #expect(
            message { try editor.addingGeoPoint(place(800, 100), toArea: 0, in: areas) }
                == "The geo point at (800, 100) would be 14.00 µm from its tracking target, beyond the image-shift limit of 8 µm: put it into another area.")
        #expect(
            message { try editor.suggestions(.holes(Vector(dx: 10, dy: 0), Vector(dx: 20, dy: 0)), in: areas) }
                == "The vectors (10.0, 0.0) and (20.0, 0.0) make no pattern: name two from one place to its neighbours, in pixels.")
        #expect(
            message { try editor.suggestions(.holes(Vector(dx: 100, dy: 0), Vector(dx: 0, dy: 100)), in: []) }
                == "A hole pattern begins with a target: set the first one on a hole.")
    }

    @Test func targetsThatAreNotRecordedMayLieAnywhereOnTheMap() throws {
        let editor = try editor()
        var areas = try editor.adding(place(100, 100), in: [])
        areas = try editor.adding(place(101, 100), lowDoseArea: .view, in: areas)
        areas = try editor.adding(place(2, 2), lowDoseArea: .search, in: areas)
        #expect(areas[0].targets.map(\.lowDoseArea) == [.record, .view, .search])
        #expect(throws: TargetsError.self) { try editor.imaging(reference(0, 1), in: .record, of: areas) }
        areas = try editor.moving(reference(0, 1), to: place(300, 300), in: areas)
        #expect(try editor.imaging(reference(0, 1), in: .record, of: areas)[0].targets[1].lowDoseArea == .record)
    }

    @Test func withoutItsTrackingTargetAnAreaIsTrackedOnTheMostCentral() throws {
        let editor = try editor { $0.imageShiftLimit = Micrometers(9) }
        var areas = try editor.adding(place(400, 100), in: [])
        for x in [100.0, 250, 550, 700] { areas = try editor.adding(place(x, 400), to: .area(0), in: areas) }
        // At most 8.5 um from the first to the others, and 9 um or more from each of those to the farthest.
        let left = try editor.deleting(reference(0, 1), in: areas)
        #expect(left[0].targets[0].position == place(400, 100))
        #expect(
            message { try editor.deleting(reference(0, 0), in: areas) }
                == "Without its tracking target area 1 has none that reaches all others within the image-shift limit: split the area first.")
        let wide = try self.editor { $0.imageShiftLimit = Micrometers(12) }
        #expect(try wide.deleting(reference(0, 0), in: areas)[0].targets.map(\.position.x) == [250, 100, 550, 700])
        #expect(try wide.deleting(reference(0, 0), in: wide.adding(place(400, 100), in: [])).isEmpty)
    }

    @Test func aTargetThatMovesToAnotherAreaLeavesItsOwn() throws {
        let editor = try editor()
        let two = [
            TargetArea(targets: [Target(position: place(100, 100), score: 0.5), Target(position: place(400, 100), score: 0.4)]),
            TargetArea(targets: [Target(position: place(700, 100), score: 0.3)]),
        ]
        let moved = try editor.transferring(reference(0, 1), to: .area(1), in: two)
        #expect(moved.map { $0.targets.map(\.score) } == [[0.5], [0.3, 0.4]])
        #expect(try editor.transferring(reference(0, 0), to: .new, in: two).map { $0.targets.map(\.score) } == [[0.4], [0.3], [0.5]])
        #expect(try editor.transferring(reference(1, 0), to: .area(0), in: two).map { $0.targets.map(\.score) } == [[0.5, 0.4, 0.3]])
        #expect(try editor.transferring(reference(1, 0), to: .new, in: two) == two)
        #expect(try editor.makingTracking(reference(0, 1), in: two)[0].targets.map(\.score) == [0.4, 0.5])
    }

    @Test(arguments: 0 ..< 4) func anOptimisedTargetScoresMoreAndNoNeighbourBettersIt(seed: UInt64) throws {
        let labels = SampleMaps.lamella(seed: seed)
        let editor = try editor(labels) { $0.targetClasses = ["cell"] }
        var random = RandomSource(seed: seed)
        for _ in 0 ..< 10 {
            let start = place(random.uniform(100 ... 800), random.uniform(100 ... 540))
            let areas = try editor.adding(start, in: [])
            let found = try editor.optimising(reference(0, 0), in: areas)[0].targets[0]
            guard found.position != start else { continue }
            #expect(found.score >= editor.score(at: start) && found.score == editor.score(at: found.position))
            #expect(abs(found.position.x - start.x) <= 93 && abs(found.position.y - start.y) <= 93)
            for (dx, dy) in [(1.0, 0.0), (-1, 0), (0, 1), (0, -1)] {
                #expect(editor.score(at: found.position + Vector(dx: dx, dy: dy)) <= found.score + 1e-6)
            }
        }
    }

    @Test func anOptimisedTargetKeepsItsDistance() throws {
        // All is equally good but for one place, which another target holds.
        var labels = Raster<UInt8>(width: 500, height: 300, filledWith: 0)
        for y in 140 ..< 160 { for x in 240 ..< 260 { labels[x, y] = 7 } }
        let editor = try editor(labels)
        let areas = try editor.adding(place(330, 150), in: editor.adding(place(250, 150), in: []))
        let target = try editor.optimising(reference(0, 1), in: areas)[0].targets[1]
        #expect(target.position.distance(to: place(250, 150)) > 59)
    }
}
