internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Commands that wait for a human. Only YesNoBox and ThreeChoiceBox know NoMessageBoxOnError.
    static let dialogCommands: [String: CommandHandler] = [
        "Pause": { try await $0.pauseForUser($1.lastText) },
        "YesNoBox": { await $0.askYesOrNo($1.lastText) },
        "OKBox": { await $0.showMessage($1.lastText) },
        "ThreeChoiceBox": { try await $0.askThreeChoices($1) },
        "ManyChoiceBox": { try await $0.askManyChoices($1) },
        "EnterOneNumber": { try await $0.askNumber($1.lastText, standard: 0, isWhole: false) },
        "EnterDefaultedNumber": { try await $0.askNumber($1.lastText, standard: $1.number(1), isWhole: $1.integer(2) < 0) },
        "EnterString": { try await $0.askText(variable: $1.text(1), $1.lastText) },
        "NoLineWrapInMessageBox": { m, a in
            await m.changeScript { $0.wrapsNoLines = a.integer(1, default: 1) != 0 }
        },
        "UserSetDirectory": { try await $0.askDirectory($1.text(1)) },
        "ChooserForNewFile": { try await $0.chooseNewFile(variable: $1.lastText) },
        "ChooserForTextFile": { try await $0.chooseTextFile($1.integer(1)) },
        "EnterNameOpenFile": { try await $0.askNameOfNewFile($1.text(1)) },
        "UserOpenOldFile": { m, _ in try await m.askOldFile() },
        "WaitForNewMarkerPoint": { m, _ in try await m.waitForMarker() },
        "SetupScopeMessage": { m, a in try await m.setUpScopeMessage(a) },
        "ShowMessageOnScope": { try await $0.showScopeMessage($1.lastText) },
    ]
}

extension VirtualMicroscope {
    /// Whether boxes that SerialEM can do without are left out.
    var boxesAreSuppressed: Bool { messageBoxesAreOff || tryLevel > 0 }

    func changeScript(_ change: @Sendable (inout ScriptState) -> Void) -> [ReportedValue] {
        change(&script)
        return []
    }

