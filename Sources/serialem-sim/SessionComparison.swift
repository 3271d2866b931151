import Foundation
import Geometry
import ImageFiles
import Navigator
import Raster
import Specimen
import Targets
import Units

/// One session's folder held against the truth beside it.
///
/// Magnifications of a microscope differ by shifts that nobody calibrates to a fraction of a micrometre. Boxes and labels
/// are therefore compared after the one shift between a map and the truth has been taken out; positions of lamellae are
/// compared as they are.
struct SessionComparison {
    let folder: String

    func score() throws -> SessionScore {
        let truth = try JSONValue.read("\(folder)/truth.json")
        var total = SessionScore()
        guard let seed = UInt64(exactly: truth["seed"]?.integer ?? 0) else {
            throw ValidationFailure(text: "The seed in \(folder)/truth.json is negative.")
        }
        for grid in truth["grids"]?.array ?? [] {
            guard let name = grid["name"]?.string, let slot = grid["slot"]?.integer,
                FileManager.default.fileExists(atPath: "\(folder)/\(name)/SPACE_maps/\(name)_wg_boxes.json")
            else { continue }
            guard let slotNumber = UInt64(exactly: slot) else {
                throw ValidationFailure(text: "The slot of \(name) in \(folder)/truth.json is negative.")
            }
            total.add(try GridComparison(
                folder: "\(folder)/\(name)", name: name, lamellae: (grid["lamellae"]?.array ?? []).compactMap(TrueLamella.init),
                specimen: SpecimenGrid(seed: seed &* 100 &+ slotNumber)).score())
        }
        return total
    }
}

/// A lamella as the simulator knows it.
struct TrueLamella {
    let stage: Point<Frame.Stage>
    let grid: Point<Frame.Grid>
    let outline: [Point<Frame.Stage>]
    let className: String
    var isGone: Bool { className == "gone" }

    init?(_ value: JSONValue) {
        func point<F>(_ value: JSONValue?) -> Point<F>? {
            guard let x = value?["x"]?.double, let y = value?["y"]?.double else { return nil }
            return Point(x: x, y: y)
        }
        guard let stage: Point<Frame.Stage> = point(value["stage"]), let grid: Point<Frame.Grid> = point(value["grid"]),
            let className = value["className"]?.string
        else { return nil }
        self.stage = stage
        self.grid = grid
        self.className = className
        outline = (value["stageOutline"]?.array ?? []).compactMap { point($0) }
    }
}

/// One grid of a session held against the truth.
struct GridComparison {
    let folder: String
    let name: String
    let lamellae: [TrueLamella]
    let specimen: SpecimenGrid
    var maps: String { "\(folder)/SPACE_maps" }

