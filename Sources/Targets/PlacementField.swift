import Geometry
import Raster

/// Where targets may stand and what they are worth there: the problem that ``Placement`` solves.
///
/// Targets stand on whole map pixels, or on every second, third and so on where a beam is more than 195 of them.
struct PlacementField {
    /// A position with its place in the squeezed plane.
    struct Site {
        var position: Point<Frame.MapPixels>
        var along: Double
        var across: Double
        var worth: Double

        func distance(to other: Site) -> Double {
            let a = along - other.along
            let c = across - other.across
            return (a * a + c * c).squareRoot()
        }
    }

    let labels: Raster<UInt8>
    /// The same by rows.
    let runs: LabelRuns
    let classes: ResolvedClasses
    let scores: ScoreMap
    let plane: SqueezedPlane
    /// Least distance of two targets in the squeezed plane, in map pixels.
    let spacing: Double
    let threshold: Double
    let edge: EdgeScore?
    /// What is avoided about a target's centre; nil where its centre may lie anywhere.
    let avoided: AvoidedSurroundings?
    /// The penalty where it is not in ``scores``.
    let swept: SweptPenalty?

    /// Map pixels from one position to the next.
    var step: Int { max(1, Int((spacing / 130).rounded())) }

    /// The site nearest to a position, nil where no target may stand or where it is worth no more than a target already is.
    func site(at position: Point<Frame.MapPixels>, worthMoreThan least: Double = -.infinity) -> Site? {
        let x = Int(((position.x - Double(scores.columns) / 2) / Double(step)).rounded(.toNearestOrAwayFromZero)) * step
        let y = Int(((position.y - Double(scores.rows) / 2) / Double(step)).rounded(.toNearestOrAwayFromZero)) * step
        guard x >= 0, y >= 0, x < scores.width, y < scores.height else { return nil }
        return worth(x: x, y: y, value: scores.value(x: x, y: y), above: least).map { site(x: x, y: y, worth: $0) }
    }

    /// What a target is worth on the whole pixel that is nearest to a position, nil where none may stand.
    func worth(at position: Point<Frame.MapPixels>) -> Double? {
        scores.place(at: position).flatMap { worth(x: $0.x, y: $0.y, value: scores.value(x: $0.x, y: $0.y)) }
    }

    private func worth(x: Int, y: Int, value: Double, above least: Double = -.infinity) -> Double? {
        guard let score = score(x: x, y: y, value: value), score > least else { return nil }
        if let avoided, avoided.touch(scores.centre(x: x, y: y)) { return nil }
        return score
    }

    /// The sum of avoided pixels is in `value` in edge mode too; there the wanted classes are weighed by the kernels. nil at the
    /// threshold and below.
    private func score(x: Int, y: Int, value: Double) -> Double? {
        guard value > -.infinity, edge != nil || value > threshold else { return nil }
        var score = value
        if let edge { score += edge.score(x: x, y: y, runs: runs, target: classes.target) }
        if let swept { score -= swept.penalty(at: scores.centre(x: x, y: y)) }
        return score > threshold ? score : nil
    }

    private func site(x: Int, y: Int, worth: Double) -> Site {
        let position = scores.centre(x: x, y: y)
        let s = plane.squeezed(x: position.x, y: position.y)
        return Site(position: position, along: s.along, across: s.across, worth: worth)
    }

    /// Whether a site keeps the distance to all of these. The tolerance is rounding error, far below the slack that
    /// ``TargetSelection`` adds to the spacing.
    func isFree(_ site: Site, among chosen: [Site]) -> Bool {
        chosen.allSatisfy { $0.distance(to: site) >= spacing - 1e-9 }
    }

