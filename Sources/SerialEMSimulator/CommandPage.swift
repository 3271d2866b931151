public import SerialEMProtocol

/// Where a command of SerialEM's list stands in the simulator.
public enum CommandState: Sendable, Hashable {
    /// Takes the arguments, reports the values and has the effect that SerialEM's has.
    case real
    /// Answers as SerialEM does, with less behind it; the text says what.
    case simplified(String)
    /// Answers with SerialEM's kind of error, which names the command; the text says why.
    case refused(String)
    /// No command for external control; answers with an error.
    case notExported

    /// One word for a table.
    public var word: String {
        switch self {
        case .real: "real"
        case .simplified: "simplified"
        case .refused, .notExported: "refused"
        }
    }
    /// What a reader should know besides.
    public var remark: String {
        switch self {
        case .real: ""
        case .simplified(let text), .refused(let text): text
        case .notExported: "Part of SerialEM's script language, not for external control."
        }
    }
}

/// The list of all commands with what the simulator makes of them, from the table that it answers by.
public enum CommandPage {
    /// What is known of one command.
    public static func state(of definition: CommandDefinition) -> CommandState {
        // These two are answered before the table is asked.
        let isAnswered = CommandTable.handlers[definition.code] != nil || definition.name == "Exit" || definition.name == "Return"
        if isAnswered { return CommandTable.simplified[definition.name].map { .simplified($0) } ?? .real }
        return definition.letters == nil ? .notExported : .refused(CommandTable.refusal(definition.name))
    }

    /// One line for each command, tab-separated: code, name, letters of its arguments, state, remark.
    public static var text: String {
        FunctionCodes.all.map { command in
            let state = state(of: command)
            return "\(command.code)\t\(command.name)\t\(command.letters ?? "-")\t\(state.word)\t\(state.remark)"
        }.joined(separator: "\n") + "\n"
    }

    /// The same as a page in Markdown.
    public static var markdown: String {
        let states = FunctionCodes.all.map { state(of: $0).word }
        func count(_ word: String) -> Int { states.count { $0 == word } }
        var lines = [
            "# Commands of SerialEM in the simulator",
            "",
            "Written by `serialem-sim commands --markdown`, from the table that the simulator answers by; a test compares the two.",
            "",
            "Of the \(states.count) commands of SerialEM's list \(count("real")) are real, \(count("simplified")) are simplified and"
                + " \(count("refused")) are refused: those answer with an error that names the command.",
            "",
            "Arguments: D number, I integer, S text; lower case may be left out. \"none\": no arguments. \"-\": not for external control.",
            "Since: the first version of SerialEM that has the command; 4.3b is a development version.",
            "",
            "| code | command | arguments | since | state | remark |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for command in FunctionCodes.all {
            let state = state(of: command)
            let letters = command.letters.map { $0.isEmpty ? "none" : $0 } ?? "-"
            lines.append(
                "| \(command.code) | \(command.name) | \(letters) | \(since(command.code)) | \(state.word) | \(state.remark) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Commands are added at the end of SerialEM's list only, so the code tells the version.
    private static func since(_ code: Int32) -> String {
        switch code {
        case ..<601: "4.0.0"
        case ..<603: "4.0.2"
        case ..<721: "4.1.0"
        case ..<790: "4.2.0"
        default: "4.3b"
        }
    }
}
