internal import SerialEMProtocol

extension CommandTable {
    /// The parameters of the hole finder. The grids here have no holes to find, so there is nothing more to it.
    static let holeFinderCommands: [String: CommandHandler] = [
        "SetHoleFinderParams": { try await $0.setHoleFinder($1) },
        "ReportHoleFinderParams": { m, _ in
            let hole = await m.script.holeFinder
            return [.number(hole.diameter), .number(hole.spacing), .flag(hole.isHexagonal), .number(hole.largestError)]
        },
        "ClearHoleFinder": nothing,
    ]
}

/// Sizes in micrometres.
struct HoleFinder: Sendable {
    var diameter = 2.0
    var spacing = 4.0
    var isHexagonal = false
    var largestError = 0.05
}

extension VirtualMicroscope {
    func setHoleFinder(_ a: CommandArguments) throws -> [ReportedValue] {
        let (diameter, spacing) = (try a.number(1), try a.number(2))
        guard diameter > 0, spacing > diameter else { throw CommandFailure("Holes of \(diameter) um every \(spacing) um are not possible.") }
        script.holeFinder.diameter = diameter
        script.holeFinder.spacing = spacing
        script.holeFinder.isHexagonal = a.integer(3) != 0
        if a.has(4) { script.holeFinder.largestError = try a.number(4) }
        return []
    }
}