    /// Moves single targets to better positions beside them as long as that helps.
    ///
    /// - Parameters:
    ///   - steps: how far in map pixels, one after the other.
    ///   - site: where a target stands now.
    ///   - move: puts a target somewhere if it may stand there, and says whether it did.
    func climb(_ targets: Int, steps: [Double], from site: (Int) -> Site, move: (Int, Site) -> Bool) {
        let ways = [(1.0, 0.0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
        for step in steps {
            var moved = true
            var rounds = 0
            while moved, rounds < 30 {
                moved = false
                rounds += 1
                for target in 0 ..< targets {
                    for (dx, dy) in ways {
                        let here = site(target)
                        let place = here.position + Vector(dx: dx * step, dy: dy * step)
                        guard let better = self.site(at: place, worthMoreThan: here.worth + 1e-6) else { continue }
                        if move(target, better) { moved = true }
                    }
                }
            }
        }
    }

    /// Allowed positions on a raster fine enough for packing, 24 to a beam where there are not too many; in edge mode all of
    /// the outline.
    func candidates() -> Candidates {
        guard scores.width > 0, scores.height > 0 else { return Candidates(sites: [], pitch: 1, raster: nil) }
        if edge != nil { return Candidates(sites: outlineSites(), pitch: 1, raster: nil) }
        var pitch = max(step, Int(spacing / 24) / step * step)
        while scores.width * scores.height / (pitch * pitch) > 400_000, Double(pitch) < spacing / 8 { pitch += step }
        let values = scores.raster(pitch: pitch)
        let (width, height) = (values.width, values.height)
        var sites: [Site] = []
        var candidates = [Int32](repeating: -1, count: width * height)
        var places: [Int32] = []
        for row in 0 ..< height {
            let touched = touched(row: row * pitch, pitch: pitch, count: width)
            for column in 0 ..< width where !(touched?[column] ?? false) {
                let (x, y) = (column * pitch, row * pitch)
                guard let worth = score(x: x, y: y, value: Double(values[column, row])) else { continue }
                candidates[row * width + column] = Int32(sites.count)
                places.append(Int32(row * width + column))
                sites.append(site(x: x, y: y, worth: worth))
            }
        }
        let raster = CandidateRaster(
            width: width, height: height, candidates: candidates, places: places, reach: max(1, Int(spacing / 3) / pitch))
        return Candidates(sites: sites, pitch: pitch, raster: raster)
    }

    /// Whether avoided pixels lie about the centres of the fields at every `pitch`-th column of a row; nil where they may.
    private func touched(row: Int, pitch: Int, count: Int) -> [Bool]? {
        avoided?.touch(row: row + scores.rows / 2, first: scores.columns / 2, pitch: pitch, count: count)
    }

    private func outlineSites() -> [Site] {
        var outline: [(x: Int, y: Int)] = []
        for y in stride(from: 0, to: scores.height, by: step) {
            for x in stride(from: 0, to: scores.width, by: step) {
                let column = min(labels.width - 1, x + scores.columns / 2)
                let row = min(labels.height - 1, y + scores.rows / 2)
                let inside = classes.target[Int(labels[column, row])]
                let right = min(labels.width - 1, column + step)
                let below = min(labels.height - 1, row + step)
                let isOutline =
                    classes.target[Int(labels[right, row])] != inside || classes.target[Int(labels[column, below])] != inside
                if isOutline { outline.append((x, y)) }
            }
        }
        // Every site looks at all rows of its field: keep the work below a second.
        let affordable = max(500, 3_000_000 / scores.rows)
        let every = max(1, (outline.count + affordable - 1) / affordable)
        return stride(from: 0, to: outline.count, by: every).compactMap { index in
            let (x, y) = outline[index]
            return worth(x: x, y: y, value: scores.value(x: x, y: y)).map { site(x: x, y: y, worth: $0) }
        }
    }

    /// The corners of the area that centres of fields lie in.
    var outerSites: [Site] {
        [(0, 0), (scores.width, 0), (0, scores.height), (scores.width, scores.height)].map { site(x: $0.0, y: $0.1, worth: 0) }
    }

    /// A number that the summed worth of no choice of positions exceeds; in edge mode of no choice of candidates.
    func upperBound(_ candidates: [Site]) -> Double {
        let outer = edge == nil ? outerSites : candidates
        let (alongs, acrosses) = (outer.map(\.along), outer.map(\.across))
        guard let left = alongs.min(), let right = alongs.max(), let top = acrosses.min(), let bottom = acrosses.max()
        else { return 0 }
        // Distances of exactly the spacing, less the tolerance, have to count as a whole unit.
        let unit = spacing - 1e-6
        let visit: ((Double, Double, Double) -> Void) -> Void = { add in
            if edge == nil {
                eachPosition { site in add(site.along / unit, site.across / unit, site.worth) }
            } else {
                for site in candidates { add(site.along / unit, site.across / unit, site.worth) }
            }
        }
        let (low, high) = ((left / unit, top / unit), (right / unit, bottom / unit))
        return UpperBound(low: low, high: high, visit: visit)?.value() ?? UpperBound.ofCells(visit)
    }

    /// Calls with every position where a target may stand; a penalty that is not in ``scores`` is left out.
    private func eachPosition(_ body: (Site) -> Void) {
        let values = scores.raster(pitch: step)
        for row in 0 ..< values.height {
            let line = row * values.width
            let values = values.pixels[line ..< line + values.width]
            guard values.contains(where: { Double($0) > threshold }) else { continue }
            let touched = touched(row: row * step, pitch: step, count: values.count)
            for (column, value) in values.enumerated() where Double(value) > threshold && !(touched?[column] ?? false) {
                body(site(x: column * step, y: row * step, worth: Double(value)))
            }
        }
    }
}
