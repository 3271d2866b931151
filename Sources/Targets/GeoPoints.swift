import Geometry
import Raster
import Units

/// Chooses where PACEtomo measures defocus to find the plane of the lamella.
///
/// Up to five positions on the solid lamella that determine the plane best (largest determinant of the normal matrix of
/// `[1 x y]`), not exposed by any target, within reach of image shift.
struct GeoPoints {
    let geometry: LamellaGeometry
    /// The share of solid pixels in the camera's field, as a score map without penalty.
    let solid: ScoreMap
    let exposed: [Point<Frame.MapPixels>]
    /// One beam and the margin, in map pixels: the distance to targets where there is room, and between two points.
    let spacing: Double
    let limit: Micrometers

    private struct Candidate {
        var position: Point<Frame.MapPixels>
        var x: Double
        var y: Double
    }

    /// None where no three positions span a plane: two lines of sight less than 1 um apart say nothing about tilt.
    ///
    /// Where targets are packed too densely for a whole beam between them, the beams may overlap outside of the fields
    /// of view: measuring the plane costs less than not knowing it.
    func choose(tracking: Point<Frame.MapPixels>) -> [Point<Frame.MapPixels>] {
        for isClear in [isBeamApart, isFieldClear] {
            let candidates = candidates(tracking: tracking, isClear: isClear)
            for count in [5, 4, 3] {
                let chosen = exchange(candidates, count: count)
                if chosen.count == count, smallestSpread(chosen) >= 1 { return chosen.map(\.position) }
            }
        }
        return []
    }

    private func isBeamApart(_ position: Point<Frame.MapPixels>) -> Bool {
        exposed.allSatisfy { $0.distance(to: position) >= spacing }
    }

    /// Whether a beam here stays outside of every target's field of view.
    private func isFieldClear(_ position: Point<Frame.MapPixels>) -> Bool {
        exposed.allSatisfy { target in
            let dx = max(0, abs(position.x - target.x) - Double(solid.columns + 1) / 2)
            let dy = max(0, abs(position.y - target.y) - Double(solid.rows + 1) / 2)
            return (dx * dx + dy * dy).squareRoot() >= spacing / 2
        }
    }

    private func candidates(
        tracking: Point<Frame.MapPixels>, isClear: (Point<Frame.MapPixels>) -> Bool
    ) -> [Candidate] {
        guard solid.width > 0, solid.height > 0 else { return [] }
        var found: [Candidate] = []
        let area = Double(solid.width * solid.height)
        let pitch = max(1, Int((area / 6000).squareRoot().rounded(.up)))
        for y in stride(from: 0, to: solid.height, by: pitch) {
            for x in stride(from: 0, to: solid.width, by: pitch) where solid.value(x: x, y: y) >= 0.95 {
                let position = solid.centre(x: x, y: y)
                let shift = geometry.specimenShift(from: tracking, to: position)
                guard shift.length <= limit.value else { continue }
                guard isClear(position) else { continue }
                found.append(Candidate(position: position, x: shift.dx, y: shift.dy))
            }
        }
        return found
    }

    /// Starts with far-apart points and exchanges single ones while the determinant grows.
    private func exchange(_ candidates: [Candidate], count: Int) -> [Candidate] {
        var chosen: [Candidate] = []
        let meanX = candidates.reduce(0) { $0 + $1.x } / Double(max(1, candidates.count))
        let meanY = candidates.reduce(0) { $0 + $1.y } / Double(max(1, candidates.count))
        func apart(_ c: Candidate) -> Double {
            let toChosen = chosen.map { ($0.x - c.x) * ($0.x - c.x) + ($0.y - c.y) * ($0.y - c.y) }.min()
            return toChosen ?? ((c.x - meanX) * (c.x - meanX) + (c.y - meanY) * (c.y - meanY))
        }
        while chosen.count < count {
            let free = candidates.filter { isFree($0, among: chosen) }
            guard let next = free.max(by: { apart($0) < apart($1) }) else { return chosen }
            chosen.append(next)
        }
        for _ in 0 ..< 10 {
            var improved = false
            for i in chosen.indices {
                var others = chosen
                others.remove(at: i)
                var best = determinant(chosen) * (1 + 1e-9)
                for candidate in candidates {
                    let value = determinant(others + [candidate])
                    if value > best, isFree(candidate, among: others) {
                        best = value
                        chosen[i] = candidate
                        improved = true
                    }
                }
            }
            if !improved { break }
        }
        return chosen
    }

    private func isFree(_ candidate: Candidate, among chosen: [Candidate]) -> Bool {
        chosen.allSatisfy { $0.position.distance(to: candidate.position) >= spacing }
    }

    private func moments(_ points: [Candidate]) -> (xx: Double, xy: Double, yy: Double) {
        let n = Double(max(1, points.count))
        let x = points.reduce(0) { $0 + $1.x } / n
        let y = points.reduce(0) { $0 + $1.y } / n
        return points.reduce((0, 0, 0)) { sum, p in
            (sum.0 + (p.x - x) * (p.x - x), sum.1 + (p.x - x) * (p.y - y), sum.2 + (p.y - y) * (p.y - y))
        }
    }

    /// det of the normal matrix of `[1 x y]`: the number of points times that of the centred moments.
    private func determinant(_ points: [Candidate]) -> Double {
        let m = moments(points)
        return Double(points.count) * (m.xx * m.yy - m.xy * m.xy)
    }

    /// The smaller singular value of the centred points, in micrometres.
    private func smallestSpread(_ points: [Candidate]) -> Double {
        let m = moments(points)
        let half = (m.xx + m.yy) / 2
        let root = (max(0, half * half - m.xx * m.yy + m.xy * m.xy)).squareRoot()
        return max(0, half - root).squareRoot()
    }
}
