import Geometry
import Raster
import Units

/// Chooses where PACEtomo measures defocus to find the plane of the lamella.
///
/// Positions on the solid lamella that determine the plane best (largest determinant of the normal matrix of `[1 x y]`:
/// a D-optimal design), not exposed by any target, within reach of image shift. Five where there is room, and more, as
/// long as the plane is known worse than ``PlaneSpread/wantedError``: each costs three images of focus.
struct GeoPoints {
    let geometry: LamellaGeometry
    /// The share of solid pixels in the camera's field, as a score map without penalty.
    let solid: ScoreMap
    let exposed: [Point<Frame.MapPixels>]
    /// One beam and the margin, in map pixels: the distance to targets where there is room, and between two points.
    let spacing: Double
    let limit: Micrometers

    static let usual = 5
    static let most = 10
    private static let mostCandidates = 4000
    /// On two lines of sight less than this apart, in micrometres, nothing can be said about an inclination.
    static let leastSpread = 1.0

    private struct Candidate {
        var position: Point<Frame.MapPixels>
        var shift: Vector<Frame.Specimen>
    }

    /// None where no three positions span a plane.
    ///
    /// Where targets are packed too densely for whole beams between them, the beams may overlap outside of the fields
    /// of view, if the plane is known clearly better then: that costs less than not knowing it.
    func choose(tracking: Point<Frame.MapPixels>) -> [Point<Frame.MapPixels>] {
        var best: (error: Degrees, chosen: [Candidate])?
        for isClear in [isBeamApart, isFieldClear] {
            let chosen = design(of: candidates(tracking: tracking, isClear: isClear))
            let spread = spread(chosen)
            guard spread.smallest >= Self.leastSpread, spread.error < (best?.error ?? Degrees(90)) else { continue }
            best = (spread.error, chosen)
            if spread.error <= 2 * PlaneSpread.wantedError { break }
        }
        guard let best else { return [] }
        let positions = [tracking] + best.chosen.map(\.position)
        return ShiftRoute(positions, geometry: geometry).shortest().dropFirst().map { positions[$0] }
    }

    private func isBeamApart(_ position: Point<Frame.MapPixels>) -> Bool {
        exposed.allSatisfy { target in
            let (dx, dy) = (target.x - position.x, target.y - position.y)
            return dx * dx + dy * dy >= spacing * spacing
        }
    }

    /// Whether a beam here stays outside of every target's field of view.
    private func isFieldClear(_ position: Point<Frame.MapPixels>) -> Bool {
        exposed.allSatisfy { target in
            let dx = max(0, abs(position.x - target.x) - Double(solid.columns + 1) / 2)
            let dy = max(0, abs(position.y - target.y) - Double(solid.rows + 1) / 2)
            return dx * dx + dy * dy >= spacing * spacing / 4
        }
    }

    private func candidates(
        tracking: Point<Frame.MapPixels>, isClear: (Point<Frame.MapPixels>) -> Bool
    ) -> [Candidate] {
        guard solid.width > 0, solid.height > 0 else { return [] }
        var found: [Candidate] = []
        let area = Double(solid.width * solid.height)
        // Fine enough for the gaps between the fields of densely packed targets.
        let pitch = max(1, Int((area / 60_000).squareRoot().rounded(.up)))
        let shares = solid.raster(pitch: pitch)
        for y in 0 ..< shares.height {
            for x in 0 ..< shares.width where shares[x, y] >= 0.95 {
                let position = solid.centre(x: x * pitch, y: y * pitch)
                let shift = geometry.specimenShift(from: tracking, to: position)
                guard shift.length <= limit.value, isClear(position) else { continue }
                found.append(Candidate(position: position, shift: shift))
            }
        }
        let step = found.count / Self.mostCandidates + 1
        return stride(from: 0, to: found.count, by: step).map { found[$0] }
    }

    /// Grows a design by the position that adds most, and exchanges single ones while the determinant grows.
    private func design(of candidates: [Candidate]) -> [Candidate] {
        var chosen = farthest(3, of: candidates)
        guard chosen.count == 3 else { return [] }
        exchange(&chosen, with: candidates)
        while chosen.count < Self.usual || (chosen.count < Self.most && spread(chosen).error > PlaneSpread.wantedError) {
            let sum = spread(chosen)
            let free = candidates.filter { isFree($0, among: chosen) }
            guard let next = best(free, { sum.adding($0.shift).determinant }) else { break }
            chosen.append(next)
            exchange(&chosen, with: candidates)
        }
        return chosen
    }

    private func spread(_ points: [Candidate]) -> PlaneSpread { PlaneSpread(points.map(\.shift)) }

    private func best(_ candidates: [Candidate], _ worth: (Candidate) -> Double) -> Candidate? {
        var best: (worth: Double, candidate: Candidate)?
        for candidate in candidates {
            let value = worth(candidate)
            if value > best?.worth ?? -.infinity { best = (value, candidate) }
        }
        return best?.candidate
    }

    /// The candidate farthest from their middle, then each time the one farthest from those chosen.
    private func farthest(_ count: Int, of candidates: [Candidate]) -> [Candidate] {
        let number = Double(max(1, candidates.count))
        let middle = candidates.reduce(Vector<Frame.Specimen>.zero) { $0 + $1.shift } / number
        var chosen: [Candidate] = []
        while chosen.count < count {
            let taken = chosen
            let next = best(candidates.filter { isFree($0, among: taken) }) { candidate in
                taken.map { ($0.shift - candidate.shift).length }.min() ?? (candidate.shift - middle).length
            }
            guard let next else { break }
            chosen.append(next)
        }
        return chosen
    }

    private func exchange(_ chosen: inout [Candidate], with candidates: [Candidate]) {
        var improved = true
        var rounds = 0
        while improved, rounds < 10 {
            improved = false
            rounds += 1
            for i in chosen.indices {
                var others = chosen
                others.remove(at: i)
                let rest = spread(others)
                var best = rest.adding(chosen[i].shift).determinant * (1 + 1e-9)
                for candidate in candidates {
                    let value = rest.adding(candidate.shift).determinant
                    guard value > best, isFree(candidate, among: others) else { continue }
                    best = value
                    chosen[i] = candidate
                    improved = true
                }
            }
        }
    }

    private func isFree(_ candidate: Candidate, among chosen: [Candidate]) -> Bool {
        chosen.allSatisfy { $0.position.distance(to: candidate.position) >= spacing }
    }
}
