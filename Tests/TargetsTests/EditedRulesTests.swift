import Geometry
import Raster
import Targets
import Testing
import Units

/// People do things in any order; whatever they are allowed to do, the rules hold afterwards.
struct EditedRulesTests {
    @Test(arguments: 0 ..< 16) func noSequenceOfEditsBreaksARule(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let labels = SampleMaps.lamella(seed: seed, width: 420, height: 330)
        var acquired = labels.map { _ in true }
        for y in 0 ..< 330 { for x in 0 ..< 60 where seed % 3 == 0 { acquired[x, y] = false } }
        let geometry = SampleMaps.geometry(tiltAxis: random.uniform(-90 ... 90))
        let settings = TargetSettings(
            targetClasses: ["cell"], sparse: false, maximumTilt: Degrees(random.uniform(0 ... 70)), imageShiftLimit: Micrometers(random.uniform(2 ... 6)))
        let editor = try TargetEditor(labels: labels, classes: SampleMaps.classes, acquired: acquired, geometry: geometry, settings: settings)
        // Half of the cases begin with a selection, the others with nothing.
        var areas =
            seed % 2 == 0
            ? [] : try TargetSelection.select(labels: labels, classes: SampleMaps.classes, acquired: acquired, geometry: geometry, settings: settings)
        var done = 0
        for _ in 0 ..< 80 {
            guard let changed = try? edit(areas, with: editor, random: &random) else { continue }
            if changed != areas { done += 1 }
            areas = changed
            check(areas, geometry: geometry, settings: settings, acquired: acquired)
        }
        #expect(done >= 10)
    }

    private func edit(_ areas: [TargetArea], with editor: TargetEditor, random: inout RandomSource) throws -> [TargetArea] {
        let place = Point<Frame.MapPixels>(x: random.uniform(-10 ... 430), y: random.uniform(-10 ... 340))
        let area = Int(random.uniform() * Double(areas.count + 1))
        let count = areas.indices.contains(area) ? areas[area].targets.count : 1
        let reference = TargetReference(area: area, target: Int(random.uniform() * Double(count)))
        let destination: TargetDestination = random.uniform() < 0.3 ? .new : random.uniform() < 0.6 ? .nearest : .area(Int(random.uniform() * 4))
        switch Int(random.uniform() * 11) {
        case 0, 1, 2: return try editor.adding(place, to: destination, in: areas)
        case 3: return try editor.adding(place, lowDoseArea: .view, to: destination, in: areas)
        case 4: return try editor.moving(reference, to: place, in: areas)
        case 5: return try editor.deleting(reference, in: areas)
        case 6: return try editor.makingTracking(reference, in: areas)
        case 7: return try editor.transferring(reference, to: destination, in: areas)
        case 8: return try editor.imaging(reference, in: random.uniform() < 0.7 ? .record : .search, of: areas)
        case 9: return try editor.addingGeoPoint(place, toArea: area, in: areas)
        default:
            if random.uniform() < 0.2 { return try editor.optimising(reference, in: areas) }
            return editor.accepting([place], spacing: .beams, in: areas)
        }
    }

    private func check(_ areas: [TargetArea], geometry: LamellaGeometry, settings: TargetSettings, acquired: Raster<Bool>) {
        #expect(areas.allSatisfy { !$0.targets.isEmpty })
        let recorded = areas.map { TargetArea(targets: $0.targets.filter { $0.lowDoseArea == .record }) }
        #expect(SampleMaps.closestApproach(recorded, geometry: geometry, maximumTilt: settings.maximumTilt) >= 1)
        for area in areas {
            for position in area.targets.map(\.position) + area.geoPoints {
                #expect(geometry.specimenShift(from: area.targets[0].position, to: position).length <= settings.imageShiftLimit.value)
                #expect(position.x >= 0 && position.y >= 0 && position.x < 420 && position.y < 330)
            }
            // The field has 46 x 33 pixels.
            for position in recorded.flatMap(\.targets).map(\.position) {
                #expect(position.x >= 23 && position.x <= 397 && position.y >= 16.5 && position.y <= 313.5)
                #expect(acquired[0, 0] || position.x >= 60 + 22.5)
                for point in area.geoPoints {
                    let dx = max(0, abs(point.x - position.x) - 23), dy = max(0, abs(point.y - position.y) - 16.5)
                    // A beam of 1.2 um has a radius of 30 pixels.
                    #expect((dx * dx + dy * dy).squareRoot() >= 30)
                }
            }
        }
    }

    // MARK: Patterns

