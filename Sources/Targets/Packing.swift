/// Sites that are chosen, in cells of the squeezed plane, so that only those nearby are looked at.
struct Packing {
    typealias Site = PlacementField.Site
    private(set) var sites: [Site] = []
    private let spacing: Double
    /// At least the spacing: whatever is too close lies in a neighbouring cell.
    private let side: Double
    private let low: (along: Double, across: Double)
    private let columns: Int
    private let rows: Int
    /// By cell: one of its sites, -1 for none; by site: another one of its cell.
    private var first: [Int32]
    private var next: [Int32] = []

    init(_ field: PlacementField) {
        let outer = field.outerSites
        low = (outer.map(\.along).min() ?? 0, outer.map(\.across).min() ?? 0)
        let width = (outer.map(\.along).max() ?? 0) - low.along
        let height = (outer.map(\.across).max() ?? 0) - low.across
        spacing = field.spacing
        // Where a beam is smaller than pixels, cells stay few.
        side = max(field.spacing, (width * height / 1e6).squareRoot(), max(width, height) / 1e5, 1e-3)
        columns = Int(width / side) + 1
        rows = Int(height / side) + 1
        first = [Int32](repeating: -1, count: columns * rows)
    }

    private func cell(of site: Site) -> (column: Int, row: Int) {
        (
            column: min(columns - 1, max(0, Int((site.along - low.along) / side))),
            row: min(rows - 1, max(0, Int((site.across - low.across) / side)))
        )
    }

    /// Whether a site keeps the distance to all that are chosen, but one that may be left out. The tolerance is rounding error,
    /// far below the slack that ``TargetSelection`` adds to the spacing.
    func isFree(_ site: Site, leavingOut own: Int = -1) -> Bool {
        let (column, row) = cell(of: site)
        for y in max(0, row - 1) ... min(rows - 1, row + 1) {
            for x in max(0, column - 1) ... min(columns - 1, column + 1) {
                var other = Int(first[y * columns + x])
                while other >= 0 {
                    if other != own, sites[other].distance(to: site) < spacing - 1e-9 { return false }
                    other = Int(next[other])
                }
            }
        }
        return true
    }

    mutating func append(_ site: Site) {
        sites.append(site)
        next.append(-1)
        link(sites.count - 1)
    }

    mutating func appendIfFree(_ site: Site) {
        if isFree(site) { append(site) }
    }

    mutating func move(_ index: Int, to site: Site) {
        let (column, row) = cell(of: sites[index])
        let cell = row * columns + column
        if Int(first[cell]) == index {
            first[cell] = next[index]
        } else {
            var before = Int(first[cell])
            while before >= 0, Int(next[before]) != index { before = Int(next[before]) }
            if before >= 0 { next[before] = next[index] }
        }
        sites[index] = site
        link(index)
    }

    private mutating func link(_ index: Int) {
        let (column, row) = cell(of: sites[index])
        next[index] = first[row * columns + column]
        first[row * columns + column] = Int32(index)
    }
}
