import Geometry
import Raster
import Units

/// Chooses positions so that their summed score is as large as can be found and no two come closer than a beam at the
/// largest tilt: a maximum-weight independent set in the squeezed plane.
///
/// Starts from the best lattices (dense targets) or the best sites one by one (sparse ones), then takes a few
/// neighbours out and puts others in as long as the sum grows, then moves single targets by pixels. The generator is
/// seeded, the number of rounds is fixed: the same map and seed give the same targets.
struct Placement {
    typealias Site = PlacementField.Site
    let field: PlacementField
    let sparse: Bool
    let seed: UInt64
    private let candidates: [Site]
    private let pitch: Int
    private let cells: SiteCells

    init(field: PlacementField, sparse: Bool, seed: UInt64) {
        self.field = field
        self.sparse = sparse
        self.seed = seed
        (candidates, pitch) = field.candidates()
        cells = SiteCells(candidates, side: field.spacing)
    }

    func solve() -> [Site] {
        guard !candidates.isEmpty else { return [] }
        let order = candidates.indices.sorted { (candidates[$1].worth, $0) < (candidates[$0].worth, $1) }
        var starts = [fill([], order: order)]
        // Large even regions pack best on a lattice; on the outline of a region there is none.
        if field.edge == nil { starts += HexagonalLattice(field: field).best(3).map { fill($0, order: order) } }
        if sparse { starts.append(fill(objectSeeds(), order: order)) }
        var best: [Site] = []
        for (number, start) in starts.enumerated() {
            let improved = polish(improve(start, random: RandomSource(seed: seed).fork(UInt64(number))))
            if sum(improved) > sum(best) { best = improved }
        }
        return best
    }

    private func sum(_ sites: [Site]) -> Double { sites.reduce(0) { $0 + $1.worth } }

    /// Adds candidates, best first, wherever there is room.
    private func fill(_ start: [Site], order: [Int]) -> [Site] {
        var chosen = start
        for index in order where field.isFree(candidates[index], among: chosen) { chosen.append(candidates[index]) }
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

    /// Ruin and recreate: the targets of a random neighbourhood make room for others; kept if the sum does not shrink.
    private func improve(_ start: [Site], random: RandomSource) -> [Site] {
        var random = random
        var current = start
        var best = start
        for _ in 0 ..< 600 {
            let middle =
                current.isEmpty
                ? candidates[Int(random.uniform() * Double(candidates.count))]
                : current[Int(random.uniform() * Double(current.count))]
            let reach = field.spacing * random.uniform(0.5 ... 2.2)
            var next = current.filter { $0.distance(to: middle) > reach }
            recreate(&next, around: middle, reach: reach, random: &random)
            if sum(next) >= sum(current) - 1e-12 {
                current = next
                if sum(current) > sum(best) { best = current }
            }
        }
        return best
    }

    private func recreate(_ chosen: inout [Site], around middle: Site, reach: Double, random: inout RandomSource) {
        let near = chosen.filter { $0.distance(to: middle) < reach + 3 * field.spacing }
        var free: [(site: Site, rank: Double)] = []
        let noise = random.uniform(0 ... 0.4)
        let contact = sparse ? 0.0 : random.uniform(0 ... 0.3)
        // Sites that touch placed targets leave more room for the others.
        let touching = field.spacing + 1.5 * Double(pitch)
        for index in cells.near(middle, reach: reach + field.spacing) {
            let site = candidates[index]
            guard site.distance(to: middle) < reach + field.spacing, field.isFree(site, among: near) else { continue }
            let contacts = contact > 0 ? near.count { $0.distance(to: site) < touching } : 0
            free.append((site, site.worth * (1 + noise * random.uniform()) + contact * Double(contacts)))
        }
        while let pick = free.max(by: { $0.rank < $1.rank })?.site {
            chosen.append(pick)
            var rest: [(site: Site, rank: Double)] = []
            for entry in free {
                let distance = entry.site.distance(to: pick)
                guard distance >= field.spacing - 1e-9 else { continue }
                rest.append((entry.site, entry.rank + (distance < touching ? contact : 0)))
            }
            free = rest
        }
    }

    /// Moves single targets to better pixels beside them as long as that helps.
    private func polish(_ start: [Site]) -> [Site] {
        guard field.edge == nil else { return start }
        var sites = start
        for step in [Double(max(2, pitch)), 1] {
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

/// Sites sorted into square cells of the squeezed plane, to find the near ones.
struct SiteCells {
    private struct Cell: Hashable {
        var along: Int
        var across: Int
    }
    private let side: Double
    private var cells: [Cell: [Int]] = [:]

    init(_ sites: [PlacementField.Site], side: Double) {
        self.side = side
        for (index, site) in sites.enumerated() { cells[cell(site.along, site.across), default: []].append(index) }
    }

    private func cell(_ along: Double, _ across: Double) -> Cell {
        Cell(along: Int((along / side).rounded(.down)), across: Int((across / side).rounded(.down)))
    }

    /// Indices of all sites within a reach, and some beyond, in a fixed order.
    func near(_ middle: PlacementField.Site, reach: Double) -> [Int] {
        let low = cell(middle.along - reach, middle.across - reach)
        let high = cell(middle.along + reach, middle.across + reach)
        var found: [Int] = []
        for along in low.along ... high.along {
            for across in low.across ... high.across { found += cells[Cell(along: along, across: across)] ?? [] }
        }
        return found
    }
}
