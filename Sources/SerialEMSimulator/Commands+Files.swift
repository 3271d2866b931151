internal import Foundation
internal import Geometry
internal import ImageFiles
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let fileCommands: [String: CommandHandler] = [
        "SetDirectory": { try await $0.setDirectory($1.lastText) },
        "ReportDirectory": { m, _ in [.text(await m.directory)] },
        "MakeDirectory": { try await $0.makeDirectory($1.lastText) },
        "DoesFileExist": { [.flag(FileManager.default.fileExists(atPath: await $0.absolute($1.lastText)))] },
        "IsDirectoryWritable": { await $0.isDirectoryWritable($1.lastText) },
        "RemoveFile": { await $0.removeFile($1.lastText) },
        "AllowFileOverwrite": { await $0.allowFileOverwrite($1.integer(1) != 0) },
        "ReportFreeDiskSpace": { try await $0.freeDiskSpace($1.lastText) },
        "OpenNewFile": { try await $0.openNewFile($1.lastText) },
        "OpenFrameSumFile": { try await $0.openFrameSumFile($1.lastText) },
        "OpenOldFile": { try await $0.openOldFile($1.lastText) },
        "CloseFile": { try await $0.closeFile(mustBeOpen: $1.count > 0) },
        "SwitchToFile": { try await $0.switchToFile($1.integer(1)) },
        "IsImageFileOpen": { await $0.isImageFileOpen($1.lastText) },
        "ReportNumOpenFiles": { m, _ in [.count(await m.openFileCount)] },
        "ReportOpenImageFile": { try await $0.openImageFile($1.integer(1), split: $1.integer(2) != 0) },
        "ReportCurrentFilename": { try await $0.currentFileName(split: $1.integer(1) != 0) },
        "ReportFileNumber": { m, _ in [.count((await m.currentFile).map { $0 + 1 } ?? -1)] },
        "ReportFileZsize": { m, _ in try await m.fileSections() },
        "SetNewFileType": { try await $0.setNewFileType($1) },
        "SetFileOptions": { try await $0.setFileOptions($1) },
        "ReportFileOptions": { await $0.reportFileOptions(other: $1.integer(1) != 0) },
        "S": { try await $0.save($1) },
        "Save": { try await $0.save($1) },
        "ReadFile": { try await $0.readFile($1) },
        "ReadOtherFile": { try await $0.readOtherFile($1) },
        "RetryReadOtherFile": { m, a in await m.changeScript { $0.readRetries = max(0, min(1000, a.integer(1))) } },
        "SaveToOtherFile": { try await $0.saveToOtherFile($1) },
        "SnapshotToFile": { try await $0.saveSnapshot($1) },
        "AddTitleToFile": { try await $0.addTitle(file: $1.integer(1), $1.lastText) },
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
        let path = absolute(name)
        var isFolder = ObjCBool(false)
        guard !name.isEmpty, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
            !openFiles.contains(where: { $0.path == path }), (try? FileManager.default.removeItem(atPath: path)) != nil
        else { return note("WARNING: The file \(path) could not be removed.") }
        return []
    }
    func isDirectoryWritable(_ name: String) -> [ReportedValue] {
        var isFolder = ObjCBool(false)
        let exists = FileManager.default.fileExists(atPath: absolute(name), isDirectory: &isFolder) && isFolder.boolValue
        guard exists, FileManager.default.isWritableFile(atPath: absolute(name)) else {
            // What the operating system calls it: no such entry, or no permission.
            return [.number(0), .number(exists ? 13 : 2)]
        }
        return [.number(1), .number(0)]
    }
    func allowFileOverwrite(_ on: Bool) -> [ReportedValue] { fileOverwriteIsAllowed = on; return [] }
    func freeDiskSpace(_ name: String) throws -> [ReportedValue] {
        guard let values = try? FileManager.default.attributesOfFileSystem(forPath: absolute(name)),
            let free = values[.systemFreeSize] as? NSNumber
        else { throw CommandFailure("The free space of \(absolute(name)) cannot be told.") }
        let megabytes = free.doubleValue / 1_048_576
        if let lowDisk, clock.elapsed < lowDisk.until { return [.number(min(megabytes, lowDisk.megabytes))] }
        return [.number(megabytes)]
    }

    /// The absolute path of a file that is about to be made; an existing one is an error unless it may be overwritten.
    func pathOfNewFile(_ name: String) throws -> String {
        guard !name.isEmpty else { throw CommandFailure("A file name is missing.") }
        let path = absolute(name)
        if FileManager.default.fileExists(atPath: path) {
            guard fileOverwriteIsAllowed else { throw CommandFailure("The file \(path) already exists.") }
        }
        guard !openFiles.contains(where: { $0.path == path }) else { throw CommandFailure("The file \(path) is already open.") }
        let folder = Folder.of(path)
        guard FileManager.default.isWritableFile(atPath: folder) else { throw CommandFailure("Nothing can be written to \(folder).") }
        return path
    }
    func openNewFile(_ name: String) throws -> [ReportedValue] {
        let options = script.fileOptions
        let type: MRCPixelType = options.mode == 0 ? .uint8 : options.mode == 1 ? .int16 : .uint16
        guard options.type == 0 else { throw CommandFailure("The simulator writes single images as MRC files only.") }
        let path = try pathOfNewFile(name)
        try createFile(path)
        openFiles.append(OpenImageFile(newAt: path, wantedType: type, hasMdoc: options.writesMdoc))
        currentFile = openFiles.count - 1
        return []
    }
    /// A header without images, so that the name is taken from now on.
    private func createFile(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(count: 1024)) else {
            throw CommandFailure("The file \(path) cannot be made.")
        }
    }
    func openFrameSumFile(_ ending: String) throws -> [ReportedValue] {
        guard let last = frames.lastFile else { throw CommandFailure("There is no last frame file name available.") }
        return try openNewFile("\((last as NSString).deletingPathExtension)\(ending)")
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
        currentFile = openFiles.isEmpty ? nil : max(0, place - 1)
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
    /// A path, or in four parts: without extension, extension with its point, folder, name without both.
    func parts(_ path: String, split: Bool) -> [ReportedValue] {
        guard split else { return [.text(path)] }
        let root = (path as NSString).deletingPathExtension
        let ending = (path as NSString).pathExtension
        return [root, ending.isEmpty ? "" : ".\(ending)", Folder.of(root), (root as NSString).lastPathComponent]
            .map { .text($0) }
    }
    func openImageFile(_ number: Int, split: Bool) throws -> [ReportedValue] {
        guard openFiles.indices.contains(number - 1) else { throw CommandFailure("There is no open file \(number).") }
        return parts(openFiles[number - 1].path, split: split)
    }
    func presentFile() throws -> Int {
        guard let place = currentFile else { throw CommandFailure("No file is open.") }
        return place
    }
    func currentFileName(split: Bool) throws -> [ReportedValue] { parts(openFiles[try presentFile()].path, split: split) }
    /// Sections, and for a montage how many montages they make.
    func fileSections() throws -> [ReportedValue] {
        let file = openFiles[try presentFile()]
        return file.isMontage ? [.count(file.sections), .count(file.montageSections)] : [.count(file.sections)]
    }
    func save(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = try bufferIndex(a.has(1) && !a.text(1).isEmpty ? a.text(1) : "A")
        guard let place = a.has(2) && a.integer(2) > 0 ? a.integer(2) - 1 : currentFile, openFiles.indices.contains(place) else {
            throw CommandFailure("No file is open to save to.")
        }
        let image = try buffer(number)
        guard !openFiles[place].isMontage else { throw CommandFailure("A single image cannot be saved to a montage file.") }
        try fillDiskOnDemand(openFiles[place].path)
        try openFiles[place].append(image)
        buffers[number]?.file = openFiles[place].path
        buffers[number]?.section = openFiles[place].sections - 1
        return []
    }
    /// A section of the current file; of a montage the overview.
    func readFile(_ a: CommandArguments) throws -> [ReportedValue] {
        let file = openFiles[try presentFile()]
        let target = a.has(2) && !a.text(2).isEmpty ? try bufferIndex(a.text(2)) : readBuffer
        guard file.isMontage else {
            try read(file.path, section: a.integer(1), into: target)
            return []
        }
        let entries = file.mdoc.sections.first { $0.kind == "ZValue" }
        var conditions = presentConditions(pixelSize: try MRCFile.header(file.path).pixelSize, section: entries)
        let whole = file.mdoc.sections.first { $0.kind == "MontSection" && $0.index == a.integer(1) }
        if let middle = whole?.stagePosition { conditions.stage = Point(x: middle.x, y: middle.y) }
        conditions.isReadIn = true
        var overview = try assembledMontage(file.path, conditions: conditions, center: conditions.stage, section: a.integer(1))
        overview.section = a.integer(1)
        show(read: overview, in: target)
        return []
    }
    func readOtherFile(_ a: CommandArguments) async throws -> [ReportedValue] {
        let number = a.text(2) == "-1" ? readBuffer : try bufferIndex(a.text(2))
        let path = absolute(a.lastText)
        // Another computer may still be writing it.
        for _ in 0 ..< script.readRetries where !FileManager.default.isReadableFile(atPath: path) { await wait(Seconds(2)) }
        try read(path, section: a.integer(1), into: number)
        return []
    }
    /// A section of a file into a buffer; its conditions are those that the mdoc tells, else the present ones.
    private func read(_ path: String, section: Int, into number: Int) throws {
        guard FileManager.default.fileExists(atPath: path) else { throw CommandFailure("The file \(path) does not exist.") }
        if ["tif", "tiff"].contains((path as NSString).pathExtension.lowercased()) { return try readTIFF(path, section: section, into: number) }
        guard let file = try? MRCFile(path: path), section >= 0, section < file.header.sections else {
            throw CommandFailure("Section \(section) of \(path) cannot be read.")
        }
        let image = try file.read(section: section)
        let mdoc = try? Mdoc.read("\(path).mdoc")
        let entries = mdoc?.sections.first { $0.index == section && $0.kind == "ZValue" }
        var conditions = presentConditions(pixelSize: file.header.pixelSize, section: entries)
        if entries == nil, let told = try? file.metadata(section: section) {
            if let tilt = told.tiltAngle { conditions.tilt = tilt }
            if let place = told.stagePosition { conditions.stage = Point(x: place.x, y: place.y) }
        }
        conditions.isReadIn = true
        show(read: ImageBuffer(image, conditions: conditions, file: path, section: section), in: number)
    }
    private func readTIFF(_ path: String, section: Int, into number: Int) throws {
        guard section == 0, let picture = try? TIFFFile.read(path) else {
            throw CommandFailure("Section \(section) of \(path) cannot be read.")
        }
        let image: MRCImage =
            switch picture {
            case .grey8(let grey): .uint8(grey)
            case .grey16(let grey): .uint16(grey)
            }
        var conditions = presentConditions(pixelSize: column.currentMagnification.pixelSize, section: nil)
        conditions.isReadIn = true
        show(read: ImageBuffer(image, conditions: conditions, file: path, section: section), in: number)
    }
}
