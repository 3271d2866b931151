internal import Foundation
internal import ImageFiles
internal import SerialEMProtocol

extension CommandTable {
    static let fileCommands: [String: CommandHandler] = [
        "SetDirectory": { try await $0.setDirectory($1.lastText) },
        "ReportDirectory": { m, _ in [.text(await m.directory)] },
        "MakeDirectory": { try await $0.makeDirectory($1.lastText) },
        "DoesFileExist": { [.flag(FileManager.default.fileExists(atPath: await $0.absolute($1.lastText)))] },
        "IsDirectoryWritable": { [.flag(FileManager.default.isWritableFile(atPath: await $0.absolute($1.lastText))), .number(0)] },
        "RemoveFile": { await $0.removeFile($1.lastText) },
        "AllowFileOverwrite": { await $0.allowFileOverwrite($1.integer(1) != 0) },
        "ReportFreeDiskSpace": { try await $0.freeDiskSpace($1.lastText) },
        "OpenNewFile": { try await $0.openNewFile($1.lastText) },
        "OpenOldFile": { try await $0.openOldFile($1.lastText) },
        "CloseFile": { try await $0.closeFile(mustBeOpen: $1.count > 0) },
        "SwitchToFile": { try await $0.switchToFile($1.integer(1)) },
        "IsImageFileOpen": { await $0.isImageFileOpen($1.lastText) },
        "ReportNumOpenFiles": { m, _ in [.count(await m.openFileCount)] },
        "ReportOpenImageFile": { try await $0.openImageFile($1.integer(1)) },
        "ReportCurrentFilename": { m, _ in try await m.currentFileName() },
        "ReportFileNumber": { m, _ in [.count((await m.currentFile).map { $0 + 1 } ?? -1)] },
        "ReportFileZsize": { m, _ in try await m.fileSections() },
        "SetNewFileType": { _, _ in [] },
        "S": { try await $0.save($1) },
        "Save": { try await $0.save($1) },
        "ReadFile": { try await $0.readFile($1) },
        "ReadOtherFile": { try await $0.readOtherFile($1) },
    ]
}

