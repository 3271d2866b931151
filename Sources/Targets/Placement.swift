import Geometry
import Raster
import Units

/// Chooses positions so that their summed score is as large as can be found and no two come closer than a beam at the
/// largest tilt: a maximum-weight independent set in the squeezed plane.
///
/// Starts from the best sites one by one, from the best lattices and, for sparse targets, from the objects; each start is
/// annealed, filled up, and its targets moved by single pixels as long as that helps. The generator is seeded, the number
/// of steps is fixed: the same map and seed give the same targets.
struct Placement {
    typealias Site = PlacementField.Site
    let field: PlacementField
    let sparse: Bool
    let seed: UInt64
    let candidates: Candidates

    init(field: PlacementField, sparse: Bool, seed: UInt64) {
        self.field = field
        self.sparse = sparse
        self.seed = seed
        candidates = field.candidates()
    }

    func solve() -> [Site] {
        let sites = candidates.sites
        guard !sites.isEmpty else { return [] }
        let order = sites.indices.sorted { (sites[$1].worth, $0) < (sites[$0].worth, $1) }
        var starts = [fill([], order: order)]
        // Large even regions pack best on a lattice; on the outline of a region there is none.
        if let raster = candidates.raster, !isCrowded {
            starts += HexagonalLattice(field: field, candidates: candidates, raster: raster).best(2)
                .map { fill($0, order: order) }
        }
        if sparse { starts.append(fill(objectSeeds(), order: order)) }
        var best: [Site] = []
        for (number, start) in starts.enumerated() {
            let improved = polish(fill(anneal(start, number: number), order: order))
            for choice in [polish(start), improved] where sum(choice) > sum(best) { best = choice }
        }
        return best
    }

    /// A beam smaller than a pixel keeps nothing apart: there is nothing to improve.
    private var isCrowded: Bool { field.spacing * min(1, field.plane.factor) <= 1 }

    /// The start's own sites need not be candidates: they are added to them.
    private func anneal(_ start: [Site], number: Int) -> [Site] {
        guard !isCrowded else { return start }
        let sites = candidates.sites + start
        var annealing = Annealing(
            sites: sites, spacing: field.spacing, raster: candidates.raster?.adding(start, of: field, pitch: candidates.pitch))
        return annealing.run(
            from: Array(candidates.sites.count ..< sites.count), steps: 200_000, hottest: 0.05, coldest: 0.005,
            random: RandomSource(seed: seed).fork(UInt64(number))
        ).map { sites[$0] }
    }

    private func sum(_ sites: [Site]) -> Double { sites.reduce(0) { $0 + $1.worth } }

    /// Adds candidates, best first, wherever there is room.
    private func fill(_ start: [Site], order: [Int]) -> [Site] {
        var chosen = start
        for index in order where field.isFree(candidates.sites[index], among: chosen) {
            chosen.append(candidates.sites[index])
        }
        return chosen
    }

    /// One site per connected object of a wanted class: the nearest allowed one to its centre, so that a small object
    /// beside a large one is not forgotten.
    private func objectSeeds() -> [Site] {
        var chosen: [Site] = []
        for centre in ConnectedObjects.centres(field.labels, where: field.classes.target) {
            if let site = field.site(at: centre), field.isFree(site, among: chosen) { chosen.append(site) }
        }
        return chosen
    }

    /// Moves single targets to better pixels beside them as long as that helps.
    private func polish(_ start: [Site]) -> [Site] {
        guard field.edge == nil else { return start }
        var sites = start
        for step in [Double(candidates.pitch), Double(field.step)] {
            var moved = true
            var rounds = 0
            while moved, rounds < 30 {
                moved = false
                rounds += 1
                for i in sites.indices {
                    for (dx, dy) in [(1.0, 0.0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)] {
                        let place = sites[i].position + Vector(dx: dx * step, dy: dy * step)
                        guard let site = field.site(at: place), site.worth > sites[i].worth + 1e-6 else { continue }
                        let others = sites[..<i] + sites[(i + 1)...]
                        if field.isFree(site, among: Array(others)) {
                            sites[i] = site
                            moved = true
                        }
                    }
                }
            }
        }
        return sites
    }
}

