internal import SerialEMProtocol

/// A JEOL column without the property ApertureSizes speaks of positions 1 to 4 in each aperture holder, and of 0 for none.
private enum JEOLApertures {
    /// What sits at the positions, in micrometres, by SerialEM's number of the holder: 1 condenser, 2 objective, 4 selected area.
    static let sizes = [1: [150, 100, 70, 50], 2: [150, 100, 70, 40], 4: [200, 100, 40, 10]]

    static func sizes(_ number: Int) throws -> [Int] {
        guard let sizes = sizes[number] else { throw CommandFailure("There is no aperture \(number) on this microscope.") }
        return sizes
    }
}

extension CommandTable {
    /// Lets the commands that deal in sizes deal in positions where the column is a JEOL.
    static func addJEOLApertures(to table: inout [Int32: CommandHandler]) {
        typealias Around = @Sendable (CommandHandler, VirtualMicroscope, CommandArguments) async throws -> [ReportedValue]
        func wrap(_ name: String, _ around: @escaping Around) {
            guard let code = FunctionCodes.definition(named: name)?.code, let bySize = table[code] else { return }
            table[code] = { m, a in
                guard m.configuration.kind == .jeol else { return try await bySize(m, a) }
                return try await around(bySize, m, a)
            }
        }
        wrap("ReportApertureSize") { bySize, m, a in
            let sizes = try JEOLApertures.sizes(a.integer(1))
            guard let size = try await bySize(m, a).first?.number, size > 0 else { return [.number(0)] }
            // A hole that no position has was put in by an imaging state; the nearest stands for it.
            let nearest = sizes.indices.min { (Double(sizes[$0]) - size).magnitude < (Double(sizes[$1]) - size).magnitude }
            return [.count((nearest ?? 0) + 1)]
        }
        wrap("SetApertureSize") { bySize, m, a in
            let sizes = try JEOLApertures.sizes(a.integer(1))
            let position = a.integer(2)
            guard position == 0 || sizes.indices.contains(position - 1) else {
                throw CommandFailure("Aperture \(a.integer(1)) has no position \(position).")
            }
            let size = position == 0 ? 0 : sizes[position - 1]
            return try await bySize(m, CommandArguments([.integer(a.integer(1)), .integer(size)]))
        }
    }
}