extension VirtualMicroscope {
    var openFileCount: Int { openFiles.count }
    func setDirectory(_ name: String) throws -> [ReportedValue] {
        let path = absolute(name)
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFailure("The directory \(path) does not exist.")
        }
        directory = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        return []
    }
    func makeDirectory(_ name: String) throws -> [ReportedValue] {
        do {
            try FileManager.default.createDirectory(atPath: absolute(name), withIntermediateDirectories: true)
        } catch { throw CommandFailure("The directory \(absolute(name)) cannot be made.") }
        return []
    }
    func removeFile(_ name: String) -> [ReportedValue] {
        // SerialEM only logs that it could not.
        try? FileManager.default.removeItem(atPath: absolute(name))
        return []
    }
    func allowFileOverwrite(_ on: Bool) -> [ReportedValue] { fileOverwriteIsAllowed = on; return [] }
    func freeDiskSpace(_ name: String) throws -> [ReportedValue] {
        guard let values = try? FileManager.default.attributesOfFileSystem(forPath: absolute(name)),
            let free = values[.systemFreeSize] as? NSNumber
        else { throw CommandFailure("The free space of \(absolute(name)) cannot be told.") }
        return [.number(free.doubleValue / 1_048_576)]
    }

    /// The absolute path of a file that is about to be made; an existing one is an error unless it may be overwritten.
    func pathOfNewFile(_ name: String) throws -> String {
        guard !name.isEmpty else { throw CommandFailure("A file name is missing.") }
        let path = absolute(name)
        if FileManager.default.fileExists(atPath: path) {
            guard fileOverwriteIsAllowed else { throw CommandFailure("The file \(path) already exists.") }
        }
        guard !openFiles.contains(where: { $0.path == path }) else { throw CommandFailure("The file \(path) is already open.") }
        let folder = (path as NSString).deletingLastPathComponent
        guard FileManager.default.isWritableFile(atPath: folder) else { throw CommandFailure("Nothing can be written to \(folder).") }
        return path
    }
    func openNewFile(_ name: String) throws -> [ReportedValue] {
        openFiles.append(OpenImageFile(newAt: try pathOfNewFile(name)))
        currentFile = openFiles.count - 1
        return []
    }
    func openOldFile(_ name: String) throws -> [ReportedValue] {
        let path = absolute(name)
        if let place = openFiles.firstIndex(where: { $0.path == path }) { currentFile = place; return [] }
        do { openFiles.append(try OpenImageFile(openedAt: path)) } catch {
            throw CommandFailure("The file \(path) cannot be opened: \(error)")
        }
        currentFile = openFiles.count - 1
        return []
    }
    func closeFile(mustBeOpen: Bool) throws -> [ReportedValue] {
        guard let place = currentFile else {
            if mustBeOpen { throw CommandFailure("No file is open.") }
            return []
        }
        try openFiles[place].writer?.close()
        openFiles.remove(at: place)
        currentFile = openFiles.isEmpty ? nil : openFiles.count - 1
        return []
    }
    func switchToFile(_ number: Int) throws -> [ReportedValue] {
        guard openFiles.indices.contains(number - 1) else { throw CommandFailure("There is no open file \(number).") }
        currentFile = number - 1
        return []
    }
    func isImageFileOpen(_ name: String) -> [ReportedValue] {
        [.count((openFiles.firstIndex { $0.path == absolute(name) } ?? -1) + 1)]
    }
    func openImageFile(_ number: Int) throws -> [ReportedValue] {
        guard openFiles.indices.contains(number - 1) else { throw CommandFailure("There is no open file \(number).") }
        return [.text(openFiles[number - 1].path)]
    }
    func currentFileName() throws -> [ReportedValue] {
        guard let place = currentFile else { throw CommandFailure("No file is open.") }
        return [.text(openFiles[place].path)]
    }
    func fileSections() throws -> [ReportedValue] {
        guard let place = currentFile else { throw CommandFailure("No file is open.") }
        let file = openFiles[place]
        return file.montage == nil ? [.count(file.sections)] : [.count(file.sections), .count(file.sections > 0 ? 1 : 0)]
    }
    func save(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = try bufferIndex(a.has(1) ? a.text(1) : "A")
        guard let place = a.has(2) && a.integer(2) > 0 ? a.integer(2) - 1 : currentFile, openFiles.indices.contains(place) else {
            throw CommandFailure("No file is open to save to.")
        }
        let image = try buffer(number)
        guard openFiles[place].montage == nil else { throw CommandFailure("A single image cannot be saved to a montage file.") }
        try fillDiskOnDemand(openFiles[place].path)
        try openFiles[place].append(image)
        buffers[number]?.file = openFiles[place].path
        buffers[number]?.section = openFiles[place].sections - 1
        return []
    }
    func readFile(_ a: CommandArguments) throws -> [ReportedValue] {
        guard let place = currentFile else { throw CommandFailure("No file is open.") }
        try read(openFiles[place].path, section: a.integer(1), into: a.has(2) ? try bufferIndex(a.text(2)) : readBuffer)
        return []
    }
    func readOtherFile(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = a.text(2) == "-1" ? readBuffer : try bufferIndex(a.text(2))
        try read(absolute(a.lastText), section: a.integer(1), into: number)
        return []
    }
    /// A section of a file into a buffer; its conditions are those that the mdoc tells, else the present ones.
    private func read(_ path: String, section: Int, into number: Int) throws {
        guard let file = try? MRCFile(path: path), section >= 0, section < file.header.sections else {
            throw CommandFailure("Section \(section) of \(path) cannot be read.")
        }
        let image = try file.read(section: section).asUInt16
        let mdoc = try? Mdoc.read("\(path).mdoc")
        let entries = mdoc?.sections.first { $0.index == section && $0.kind == "ZValue" }
        var conditions = presentConditions(pixelSize: file.header.pixelSize, section: entries)
        conditions.parameterSet = -1
        buffers[number] = ImageBuffer(image: image, conditions: conditions, file: path, section: section)
    }
}
