/// One entry of SerialEM's master list of script commands.
public struct CommandDefinition: Sendable, Hashable {
    /// The name in SerialEM's spelling, such as `MoveStageTo`.
    public let name: String
    /// The function code that stands for the command on the wire.
    public let code: Int32
    /// One letter for each argument: D number, I integer, S text; lower case for optional. `nil` for an entry that is
    /// not meant for external control and must never be sent.
    public let letters: String?
}

/// SerialEM's command codes. A code is the position in the program's list and has been the same in every release.
public enum FunctionCodes {
    /// All commands of the list; the index is the code.
    public static let all: [CommandDefinition] = table.split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ")
        guard fields.count == 3, let code = Int32(fields[0]) else { return nil }
        let letters: String? =
            switch fields[2] {
            case "x": nil
            case "-": ""
            default: String(fields[2])
            }
        return CommandDefinition(name: String(fields[1]), code: code, letters: letters)
    }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The command of a name in SerialEM's spelling.
    public static func definition(named name: String) -> CommandDefinition? { byName[name] }

    /// The command of a code.
    public static func definition(code: Int32) -> CommandDefinition? {
        all.indices.contains(Int(code)) ? all[Int(code)] : nil
    }
}
