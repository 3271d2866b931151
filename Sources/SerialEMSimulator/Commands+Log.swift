internal import Foundation
internal import SerialEMProtocol

extension CommandTable {
    /// The log window, the status lines and what else is on SerialEM's screen.
    static let logCommands: [String: CommandHandler] = [
        "Echo": { await $0.echo($1.lastText, breaksLines: false) },
        "EchoBreakLines": { await $0.echo($1.lastText, breaksLines: true) },
        "EchoReplaceLine": { await $0.replaceLine($1.lastText) },
        "EchoNoLineEnd": { await $0.echoWithoutEnd($1.lastText) },
        "SetNextLogOutputStyle": nothing,
        "DeferLogUpdates": nothing,
        "SaveLog": { try await $0.saveLog($1) },
        "SaveLogOpenNew": { try await $0.saveLogAndOpenNew($1) },
        "CloseLogOpenNew": { try await $0.closeLog(discard: $1.integer(1) != 0) },
        "SetStatusLine": { try await $0.setStatusLine($1) },
        "ClearStatusLine": { try await $0.clearStatusLine($1.integer(1)) },
        "HighlightStatusLine": { try await $0.checkStatusLine($1.integer(1)) },
        "FlashDisplay": nothing, "ToggleBufferDisplay": nothing, "OpenDialog": nothing, "ImposeToolbarColor": nothing,
        "Show": { try await $0.show($1.text(1)) },
        "SetBufZoomAndCenter": { try await $0.show($1.text(1)) },
        "ReportCurrentBuffer": { m, _ in await m.currentBuffer() },
        "AddBufToStackWindow": { try await $0.addToStackWindow($1) },
        "CloseStackWindow": { m, _ in await m.changeScript { $0.stackWindows = [:] } },
    ]
}

extension VirtualMicroscope {
    /// A line into SerialEM's log, or the end of the last one.
    @discardableResult func note(_ text: String) -> [ReportedValue] {
        if script.logLineIsOpen, let last = log.indices.last { log[last] += text } else { log.append(text) }
        script.logLineIsOpen = false
        return []
    }
    func echo(_ text: String, breaksLines: Bool) -> [ReportedValue] {
        let lines = breaksLines ? text.replacingOccurrences(of: "\\n", with: "\r\n") : text
        let plain = lines.replacingOccurrences(of: "\r\n", with: "\r").replacingOccurrences(of: "\n", with: breaksLines ? "\r" : "  ")
        for line in plain.split(separator: "\r", omittingEmptySubsequences: false) { note(String(line)) }
        return []
    }
    func replaceLine(_ text: String) -> [ReportedValue] {
        if script.logLineIsOpen, let last = log.indices.last { log[last] = text } else { log.append(text) }
        script.logLineIsOpen = true
        return []
    }
    func echoWithoutEnd(_ text: String) -> [ReportedValue] {
        note(text)
        script.logLineIsOpen = true
        return []
    }
    func saveLog(_ a: CommandArguments) async throws -> [ReportedValue] {
        var path: String
        if a.count >= 2, !a.lastText.isEmpty {
            path = absolute(a.lastText)
            if !path.hasSuffix(".log") { path = "\((path as NSString).deletingPathExtension).log" }
            if a.integer(1) == 0 { path = unusedName(path) }
        } else if let present = script.logFile {
            path = present
        } else {
            let answer = await ask(Dialog(.path, "Name of the log file", buttons: ["Save", "Cancel"], standard: .cancel))
            guard case .text(let name) = answer else { throw CommandFailure("The log has no file, and none was chosen.") }
            path = absolute(name)
        }
        try writeLog(to: path)
        return []
    }
    private func writeLog(to path: String) throws {
        do { try (log.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw CommandFailure("The log cannot be written to \(path).")
        }
        script.logFile = path
    }
    private func unusedName(_ path: String) -> String {
        guard FileManager.default.fileExists(atPath: path) else { return path }
        let root = (path as NSString).deletingPathExtension
        for number in 1 ... 9999 where !FileManager.default.fileExists(atPath: "\(root)-\(number).log") { return "\(root)-\(number).log" }
        return path
    }
    func saveLogAndOpenNew(_ a: CommandArguments) async throws -> [ReportedValue] {
        if let path = script.logFile { try writeLog(to: path) } else if !log.isEmpty { try await offerToSaveLog() }
        log = []
        script.logLineIsOpen = false
        script.logFile = a.count > 0 && !a.lastText.isEmpty ? absolute(a.lastText) : nil
        return []
    }
    func closeLog(discard: Bool) async throws -> [ReportedValue] {
        if !discard { if let path = script.logFile { try writeLog(to: path) } else if !log.isEmpty { try await offerToSaveLog() } }
        log = []
        script.logLineIsOpen = false
        script.logFile = nil
        return []
    }
    private func offerToSaveLog() async throws {
        let answer = await ask(Dialog(.question, "Do you want to save the log?", buttons: ["Yes", "No"], standard: .button(2)))
        if case .text(let name) = answer { try writeLog(to: absolute(name)) }
    }

    func checkStatusLine(_ line: Int) throws -> [ReportedValue] {
        guard (0 ... script.statusLines.count).contains(line) else { throw CommandFailure("The status line number \(line) is out of range.") }
        return []
    }
    /// With line 0 the first free line is taken and reported, 0 where none is free.
    func setStatusLine(_ a: CommandArguments) throws -> [ReportedValue] {
        _ = try checkStatusLine(a.integer(1))
        guard a.integer(1) == 0 else {
            script.statusLines[a.integer(1) - 1] = a.lastText
            return []
        }
        let free = script.statusLines.firstIndex(of: "")
        if let free { script.statusLines[free] = a.lastText }
        return [.count(free.map { $0 + 1 } ?? 0), .number(0)]
    }
    func clearStatusLine(_ line: Int) throws -> [ReportedValue] {
        _ = try checkStatusLine(line)
        for place in script.statusLines.indices where line == 0 || place == line - 1 { script.statusLines[place] = "" }
        return []
    }
    func show(_ name: String) throws -> [ReportedValue] {
        shownBuffer = try bufferIndex(name)
        return []
    }
    func currentBuffer() -> [ReportedValue] {
        [.text(BufferLetter.letter(shownBuffer).map(String.init) ?? "A"), .flag(buffers[shownBuffer] != nil)]
    }
    /// Stacks are windows: what can be told of them is how many images each holds.
    func addToStackWindow(_ a: CommandArguments) throws -> [ReportedValue] {
        _ = try buffer(try bufferIndex(a.text(1)))
        script.stackWindows[a.has(6) ? a.lastText : "Script Stack", default: 0] += 1
        return []
    }
}
