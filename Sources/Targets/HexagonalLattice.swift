import Foundation
import Geometry
import Raster

/// The densest packing of equal discs, laid over the squeezed plane in every direction and phase.
struct HexagonalLattice {
    let field: PlacementField

    /// The best lattices by summed worth, best first.
    ///
    /// Twelve directions cover the lattice's period of 60 degrees in steps of 5; twelve phases along each vector move it
    /// by less than a tenth of a beam.
    func best(_ count: Int) -> [[PlacementField.Site]] {
        var found: [(sum: Double, sites: [PlacementField.Site])] = []
        for direction in 0 ..< 12 {
            let angle = Double(direction) * .pi / 36
            for i in 0 ..< 12 {
                for j in 0 ..< 12 {
                    let sites = sites(angle: angle, phase: (Double(i) / 12, Double(j) / 12))
                    let sum = sites.reduce(0) { $0 + $1.worth }
                    guard sum > (found.count < count ? 0 : found[found.count - 1].sum) else { continue }
                    found.insert((sum, sites), at: found.firstIndex { $0.sum < sum } ?? found.count)
                    if found.count > count { found.removeLast() }
                }
            }
        }
        return found.map(\.sites)
    }

    private func sites(angle: Double, phase: (Double, Double)) -> [PlacementField.Site] {
        let d = field.spacing
        let v = (along: d * cos(angle), across: d * sin(angle))
        let w = (along: d * cos(angle + .pi / 3), across: d * sin(angle + .pi / 3))
        let determinant = v.along * w.across - v.across * w.along
        var low = (Double.infinity, Double.infinity)
        var high = (-Double.infinity, -Double.infinity)
        let (width, height) = (Double(field.labels.width), Double(field.labels.height))
        for (x, y) in [(0.0, 0.0), (width, 0), (0, height), (width, height)] {
            let s = field.plane.squeezed(x: x, y: y)
            let i = (s.along * w.across - s.across * w.along) / determinant
            let j = (v.along * s.across - v.across * s.along) / determinant
            low = (min(low.0, i), min(low.1, j))
            high = (max(high.0, i), max(high.1, j))
        }
        var sites: [PlacementField.Site] = []
        for i in Int(low.0.rounded(.down)) ... Int(high.0.rounded(.up)) {
            for j in Int(low.1.rounded(.down)) ... Int(high.1.rounded(.up)) {
                let (a, b) = (Double(i) + phase.0, Double(j) + phase.1)
                let position = field.plane.unsqueezed(
                    along: a * v.along + b * w.along, across: a * v.across + b * w.across)
                if let site = field.site(at: position) { sites.append(site) }
            }
        }
        return sites
    }
}
