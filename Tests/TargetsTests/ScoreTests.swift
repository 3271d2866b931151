import Foundation
import Geometry
import Raster
import Testing
import Units

@testable import Targets

struct ScoreTests {
    /// The definition, written out.
    static func score(_ labels: Raster<UInt8>, worth: [Double], x: Int, y: Int, columns: Int, rows: Int) -> Double {
        let sigma = max(0.5, Double(max(columns, rows) / 2))
        var (sum, weights) = (0.0, 0.0)
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                let (dx, dy) = (Double(column) - Double(columns - 1) / 2, Double(row) - Double(rows - 1) / 2)
                let weight = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
                weights += weight
                sum += weight * worth[Int(labels[x + column, y + row])]
            }
        }
        return sum / weights
    }

    @Test(arguments: 0 ..< 20) func everyFieldScoresAsDefinedAndGapsForbidIt(_ seed: Int) {
        var random = RandomSource(seed: UInt64(seed))
        let (columns, rows) = (1 + Int(random.uniform() * 9), 1 + Int(random.uniform() * 9))
        var labels = Raster<UInt8>(width: 24, height: 19, filledWith: 0)
        // Runs as well as single pixels.
        var label: UInt8 = 0
        for i in labels.pixels.indices {
            if random.uniform() < 0.3 { label = UInt8(random.uniform() * 3) }
            labels.pixels[i] = label
        }
        var acquired = Raster<Bool>(width: 24, height: 19, filledWith: true)
        for _ in 0 ..< seed % 3 { acquired[Int(random.uniform() * 24), Int(random.uniform() * 19)] = false }
        let worth = [0, 1, -0.3]
        let map = ScoreMap(LabelRuns(labels), worth: worth, gaps: PixelRuns(gapsOf: acquired), columns: columns, rows: rows)
        for pitch in 1 ... 4 {
            let raster = map.raster(pitch: pitch)
            #expect(raster.width == (map.width + pitch - 1) / pitch && raster.height == (map.height + pitch - 1) / pitch)
            for row in 0 ..< raster.height {
                for column in 0 ..< raster.width {
                    let (x, y) = (column * pitch, row * pitch)
                    let hasGap = (0 ..< columns * rows).contains { !acquired[x + $0 % columns, y + $0 / columns] }
                    if hasGap {
                        #expect(raster[column, row] == -.infinity && map.value(x: x, y: y) == -.infinity)
                    } else {
                        let exact = Self.score(labels, worth: worth, x: x, y: y, columns: columns, rows: rows)
                        #expect(abs(Double(raster[column, row]) - exact) < 1e-5)
                        #expect(abs(map.value(x: x, y: y) - exact) < 1e-12)
                    }
                }
            }
        }
    }

    @Test(arguments: 0 ..< 20) func avoidedPixelsInTheCircleAboutACentreAreSeen(_ seed: Int) {
        var random = RandomSource(seed: UInt64(seed))
        let (columns, rows) = (1 + Int(random.uniform() * 12), 1 + Int(random.uniform() * 12))
        var labels = Raster<UInt8>(width: 31, height: 23, filledWith: 0)
        for _ in 0 ..< seed % 6 { labels[Int(random.uniform() * 31), Int(random.uniform() * 23)] = UInt8(1 + random.uniform() * 2) }
        let surroundings = AvoidedSurroundings(LabelRuns(labels), avoided: [false, true, true], columns: columns, rows: rows)
        let radius = min(columns, rows) / 2
        for row in 0 ..< 23 {
            func isTouched(_ column: Int) -> Bool {
                (0 ..< 31 * 23).contains { pixel in
                    let (dx, dy) = (pixel % 31 - column, pixel / 31 - row)
                    return labels.pixels[pixel] > 0 && dx * dx + dy * dy <= radius * radius
                }
            }
            for column in 0 ..< 31 {
                #expect(surroundings.touch(Point(x: Double(column) + 0.5, y: Double(row))) == isTouched(column))
            }
            for pitch in 1 ... 3 {
                let count = (31 - 2 + pitch - 1) / pitch
                #expect(surroundings.touch(row: row, first: 2, pitch: pitch, count: count) == (0 ..< count).map { isTouched(2 + $0 * pitch) })
            }
        }
    }

    @Test func withoutTiltTheSweptPenaltyIsThatOfTheField() {
        let labels = SampleMaps.lamella(seed: 2, width: 300, height: 240)
        let avoided = SampleMaps.classes.map { ["white", "black", "crack", "ice"].contains($0) }
        let plane = SqueezedPlane(tiltAxisAngle: Degrees(30), maximumTilt: .zero)
        let swept = SweptPenalty(labels: labels, cost: avoided.map { $0 ? 0.3 : 0 }, plane: plane, columns: 50, rows: 50)
        let map = ScoreMap(LabelRuns(labels), worth: avoided.map { $0 ? 0.3 : 0 }, gaps: nil, columns: 50, rows: 50)
        for y in stride(from: 0, to: map.height, by: 17) {
            for x in stride(from: 0, to: map.width, by: 17) {
                #expect(abs(swept.penalty(at: map.centre(x: x, y: y)) - map.value(x: x, y: y)) < 0.02)
            }
        }
    }

    @Test(arguments: [0.0, 90, 45, -30]) func iceThatComesInAtHighTiltCosts(_ axis: Double) {
        // A bar of ice along the axis, beside the field without tilt and inside it at 60 degrees.
        let plane = SqueezedPlane(tiltAxisAngle: Degrees(axis), maximumTilt: Degrees(60))
        var labels = Raster<UInt8>(width: 200, height: 200, filledWith: 0)
        for y in 0 ..< 200 {
            for x in 0 ..< 200 {
                let across = plane.squeezed(x: Double(x) - 99.5, y: Double(y) - 99.5).across / plane.factor
                if (30.0 ... 40).contains(abs(across)) { labels[x, y] = 1 }
            }
        }
        let centre = Point<Frame.MapPixels>(x: 100, y: 100)
        let flat = SqueezedPlane(tiltAxisAngle: Degrees(axis), maximumTilt: .zero)
        func penalty(_ plane: SqueezedPlane) -> Double {
            SweptPenalty(labels: labels, cost: [0, 1], plane: plane, columns: 40, rows: 40).penalty(at: centre)
        }
        #expect(penalty(flat) == 0)
        #expect(penalty(plane) > 0.1)
    }

    /// Half-planes in every direction and discs: an ideal straight edge scores 1, and targets stand on the outline.
    @Test(arguments: [0.0, 45, 90, 135]) func aStraightEdgeThroughTheCentreScoresOne(_ direction: Double) {
        let (c, s) = (cosine(Degrees(direction)), sine(Degrees(direction)))
        var labels = Raster<UInt8>(width: 51, height: 51, filledWith: 0)
        for y in 0 ..< 51 {
            for x in 0 ..< 51 where c * Double(x - 25) + s * Double(y - 25) > 0 { labels[x, y] = 1 }
        }
        let score = EdgeScore(columns: 51, rows: 51).score(x: 0, y: 0, runs: LabelRuns(labels), target: [false, true])
        #expect(score > 0.999 && score <= 1)
    }

    @Test(arguments: [120.0, 200, 320]) func edgeTargetsStandOnTheOutlineOfADisc(_ radius: Double) throws {
        var labels = Raster<UInt8>(width: 800, height: 800, filledWith: 5)
        for y in 0 ..< 800 {
            for x in 0 ..< 800 where hypot(Double(x) - 399.5, Double(y) - 399.5) < radius { labels[x, y] = 7 }
        }
        let geometry = SampleMaps.geometry()
        let targets = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: geometry,
            settings: TargetSettings(scoreThreshold: 0.3, sparse: false, edge: true)
        ).flatMap(\.targets)
        #expect(targets.count >= 4)
        for target in targets {
            // A twentieth of the field's 46 columns.
            #expect(abs(hypot(target.position.x - 400, target.position.y - 400) - radius) <= 46.0 / 20)
        }
    }

    /// Objects much smaller than a field, in places that no raster of fields meets.
    @Test(arguments: 0 ..< 8) func smallObjectsAreNotMissed(_ seed: Int) throws {
        var random = RandomSource(seed: UInt64(seed))
        var labels = Raster<UInt8>(width: 900, height: 700, filledWith: 5)
        var centres: [(x: Int, y: Int)] = []
        while centres.count < 12 {
            let (x, y) = (40 + Int(random.uniform() * 820), 40 + Int(random.uniform() * 620))
            guard centres.allSatisfy({ hypot(Double($0.x - x), Double($0.y - y)) > 130 }) else { continue }
            centres.append((x, y))
            for dy in -4 ... 4 {
                for dx in -4 ... 4 { labels[x + dx, y + dy] = 7 }
            }
        }
        let targets = try TargetSelection.select(
            labels: labels, classes: SampleMaps.classes, geometry: SampleMaps.geometry(), settings: TargetSettings()
        ).flatMap(\.targets)
        let seen = centres.count { centre in
            targets.contains { abs($0.position.x - Double(centre.x)) <= 20 && abs($0.position.y - Double(centre.y)) <= 14 }
        }
        #expect(seen >= 11)
    }
}
