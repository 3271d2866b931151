internal import SerialEMProtocol

extension CommandTable {
    /// SerialEM's own scripts. The simulator keeps their text and runs none.
    static let scriptCommands: [String: CommandHandler] = [
        "StringArrayToScript": { try await $0.storeScript($1) },
    ]
}

extension VirtualMicroscope {
    func storeScript(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = -a.integer(2)
        guard (1 ... 60).contains(number) else { throw CommandFailure("The script number must be from -1 to -60.") }
        script.storedScripts[number] = try text(ofVariable: a.text(1))
        return []
    }
}
