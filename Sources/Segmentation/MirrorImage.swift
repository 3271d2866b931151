/// The four mirror images over which logits are averaged.
enum MirrorImage: CaseIterable, Sendable {
    case identity, vertical, horizontal, both

    /// What is mirrored: 0 for the order of rows, 1 for that of columns.
    var axes: Set<Int> {
        switch self {
        case .identity: []
        case .vertical: [0]
        case .horizontal: [1]
        case .both: [0, 1]
        }
    }

    /// Mirrors each plane of rows and columns; doing it twice gives back the original.
    func callAsFunction(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        guard self != .identity else { return values }
        let flipsRows = self != .horizontal
        let flipsColumns = self != .vertical
        var out = values
        let plane = rows * columns
        for start in stride(from: 0, to: values.count, by: plane) {
            for y in 0 ..< rows {
                let from = start + (flipsRows ? rows - 1 - y : y) * columns
                let to = start + y * columns
                for x in 0 ..< columns { out[to + x] = values[from + (flipsColumns ? columns - 1 - x : x)] }
            }
        }
        return out
    }
}