    func score() throws -> SessionScore {
        var score = SessionScore()
        try countBoxes(into: &score)
        try countCentres(into: &score)
        let files = try FileManager.default.contentsOfDirectory(atPath: maps).sorted()
        let targets = try targetClasses()
        for file in files where file.hasSuffix("_seg.png") {
            let map = String(file.dropLast("_seg.png".count))
            guard let labels = try MapLabels(map: map, comparison: self) else { continue }
            countLabels(labels, targets: targets, into: &score)
            try countAvoided(map: map, labels: labels, into: &score)
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where file.hasSuffix("_tgts.txt") {
            try countTargets(area: String(file.dropLast("_tgts.txt".count)), into: &score)
        }
        return score
    }

    // MARK: Boxes on the whole-grid map

    private func countBoxes(into score: inout SessionScore) throws {
        let toMap = try stageToMap("\(maps)/\(name)_wg.json")
        let boxes = (try JSONValue.read("\(maps)/\(name)_wg_boxes.json")["boxes"]?.array ?? []).compactMap { $0.doubles }
            .filter { $0.count >= 6 }
        let found = boxes.map { Rectangle<Frame.MapPixels>(minX: $0[0], minY: $0[1], maxX: $0[2], maxY: $0[3]) }
        var real = lamellae.map { lamella in Self.box(lamella.outline.map { toMap($0) }) }
        // The shift between this magnification and the truth: the median over the nearest pairs within 30 pixels.
        let pairs = real.compactMap { box in
            found.map { $0.center - box.center }.min { $0.length < $1.length }.flatMap { $0.length < 40 ? $0 : nil }
        }
        let shift = Vector<Frame.MapPixels>(dx: Self.median(pairs.map(\.dx)), dy: Self.median(pairs.map(\.dy)))
        real = real.map {
            Rectangle(minX: $0.minX + shift.dx, minY: $0.minY + shift.dy, maxX: $0.maxX + shift.dx, maxY: $0.maxY + shift.dy)
        }
        for (lamella, box) in zip(lamellae, real) where !lamella.isGone {
            score.lamellae += 1
            if found.contains(where: { $0.intersectionOverUnion(with: box) >= 0.5 }) { score.found += 1 }
        }
        let names = LamellaClass.allCases.map { "\($0)" }
        for (values, box) in zip(boxes, found) {
            score.boxes += 1
            guard let best = real.indices.max(by: {
                real[$0].intersectionOverUnion(with: box) < real[$1].intersectionOverUnion(with: box)
            }), real[best].intersectionOverUnion(with: box) >= 0.5 else { continue }
            score.rightBoxes += 1
            let index = whole(values[4])
            if names.indices.contains(index), names[index] == lamellae[best].className { score.rightClasses += 1 }
        }
    }

    // MARK: Centres after recentring

    private func countCentres(into score: inout SessionScore) throws {
        let path = "\(folder)/\(name).nav"
        guard FileManager.default.fileExists(atPath: path) else { return }
        for item in try NavigatorFile.read(path).items where item.label.hasPrefix("FP") {
            score.centres += 1
            let nearest = lamellae.map { $0.stage.distance(to: item.stage) }.min() ?? .infinity
            if nearest <= 1 { score.centred += 1 }
        }
    }

    // MARK: Labels

    private func targetClasses() throws -> [String] {
        let path = "\(maps)/tgt_params.json"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return (try JSONValue.read(path)["target_list"]?.array ?? []).compactMap(\.string)
    }

    private func countLabels(_ labels: MapLabels, targets: [String], into score: inout SessionScore) {
        for target in targets {
            guard let label = SegmentationLabel.allCases.first(where: { "\($0)" == target })?.rawValue else { continue }
            var both = 0
            var either = 0
            var present = 0
            for y in 0 ..< labels.seen.height {
                for x in 0 ..< labels.seen.width {
                    let a = labels.seen[x, y] == label
                    let b = labels.real(x, y) == label
                    if a && b { both += 1 }
                    either += (a ? 1 : 0) + (b ? 1 : 0)
                    present += b ? 1 : 0
                }
            }
            // A map that shows less than a quarter of a square micrometre of a class says nothing about it.
            if Double(present) * 0.0004 >= 0.25 { score.dice[target, default: []].append(2 * Double(both) / Double(either)) }
        }
    }

    /// Counts the target centres of one lamella that lie in an avoided class, by the truth or by the segmentation.
    private func countAvoided(map: String, labels: MapLabels, into score: inout SessionScore) throws {
        let avoided = (try JSONValue.read("\(maps)/tgt_params.json")["penalty_list"]?.array ?? []).compactMap(\.string)
        let numbers = SegmentationLabel.allCases.filter { avoided.contains("\($0)") }.map(\.rawValue)
        let prefix = "\(map)_points"
        for file in try FileManager.default.contentsOfDirectory(atPath: maps).sorted()
        where file.hasPrefix(prefix) && file.hasSuffix(".json") {
            for place in try JSONValue.read("\(maps)/\(file)").untagged["points"]?.doubles2D ?? [] where place.count == 2 {
                let x = whole(place[1])
                let y = whole(place[0])
                let inside = (0 ..< labels.seen.width).contains(x) && (0 ..< labels.seen.height).contains(y)
                if !inside || numbers.contains(labels.seen[x, y]) || numbers.contains(labels.real(x, y)) { score.onAvoided += 1 }
            }
        }
    }

    /// From the stage to the grid, from the positions of the lamellae in both (a turn and a displacement).
    func stageToGrid() -> AffineMap<Frame.Stage, Frame.Grid>? {
        guard let first = lamellae.first,
            let last = lamellae.max(by: { $0.grid.distance(to: first.grid) < $1.grid.distance(to: first.grid) })
        else { return nil }
        let s = last.stage - first.stage
        let g = last.grid - first.grid
        guard s.length > 1 else { return nil }
        let angle = Degrees((atan2(g.dy, g.dx) - atan2(s.dy, s.dx)) * 180 / .pi)
        return AffineMap(linear: .rotation(angle), sending: first.stage, to: first.grid)
    }

    // MARK: Targets

    private func countTargets(area: String, into score: inout SessionScore) throws {
        let parsed: PACEtomoTargets
        do {
            parsed = try PACEtomoTargets(parsing: String(contentsOfFile: "\(folder)/\(area)_tgts.txt", encoding: .utf8))
        } catch {
            score.refused += 1
            return
        }
        let parameters = try JSONValue.read("\(maps)/mic_params.json")
        let limit = parameters["IS_limit"]?.double ?? 15
        let beam = parameters["rec_beam_diameter"]?.double ?? 0
        let tilt = Degrees(try JSONValue.read("\(maps)/tgt_params.json")["max_tilt"]?.double ?? 60)
        let shifts: [Vector<Frame.Specimen>] = parsed.targets.compactMap { target in
            guard let x = target["SSX"].flatMap(Double.init), let y = target["SSY"].flatMap(Double.init) else { return nil }
            return Vector(dx: x, dy: y)
        }
        // While PACEtomo runs, and after it broke off, its run file holds the position that it stands at.
        let runFile = try? String(contentsOfFile: "\(folder)/\(area)_tgts_run01.txt", encoding: .utf8)
        let done = runFile.map { !$0.contains("_spos") } ?? false
        if !done { score.refused += 1 }
        for (target, shift) in zip(parsed.targets, shifts) {
            score.targets += 1
            if shift.length > limit { score.beyondLimit += 1 }
            if let file = target["tsfile"], done, (try? MRCFile.header("\(folder)/\(file)"))?.sections ?? 0 > 1 { score.acquired += 1 }
        }
        for i in shifts.indices {
            for j in shifts.indices where j > i {
                let apart = shifts[i] - shifts[j]
                if Vector<Frame.Specimen>(dx: apart.dx, dy: apart.dy * cosine(tilt)).length < beam - 1e-3 { score.overlapping += 1 }
            }
        }
    }

    // MARK: Reading

    func stageToMap(_ sidecar: String) throws -> AffineMap<Frame.Stage, Frame.MapPixels> {
        let value = try JSONValue.read(sidecar).untagged
        let matrix = value["s2img_matrix"]?.doubles2D ?? []
        let size = value["img_size"]?.doubles ?? []
        let stage = (value["stage_coords"]?.array ?? []).compactMap { $0.double ?? $0.string.flatMap(Double.init) }
        guard matrix.count == 2, matrix.allSatisfy({ $0.count == 2 }), size.count == 2, stage.count >= 2 else {
            throw ValidationFailure(text: "\(sidecar) lacks img_size, stage_coords or s2img_matrix")
        }
        return AffineMap(
            linear: LinearMap(xpx: matrix[0][0], xpy: matrix[0][1], ypx: matrix[1][0], ypy: matrix[1][1]),
            sending: Point(x: stage[0], y: stage[1]), to: Point(x: size[1] / 2, y: size[0] / 2))
    }

    private static func box(_ corners: [Point<Frame.MapPixels>]) -> Rectangle<Frame.MapPixels> {
        Rectangle(
            minX: corners.map(\.x).min() ?? 0, minY: corners.map(\.y).min() ?? 0, maxX: corners.map(\.x).max() ?? 0,
            maxY: corners.map(\.y).max() ?? 0)
    }
    private static func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
}

/// A number of a file without its fraction; -1, which is no class and no pixel, for one that no integer holds.
private func whole(_ value: Double) -> Int { Int(exactly: value.rounded(.towardZero)) ?? -1 }

/// A file that a finished session should hold and does not.
struct ValidationFailure: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
