internal import Foundation
internal import SerialEMProtocol

extension CommandTable {
    static let textFileCommands: [String: CommandHandler] = [
        "OpenTextFile": { try await $0.openTextFile($1) },
        "WriteLineToFile": { try await $0.writeLine($1.text(1), $1.count > 1 ? $1.lastText : "") },
        "FlushTextFile": { try await $0.flushTextFile($1.text(1)) },
        "CloseTextFile": { try await $0.closeTextFile($1.text(1)) },
        "ReadStringsFromFile": { try await $0.readText(variable: $1.text(1), $1.lastText, linesOnly: true) },
        "ReadTextFile": { try await $0.readText(variable: $1.text(1), $1.lastText, linesOnly: false) },
    ]
}

extension VirtualMicroscope {
    func openTextFile(_ a: CommandArguments) throws -> [ReportedValue] {
        let name = a.text(1).uppercased()
        let mode = a.text(2).uppercased()
        let path = absolute(a.lastText)
        guard script.textFiles[name] == nil else { throw CommandFailure("There is already an open text file with the ID \(a.text(1)).") }
        guard ["R", "T", "W", "A", "O"].contains(mode) else { throw CommandFailure("The second entry must be R, T, W, A or O.") }
        let exists = FileManager.default.fileExists(atPath: path)
        let writes = ["W", "A", "O"].contains(mode)
        if mode == "W", exists, !fileOverwriteIsAllowed { throw CommandFailure("The file \(path) already exists.") }
        let opened: Bool
        if !writes {
            opened = FileManager.default.isReadableFile(atPath: path)
        } else if mode == "A", exists {
            opened = FileManager.default.isWritableFile(atPath: path)
        } else {
            opened = FileManager.default.createFile(atPath: path, contents: nil)
        }
        if opened { script.textFiles[name] = TextFile(path: path, writes: writes, isKept: a.integer(3) != 0) }
        guard opened || mode == "T" else { throw CommandFailure("The file \(path) cannot be opened.") }
        return mode == "T" ? [.flag(opened)] : []
    }
    private func textFile(_ name: String) throws -> TextFile {
        guard let file = script.textFiles[name.uppercased()] else { throw CommandFailure("There is no open text file with the ID \(name).") }
        return file
    }
    /// SerialEM ends lines as Windows does.
    func writeLine(_ name: String, _ text: String) throws -> [ReportedValue] {
        let file = try textFile(name)
        guard file.writes, let handle = FileHandle(forWritingAtPath: file.path) else {
            throw CommandFailure("The text file \(name) is not open for writing.")
        }
        defer { try? handle.close() }
        do {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("\(text)\r\n".utf8))
        } catch { throw CommandFailure("\(file.path) cannot be written.") }
        return []
    }
    func flushTextFile(_ name: String) throws -> [ReportedValue] { _ = try textFile(name); return [] }
    func closeTextFile(_ name: String) throws -> [ReportedValue] {
        _ = try textFile(name)
        script.textFiles[name.uppercased()] = nil
        return []
    }
    /// Lines, or words, of a file into an array variable.
    func readText(variable: String, _ name: String, linesOnly: Bool) throws -> [ReportedValue] {
        guard let data = FileManager.default.contents(atPath: absolute(name)), data.count <= 1 << 26 else {
            throw CommandFailure("The file \(absolute(name)) cannot be read.")
        }
        let text = String(decoding: data, as: UTF8.self)
        let parts = linesOnly ? text.split(whereSeparator: \.isNewline) : text.split(whereSeparator: \.isWhitespace)
        setVariable(variable, lines: parts.map(String.init))
        return []
    }
}
