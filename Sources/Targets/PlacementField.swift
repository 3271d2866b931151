import Geometry
import Raster

/// Where targets may stand and what they are worth there: the problem that ``Placement`` solves.
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
    let classes: ResolvedClasses
    let scores: ScoreMap
    let plane: SqueezedPlane
    /// Least distance of two targets in the squeezed plane, in map pixels.
    let spacing: Double
    let threshold: Double
    let edge: EdgeScore?
    let avoided: AvoidedSurroundings

    /// The sum of avoided pixels is in `scores` in edge mode too; there the wanted classes are weighed by the kernels.
    func worth(at position: Point<Frame.MapPixels>) -> Double? {
        guard let field = scores.field(at: position) else { return nil }
        guard !avoided.touch(position) else { return nil }
        var score = Double(scores.values[field.y * scores.width + field.x])
        if let edge { score += edge.score(x: field.x, y: field.y, labels: labels, target: classes.target) }
        return score > threshold ? score : nil
    }

    /// A site at a position, nil where no target may stand.
    func site(at position: Point<Frame.MapPixels>) -> Site? {
        worth(at: position).map { site(at: position, worth: $0) }
    }

    private func site(at position: Point<Frame.MapPixels>, worth: Double) -> Site {
        let s = plane.squeezed(x: position.x, y: position.y)
        return Site(position: position, along: s.along, across: s.across, worth: worth)
    }

    /// Whether a site keeps the distance to all of these. The tolerance is rounding error, far below the slack that
    /// ``TargetSelection`` adds to the spacing.
    func isFree(_ site: Site, among chosen: [Site]) -> Bool {
        chosen.allSatisfy { $0.distance(to: site) >= spacing - 1e-9 }
    }

    /// Allowed positions on a raster fine enough for packing, at most about 20 000; in edge mode on the outline only.
    func candidates() -> (sites: [Site], pitch: Int) {
        let places = scores.width * scores.height
        guard places > 0 else { return ([], 1) }
        if edge != nil { return (outlineSites(), 1) }
        var pitch = 1
        while places / (pitch * pitch) > 20_000, Double(pitch) < spacing / 8 { pitch += 1 }
        var sites: [Site] = []
        for y in stride(from: 0, to: scores.height, by: pitch) {
            for x in stride(from: 0, to: scores.width, by: pitch)
            where Double(scores.values[y * scores.width + x]) > threshold {
                if let site = site(at: scores.centre(x: x, y: y)) { sites.append(site) }
            }
        }
        return (sites, pitch)
    }

    private func outlineSites() -> [Site] {
        var outline: [Point<Frame.MapPixels>] = []
        for y in 0 ..< scores.height {
            for x in 0 ..< scores.width {
                let centre = scores.centre(x: x, y: y)
                let column = min(labels.width - 1, Int(centre.x))
                let row = min(labels.height - 1, Int(centre.y))
                let inside = classes.target[Int(labels[column, row])]
                let right = column + 1 < labels.width && classes.target[Int(labels[column + 1, row])] != inside
                let below = row + 1 < labels.height && classes.target[Int(labels[column, row + 1])] != inside
                if right || below { outline.append(centre) }
            }
        }
        // Eight kernels of the field's size per site: keep the work below some hundred million products.
        let affordable = max(500, 50_000_000 / (scores.columns * scores.rows))
        let step = max(1, (outline.count + affordable - 1) / affordable)
        return stride(from: 0, to: outline.count, by: step).compactMap { site(at: outline[$0]) }
    }
}
