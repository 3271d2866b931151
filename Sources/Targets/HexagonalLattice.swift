import Foundation
import Geometry
import Raster

/// Packings of equal discs in straight rows, laid over the squeezed plane in every direction and phase.
///
/// The hexagonal one is the densest of the plane. A lamella is only some beams wide: rows that are a little looser in
/// themselves lie closer to each other, and sometimes one more fits.
struct HexagonalLattice {
    let field: PlacementField
    let candidates: Candidates
    let raster: CandidateRaster
    private var pitch: Int { candidates.pitch }

    private struct Lattice {
        var angle: Double
        var step: Double
        var phase: (Double, Double)
    }

    /// The best lattices by summed worth, best first, of different steps and directions.
    func best(_ count: Int) -> [[PlacementField.Site]] {
        let worth = candidates.sites.map { Float($0.worth) }
        // Where hundreds of beams fit, a row more or less counts little.
        let room = Double(candidates.sites.count * pitch * pitch) * field.plane.factor / (field.spacing * field.spacing)
        let isSmall = room < 400
        /// The best of so many phases in either direction.
        func top(_ lattice: Lattice, phases: Int) -> (sum: Float, lattice: Lattice) {
            var top: (sum: Float, lattice: Lattice) = (-1, lattice)
            for i in 0 ..< phases {
                for j in 0 ..< phases {
                    var lattice = lattice
                    lattice.phase = (Double(i) / Double(phases), Double(j) / Double(phases))
                    var sum: Float = 0
                    eachPlace(of: lattice) { x, y in
                        let candidate = raster.candidates[Int(y) * raster.width + Int(x)]
                        if candidate >= 0 { sum += worth[Int(candidate)] }
                    }
                    if sum > top.sum { top = (sum, lattice) }
                }
            }
            return top
        }
        var found: [(sum: Float, lattice: Lattice)] = []
        for direction in 0 ..< 45 {
            for stretch in 0 ..< (isSmall ? 10 : 1) {
                // A lattice of equal sides looks the same after 60 degrees.
                if stretch == 0, direction >= 15 { continue }
                let lattice = Lattice(angle: Double(direction) * .pi / 45, step: 1 + 0.03 * Double(stretch), phase: (0, 0))
                found.append(top(lattice, phases: 5))
            }
        }
        // Few phases tell which ones are worth looking at closely.
        found = found.sorted { $0.sum > $1.sum }.prefix(24).map { top($0.lattice, phases: 8) }.filter { $0.sum > 0 }
        return found.sorted { $0.sum > $1.sum }.prefix(count).map { sites(of: $0.lattice) }
    }

    /// The points that may be targets. Rounded to whole steps, two can come too close: then the second gives way by a step.
    private func sites(of lattice: Lattice) -> [PlacementField.Site] {
        var sites: [PlacementField.Site] = []
        let step = Double(field.step)
        let ways = [-1.0, 0, 1].flatMap { y in [-1.0, 0, 1].map { Vector<Frame.MapPixels>(dx: $0 * step, dy: y * step) } }
        eachPlace(of: lattice) { x, y in
            let position = Point<Frame.MapPixels>(
                x: (x - 0.5) * Double(pitch) + Double(field.scores.columns) / 2,
                y: (y - 0.5) * Double(pitch) + Double(field.scores.rows) / 2)
            if let site = field.site(at: position), field.isFree(site, among: sites) {
                sites.append(site)
            } else if let site = ways.compactMap({ field.site(at: position + $0) })
                .filter({ field.isFree($0, among: sites) }).max(by: { $0.worth < $1.worth })
            {
                sites.append(site)
            }
        }
        return sites
    }

    /// Calls with the places of a lattice's points that lie on the raster, in units of its pitch; the raster's first
    /// candidate is at 0.5.
    private func eachPlace(of lattice: Lattice, _ body: (Double, Double) -> Void) {
        let d = field.spacing + 0.5 * Double(field.step)
        let (c, s) = (cos(lattice.angle), sin(lattice.angle))
        let half = lattice.step / 2
        let height = (1 - half * half).squareRoot()
        let v = onRaster(d * lattice.step * c, d * lattice.step * s)
        let w = onRaster(d * (half * c - height * s), d * (half * s + height * c))
        let determinant = v.x * w.y - v.y * w.x
        let (width, rows) = (Double(raster.width), Double(raster.height))
        var low = Double.infinity
        var high = -Double.infinity
        for (x, y) in [(0.0, 0.0), (width, 0), (0, rows), (width, rows)] {
            let j = (v.x * y - v.y * x) / determinant
            low = min(low, j)
            high = max(high, j)
        }
        for number in Int(low.rounded(.down)) ... Int(high.rounded(.up)) {
            let b = Double(number) + lattice.phase.1
            let origin = (x: b * w.x, y: b * w.y)
            // Where this row enters and leaves the raster.
            var (first, last) = (-Double.infinity, Double.infinity)
            for (start, step, end) in [(origin.x, v.x, width), (origin.y, v.y, rows)] {
                guard abs(step) > 1e-12 else {
                    if start < 0 || start >= end { last = -.infinity }
                    continue
                }
                first = max(first, min(-start / step, (end - start) / step))
                last = min(last, max(-start / step, (end - start) / step))
            }
            var i = (first - lattice.phase.0).rounded(.up) + lattice.phase.0
            while i < last {
                let (x, y) = (origin.x + i * v.x, origin.y + i * v.y)
                if x >= 0, y >= 0, x < width, y < rows { body(x, y) }
                i += 1
            }
        }
    }

    private func onRaster(_ along: Double, _ across: Double) -> (x: Double, y: Double) {
        let moved = field.plane.unsqueezed(along: along, across: across)
        return (moved.x / Double(pitch), moved.y / Double(pitch))
    }
}