    func pauseForUser(_ text: String) async throws -> [ReportedValue] {
        let answer = await ask(
            Dialog(.question, "\(text)\n\nDo you want to proceed with the script?", buttons: ["Yes", "No"]))
        guard answer == .button(1) else { throw CommandFailure("The user did not want to proceed.") }
        return [.number(1)]
    }
    func askYesOrNo(_ text: String) async -> [ReportedValue] {
        guard !boxesAreSuppressed else { return note(text) + [.number(0)] }
        return [.flag(await ask(Dialog(.question, text, buttons: ["Yes", "No"])) == .button(1))]
    }
    func showMessage(_ text: String) async -> [ReportedValue] {
        // Without line wrapping SerialEM takes another box, which it can suppress.
        if script.wrapsNoLines, boxesAreSuppressed { return note(text) }
        _ = await ask(Dialog(.message, text))
        return []
    }
    /// The arguments are names of variables: header, one to three choices, and last the labels of the buttons.
    func askThreeChoices(_ a: CommandArguments) async throws -> [ReportedValue] {
        guard a.count >= 3 else { throw CommandFailure("Header, a choice and labels of buttons are needed.") }
        let texts = try (1 ..< a.count).map { try self.text(ofVariable: a.text($0)) }
        let labels = try self.text(ofVariable: a.text(a.count)).split(separator: "\n").map(String.init)
        let text = texts.filter { !$0.isEmpty }.joined(separator: "\n\n")
        guard !boxesAreSuppressed else { return note(text) + [.number(3)] }
        guard case .button(let number) = await ask(Dialog(.question, text, buttons: labels)) else { return [.number(3)] }
        return [.count(max(1, min(3, number)))]
    }
    /// Values of a box with check marks or radio buttons; closed with what was set before, unless somebody cancels.
    func askManyChoices(_ a: CommandArguments) async throws -> [ReportedValue] {
        let isRadio = a.integer(1) != 0
        let labels = try text(ofVariable: a.text(3)).split(separator: "\n").map(String.init)
        let before = (try? text(ofVariable: a.text(4))) ?? (isRadio ? "0" : labels.map { _ in "0" }.joined(separator: "\n"))
        if isRadio, let chosen = Int(before), chosen >= labels.count {
            throw CommandFailure("The choice \(chosen) is beyond the number of options.")
        }
        if !isRadio, before.split(separator: "\n").count != labels.count {
            throw CommandFailure("The variables \(a.text(3)) and \(a.text(4)) do not have the same number of values.")
        }
        let dialog = Dialog(.question, try text(ofVariable: a.text(2)), buttons: labels, standard: .text(before))
        let chosen: String
        switch await ask(dialog) {
        case .cancel: return [.number(-1)]
        case .text(let values): chosen = values
        case .button(let number): chosen = isRadio ? "\(number - 1)" : before
        default: chosen = before
        }
        _ = setVariable(a.text(4), .text(chosen), persistent: false)
        return [.number(isRadio ? Double(chosen) ?? 0 : 0)]
    }
    func askNumber(_ prompt: String, standard: Double, isWhole: Bool) async throws -> [ReportedValue] {
        switch await ask(Dialog(.number, prompt, standard: .number(standard))) {
        case .number(let value) where value.isFinite: return [.number(isWhole ? value.rounded() : Double(Float(value)))]
        case .button: return [.number(standard)]
        default: throw CommandFailure("No number was entered.")
        }
    }
    func askText(variable: String, _ prompt: String) async throws -> [ReportedValue] {
        switch await ask(Dialog(.text, prompt, standard: .text(""))) {
        case .text(let text): return setVariable(variable, .text(text), persistent: false)
        case .button: return setVariable(variable, .text(""), persistent: false)
        default: throw CommandFailure("No string was entered.")
        }
    }
    func askDirectory(_ prompt: String) async throws -> [ReportedValue] {
        let text = prompt.isEmpty ? "Choose a new current working directory:" : prompt
        switch await ask(Dialog(.path, text, buttons: ["OK", "Cancel"], standard: .text(directory))) {
        case .text(let path): _ = try setDirectory(path)
        case .button(1): break
        default: return [.text("Cancel")]
        }
        return [.text(directory)]
    }
    /// A path that somebody chose; nobody there means that the chooser is cancelled.
    private func askPath(_ prompt: String) async -> String? {
        let answer = await ask(Dialog(.path, prompt, buttons: ["Open", "Cancel"], standard: .cancel))
        guard case .text(let path) = answer, !path.isEmpty else { return nil }
        return absolute(path)
    }
    func chooseNewFile(variable: String) async throws -> [ReportedValue] {
        guard let path = await askPath("Name of the new file") else { throw CommandFailure("No file name was chosen.") }
        fileOverwriteIsAllowed = true
        return setVariable(variable, .text(path), persistent: false)
    }
    func chooseTextFile(_ isNew: Int) async throws -> [ReportedValue] {
        [.text(await askPath(isNew != 0 ? "Name of the new text file" : "Text file to open") ?? "NONE")]
    }
    func askNameOfNewFile(_ prompt: String) async throws -> [ReportedValue] {
        let answer = await ask(Dialog(.text, prompt.isEmpty ? "Enter name for new file:" : prompt, standard: .cancel))
        guard case .text(let name) = answer, !name.isEmpty else { throw CommandFailure("No file name was entered.") }
        return try openNewFile(name)
    }
    func askOldFile() async throws -> [ReportedValue] {
        guard let path = await askPath("File to open") else { throw CommandFailure("No file was chosen.") }
        return try openOldFile(path)
    }
    /// Waits for a click; where nobody clicks, it counts as one on the middle of the image.
    func waitForMarker() async throws -> [ReportedValue] {
        let middle = try buffer(0).middle
        let answer = await ask(Dialog(.marker, "Waiting for a new marker point", buttons: [], standard: .point(x: middle.x, y: middle.y)))
        if case .point(let x, let y) = answer, x.isFinite, y.isFinite { buffers[0]?.marker = .init(x: x, y: y) }
        return []
    }
    func setUpScopeMessage(_ a: CommandArguments) throws -> [ReportedValue] {
        script.scopeMessage = (a.integer(1), try a.number(2), nil, a.text(3))
        return []
    }
    /// Button code 1 when due, else 0 and -1.
    func showScopeMessage(_ title: String) async throws -> [ReportedValue] {
        guard let message = script.scopeMessage else { throw CommandFailure("SetupScopeMessage has to come first.") }
        if let last = message.last, clock.elapsed - last < message.interval * 60 { return [.number(0), .number(-1)] }
        script.scopeMessage?.last = clock.elapsed
        guard case .button(let number) = await ask(Dialog(.question, "\(title)\n\(message.text)")) else { return [.number(1), .number(0)] }
        return [.number(1), .count(number)]
    }
}
