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
        let order = bestFirst(sites)
        var starts = [fill([], order: order)]
        // Large even regions pack best on a lattice. On the outline of a region there is none; a few sparse targets are not worth the time.
        let isWorthLattices = !sparse || starts[0].count > 15 || sites.count < 5000
        if let raster = candidates.raster, !isCrowded, isWorthLattices {
            starts += HexagonalLattice(field: field, candidates: candidates, raster: raster).best(2).map { fill($0, order: order) }
        }
        if sparse { starts.append(fill(objectSeeds(), order: order)) }
        let choices = starts + anneal(starts).map { fill($0, order: order) }
        var best: [Site] = []
        for choice in simultaneously(choices.count, { polish(choices[$0]) }) where sum(choice) > sum(best) { best = choice }
        return best
    }

    /// A beam smaller than a pixel keeps nothing apart: there is nothing to improve.
    private var isCrowded: Bool { field.spacing * min(1, field.plane.factor) <= 1 }

    /// The numbers of sites, those of equal worth in their order.
    private func bestFirst(_ sites: [Site]) -> [Int] {
        // Of positive numbers the bits have the order of the numbers.
        let keys = sites.indices.map { UInt64(~Float(max(0, sites[$0].worth)).bitPattern) << 32 | UInt64($0) }
        return keys.sorted().map { Int($0 & 0xFFFF_FFFF) }
    }

    /// The starts' own sites need not be candidates: they are added to them.
    private func anneal(_ starts: [[Site]]) -> [[Site]] {
        guard !isCrowded else { return starts }
        let added = starts.flatMap { $0 }
        let sites = candidates.sites + added
        let annealing = Annealing(
            sites: sites, spacing: field.spacing, raster: candidates.raster?.adding(added, of: field, pitch: candidates.pitch))
        var first = candidates.sites.count
        let runs = starts.flatMap { start -> [(start: [Int], isOfFew: Bool)] in
            // Of a few targets each counts, and a run ends in one of many good choices; many targets make up for one another.
            let isOfFew = start.count < 25
            let own = Array(first ..< first + start.count)
            first += start.count
            return Array(repeating: (own, isOfFew), count: isOfFew ? Self.runsForFew : 1)
        }
        // Each has a generator of its own: how many run at once makes no difference to what they find.
        return simultaneously(runs.count) { number in
            let (start, isOfFew) = runs[number]
            var own = annealing
            let run = own.run(
                from: start, steps: Self.stepsPerTarget * max(12, start.count), hottest: isOfFew ? 0.2 : 0.05, coldest: 0.005,
                random: RandomSource(seed: seed).fork(UInt64(number)))
            return run.map { sites[$0] }
        }
    }

    /// Of the annealing of each start.
    private static let stepsPerTarget = 2500
    private static let runsForFew = 6

    /// More targets on a lamella than anybody acquires: where a beam is hardly larger than a pixel.
    private static let most = 2000

    private func sum(_ sites: [Site]) -> Double { sites.reduce(0) { $0 + $1.worth } }

    /// Adds candidates, best first, wherever there is room.
    private func fill(_ start: [Site], order: [Int]) -> [Site] {
        var packing = Packing(field)
        for site in start { packing.append(site) }
        for index in order where packing.sites.count < Self.most { packing.appendIfFree(candidates.sites[index]) }
        return packing.sites
    }

    /// One site per connected object of a wanted class: the nearest allowed one to its centre, so that a small object
    /// beside a large one is not forgotten.
    private func objectSeeds() -> [Site] {
        var packing = Packing(field)
        for centre in ConnectedObjects.centres(field.labels, where: field.classes.target) {
            if let site = field.site(at: centre) { packing.appendIfFree(site) }
        }
        return packing.sites
    }

    /// Moves single targets to better pixels beside them as long as that helps.
    private func polish(_ start: [Site]) -> [Site] {
        guard field.edge == nil else { return start }
        var packing = Packing(field)
        for site in start { packing.append(site) }
        field.climb(packing.sites.count, steps: [Double(candidates.pitch), Double(field.step)], from: { packing.sites[$0] }) { i, site in
            guard packing.isFree(site, leavingOut: i) else { return false }
            packing.move(i, to: site)
            return true
        }
        return packing.sites
    }
}
