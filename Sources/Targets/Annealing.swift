import Foundation
import Raster

/// Improves a choice of sites by simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983).
///
/// A step puts one site in and takes out all that are too close to it. It is taken if the sum of worth grows, and with
/// probability exp(loss / temperature) if not; a target that moves to a neighbouring site is such a step too. The number of
/// steps is fixed and the generator seeded.
struct Annealing {
    typealias Site = PlacementField.Site
    let sites: [Site]
    let spacing: Double
    /// Where the sites lie, to find neighbours; nil where they lie on no raster.
    let raster: CandidateRaster?
    private let side: Double
    private let low: (along: Double, across: Double)
    private let cellsAlong: Int
    private let cellOfSite: [Int32]
    /// Of two sites in one cell only one can be chosen: the cell's diagonal is shorter than the spacing.
    private var chosenInCell: [Int32]

    init(sites: [Site], spacing: Double, raster: CandidateRaster?) {
        self.sites = sites
        self.spacing = spacing
        self.raster = raster
        let side = spacing * 0.7071
        let low = (along: sites.map(\.along).min() ?? 0, across: sites.map(\.across).min() ?? 0)
        let high = (along: sites.map(\.along).max() ?? 0, across: sites.map(\.across).max() ?? 0)
        // Two empty cells on every side, so that no neighbourhood leaves the array.
        let cellsAlong = Int((high.along - low.along) / side) + 5
        let cellsAcross = Int((high.across - low.across) / side) + 5
        self.side = side
        self.low = low
        self.cellsAlong = cellsAlong
        cellOfSite = sites.map { site in
            let along = Int((site.along - low.along) / side) + 2
            let across = Int((site.across - low.across) / side) + 2
            return Int32(across * cellsAlong + along)
        }
        chosenInCell = [Int32](repeating: -1, count: cellsAlong * cellsAcross)
    }

    /// The choice after all steps, whatever was chosen before; its sum may be less than that of the start.
    mutating func run(
        from start: [Int], steps: Int, hottest: Double, coldest: Double, random: RandomSource
    ) -> [Int] {
        var random = random
        for cell in chosenInCell.indices { chosenInCell[cell] = -1 }
        for site in start { put(site) }
        let cooling = pow(coldest / hottest, 1 / Double(max(1, steps)))
        var temperature = hottest
        var conflicts = [Int32](repeating: 0, count: 25)
        for step in 0 ..< steps {
            temperature *= cooling
            let site = step & 1 == 0 ? anySite(&random) : siteBesideAChosenOne(&random)
            guard let site, chosenInCell[Int(cellOfSite[site])] != Int32(site) else { continue }
            let (count, lost) = findConflicts(of: site, into: &conflicts)
            let change = sites[site].worth - lost
            guard change >= 0 || random.uniform() < exp(change / temperature) else { continue }
            for i in 0 ..< count { chosenInCell[Int(cellOfSite[Int(conflicts[i])])] = -1 }
            put(site)
        }
        return chosenInCell.compactMap { $0 >= 0 ? Int($0) : nil }
    }

    private mutating func put(_ site: Int) { chosenInCell[Int(cellOfSite[site])] = Int32(site) }

    private func anySite(_ random: inout RandomSource) -> Int? {
        Int(random.uniform() * Double(sites.count))
    }

    private func siteBesideAChosenOne(_ random: inout RandomSource) -> Int? {
        let cell = Int(random.uniform() * Double(chosenInCell.count))
        guard let raster, chosenInCell[cell] >= 0 else { return anySite(&random) }
        return raster.neighbour(of: Int(chosenInCell[cell]), &random)
    }

    private func findConflicts(of site: Int, into conflicts: inout [Int32]) -> (count: Int, worth: Double) {
        let (along, across) = (sites[site].along, sites[site].across)
        let least = (spacing - 1e-9) * (spacing - 1e-9)
        var count = 0
        var worth = 0.0
        let middle = Int(cellOfSite[site])
        for line in -2 ... 2 {
            for place in middle + line * cellsAlong - 2 ... middle + line * cellsAlong + 2 {
                let other = Int(chosenInCell[place])
                guard other >= 0 else { continue }
                let (a, c) = (sites[other].along - along, sites[other].across - across)
                guard a * a + c * c < least else { continue }
                conflicts[count] = Int32(other)
                count += 1
                worth += sites[other].worth
            }
        }
        return (count, worth)
    }
}
