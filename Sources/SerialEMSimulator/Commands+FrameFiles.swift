internal import Foundation
internal import ImageFiles
internal import SerialEMProtocol

extension CommandTable {
    static let frameFileCommands: [String: CommandHandler] = [
        "SetFolderForFrames": { try await $0.setFrameFolder($1.lastText) },
        "ReportFrameSavingPath": { m, _ in [.text(await m.frameFolder)] },
        "SetFrameBaseName": { await $0.setFrameBaseName($1) },
        "ReportFrameBaseName": { m, _ in await m.frameBaseName() },
        "SetFrameNameFormat": { await $0.setFrameNameFormat($1) },
        "ReportFrameNameFormat": { m, _ in [.count(await m.frames.format.rawValue)] },
        "ReportLastFrameFile": { m, _ in try await m.lastFrameFile() },
        "ReportNumFramesSaved": { m, _ in [.count(await m.frames.lastCount)] },
        "OpenFrameMdoc": { try await $0.openFrameMdoc($1.lastText) },
        "AddToFrameMdoc": { try await $0.addToFrameMdoc($1.text(1), $1.lastText) },
        "WriteFrameMdoc": { m, _ in try await m.writeFrameMdoc() },
        "StartNextFrameStackMdoc": { try await $0.addToNextFrames($1.text(1), $1.lastText, isFirst: true) },
        "AddToNextFrameStackMdoc": { try await $0.addToNextFrames($1.text(1), $1.lastText, isFirst: false) },
    ]
}

extension VirtualMicroscope {
    var frameFolder: String { frames.folder.isEmpty ? "NONE" : frames.folder }
    func setFrameFolder(_ name: String) throws -> [ReportedValue] {
        guard name.hasPrefix("/") else { throw CommandFailure("A complete absolute path must be entered.") }
        frames.folder = name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name
        return []
    }
    func setFrameBaseName(_ a: CommandArguments) -> [ReportedValue] {
        if a.integer(1) == 0 { frames.rememberName() } else { frames.forgetName() }
        if a.integer(2) >= 0 { change(.base, a.integer(2) > 0) }
        if a.integer(3) >= 0 { change(.folderBase, a.integer(3) > 0) }
        frames.baseName = a.lastText
        return []
    }
    private func change(_ bits: FrameSaving.NameFormat, _ on: Bool) {
        if on { frames.format.formUnion(bits) } else { frames.format.subtract(bits) }
    }
    func frameBaseName() -> [ReportedValue] {
        [.flag(frames.format.contains(.base)), .text(frames.baseName.isEmpty ? "none" : frames.baseName), .flag(frames.format.contains(.folderBase))]
    }
    func setFrameNameFormat(_ a: CommandArguments) -> [ReportedValue] {
        if a.integer(1) == 0 { frames.rememberName() }
        let bits = FrameSaving.NameFormat(rawValue: a.integer(3))
        if a.integer(2) < 0 { frames.format = bits } else { change(bits, a.integer(2) != 0) }
        return []
    }
    func lastFrameFile() throws -> [ReportedValue] {
        guard let path = frames.lastFile else { throw CommandFailure("There is no last frame file name available.") }
        return [path, Folder.of(path), (path as NSString).lastPathComponent].map { .text($0) }
    }
    func openFrameMdoc(_ name: String) throws -> [ReportedValue] {
        do { frames.openMdoc = (absolute(name), try Mdoc.read(absolute(name))) } catch {
            throw CommandFailure("The frame mdoc file \(absolute(name)) cannot be opened: \(error)")
        }
        return []
    }
    func addToFrameMdoc(_ key: String, _ value: String) throws -> [ReportedValue] {
        guard var open = frames.openMdoc ?? lastFrameMdoc() else { throw CommandFailure("There is no autodoc for frames open.") }
        var sections = open.mdoc.sections
        guard let last = sections.indices.last else { throw CommandFailure("There is no current section to add to in the frame mdoc.") }
        sections[last][key] = value
        open.mdoc.sections = sections
        frames.openMdoc = open
        return []
    }
    private func lastFrameMdoc() -> (path: String, mdoc: Mdoc)? {
        guard let path = frames.lastFile.map({ "\($0).mdoc" }), let mdoc = try? Mdoc.read(path) else { return nil }
        return (path, mdoc)
    }
    func writeFrameMdoc() throws -> [ReportedValue] {
        guard let open = frames.openMdoc else { throw CommandFailure("There is no autodoc for frames open.") }
        do { try open.mdoc.write(to: open.path) } catch { throw CommandFailure("Error writing to the frame mdoc: \(error)") }
        return []
    }
    func addToNextFrames(_ key: String, _ value: String, isFirst: Bool) throws -> [ReportedValue] {
        guard isFirst || !frames.nextEntries.isEmpty else { throw CommandFailure("StartNextFrameStackMdoc has to come first.") }
        if isFirst { frames.nextEntries = [] }
        frames.nextEntries.append((key, value))
        return []
    }
}
