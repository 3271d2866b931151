/// A table for a terminal: the first column to the left, the others to the right.
public struct TextTable: Sendable, Hashable {
    private var rows: [[String]]

    public init(_ heading: [String]) { rows = [heading] }

    /// Adds a row with as many cells as the heading has.
    public mutating func add(_ row: [String]) { rows.append(row) }

    /// One line for each row.
    public var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + blanks : blanks + cell
            }
            return "  " + cells.joined(separator: "  ")
        }
    }
}
