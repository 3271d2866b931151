internal import SerialEMProtocol

extension CommandTable {
    /// SerialEM's own scripts. The simulator keeps their text and runs none.
    static let scriptCommands: [String: CommandHandler] = [
        "Call": { _, a in throw CommandFailure("No script has the name \(a.lastText).") },
        "CallScript": { try await $0.callScript($1.integer(1)) },
        "CallMacro": { try await $0.callScript($1.integer(1)) },
        "CallFunction": { _, a in throw CommandFailure("The function \(a.text(1)) was not found in any script.") },
        "StringArrayToScript": { try await $0.storeScript($1) },
    ]
}

extension VirtualMicroscope {
    func callScript(_ number: Int) throws -> [ReportedValue] {
        guard (1 ... 60).contains(number) else { throw CommandFailure("\(number) is not a script number from 1 to 60.") }
        guard script.storedScripts[number] != nil else { throw CommandFailure("The script number \(number) is empty.") }
        throw CommandFailure("The simulator does not run scripts; number \(number) is stored only.")
    }
    func storeScript(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = -a.integer(2)
        guard (1 ... 60).contains(number) else { throw CommandFailure("The script number must be from -1 to -60.") }
        script.storedScripts[number] = try text(ofVariable: a.text(1))
        return []
    }
}