    /// Whether a beam's footprint at the largest tilt touches a field, by points on its outline.
    private func touches(_ beam: Point<Frame.MapPixels>, _ field: Point<Frame.MapPixels>, geometry: LamellaGeometry, tilt: Degrees) -> Bool {
        let axis = Vector<Frame.MapPixels>(dx: -sine(geometry.tiltAxisAngle), dy: cosine(geometry.tiltAxisAngle))
        let across = Vector<Frame.MapPixels>(dx: axis.dy, dy: -axis.dx)
        return (0 ..< 90).contains { step in
            let angle = Degrees(4 * Double(step))
            let p = beam + (30 * cosine(angle)) * axis + (30 / cosine(tilt) * sine(angle)) * across
            return abs(p.x - field.x) < 23 && abs(p.y - field.y) < 16.5
        }
    }

    @Test(arguments: [0, 85, 90, -60, 45], [0.0, 40, 60]) func noBeamOfADensePatternEntersAField(axis: Double, tilt: Double) throws {
        let geometry = SampleMaps.geometry(tiltAxis: axis)
        let settings = TargetSettings(maximumTilt: Degrees(tilt), imageShiftLimit: Micrometers(4))
        let editor = try TargetEditor(
            labels: Raster(width: 600, height: 500, filledWith: 0), classes: SampleMaps.classes, geometry: geometry, settings: settings)
        let places = try editor.suggestions(.dense(margin: nil), in: [])
        #expect(places.first == Point(x: 300, y: 250))
        for (index, a) in places.enumerated() {
            for b in places[..<index] where a.distance(to: b) < 90 / cosine(settings.maximumTilt) {
                #expect(!touches(a, b, geometry: geometry, tilt: settings.maximumTilt))
                #expect(!touches(b, a, geometry: geometry, tilt: settings.maximumTilt))
            }
        }
        // Denser than beams that keep apart, which need (sqrt 3)/2 D^2 / cos(tilt), where the field lies along the axis.
        let beams = 0.866 * 60 * 60 / cosine(Degrees(tilt))
        if tilt == 60, axis != 45, axis != -60 { #expect(Double(places.count) * beams > 1.05 * Double(600 - 46) * Double(500 - 33)) }
        let areas = editor.accepting(places, in: [])
        #expect(areas.flatMap(\.targets).count == places.count)
        #expect(areas.count > 1)
        #expect(try editor.suggestions(.dense(margin: nil), in: areas).isEmpty)
    }

    @Test func theSpacingOfADensePatternIsThatOfTheField() throws {
        // Axis along the columns of the map: D = 60 px, field 46 x 33, tilt 60, margin 5 %.
        let editor = try TargetEditor(
            labels: Raster(width: 900, height: 900, filledWith: 0), classes: SampleMaps.classes, geometry: SampleMaps.geometry(tiltAxis: 90),
            settings: TargetSettings())
        let places = try editor.suggestions(.dense(margin: nil), in: [])
        let steps = places.dropFirst().map { $0 - places[0] }
        #expect(steps.contains { abs(abs($0.dx) - (60 + 46) / 2 - 3) < 0.05 && abs($0.dy) < 0.05 })
        #expect(steps.contains { abs(abs($0.dx) - ((60 + 46) / 2 + 3) / 2) < 0.05 && abs(abs($0.dy) - (120 + 33) / 2 - 3) < 0.05 })
    }

    @Test func holesContinueFromTheFirstTargetInsideOfPolygons() throws {
        let editor = try TargetEditor(
            labels: Raster(width: 800, height: 600, filledWith: 0), classes: SampleMaps.classes, geometry: SampleMaps.geometry(),
            settings: TargetSettings(imageShiftLimit: Micrometers(30)))
        let a = Vector<Frame.MapPixels>(dx: 130, dy: 12)
        let b = Vector<Frame.MapPixels>(dx: -12, dy: 130)
        let first = Point<Frame.MapPixels>(x: 333, y: 222)
        let areas = try editor.adding(first, in: [])
        let all = try editor.suggestions(.holes(a, b), in: areas)
        #expect(all.count >= 15 && !all.contains(first))
        let inverse = try #require(LinearMap<Frame.MapPixels, Frame.MapPixels>(xpx: a.dx, xpy: b.dx, ypx: a.dy, ypy: b.dy).inverse)
        for place in all {
            let steps = inverse(place - first)
            #expect(abs(steps.dx - steps.dx.rounded()) < 1e-9 && abs(steps.dy - steps.dy.rounded()) < 1e-9)
        }
        let polygon = Polygon<Frame.MapPixels>([Point(x: 200, y: 100), Point(x: 700, y: 100), Point(x: 700, y: 400), Point(x: 200, y: 400)])
        let some = try editor.suggestions(.holes(a, b), inside: [polygon], in: areas)
        #expect(some == all.filter(polygon.contains) && !some.isEmpty && some.count < all.count)
        // One by one or all at once.
        let one = try editor.adding(some[0], spacing: .fields, in: areas)
        #expect(try editor.suggestions(.holes(a, b), inside: [polygon], in: one) == Array(some.dropFirst()))
        #expect(editor.accepting(some, in: areas).flatMap(\.targets).count == some.count + 1)
    }
}
