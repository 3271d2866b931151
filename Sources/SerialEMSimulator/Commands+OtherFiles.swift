internal import Foundation
internal import ImageFiles
internal import Raster
internal import SerialEMProtocol

extension VirtualMicroscope {
    func setNewFileType(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... 2).contains(a.integer(1)) else { throw CommandFailure("\(a.integer(1)) is no file type.") }
        guard a.integer(2) == 0 || a.integer(1) == 0 else { throw CommandFailure("The simulator writes montages as MRC files only.") }
        if a.integer(2) == 0 { script.fileOptions.type = a.integer(1) == 0 ? 0 : a.integer(1) == 1 ? 3 : 5 }
        return []
    }
    func setFileOptions(_ a: CommandArguments) throws -> [ReportedValue] {
        let isOther = a.integer(1) != 0
        guard a.integer(2) >= 0 else {
            if isOther, let before = script.otherFileOptionsBefore { script.otherFileOptions = before }
            if !isOther, let before = script.fileOptionsBefore { script.fileOptions = before }
            return []
        }
        guard a.has(3) else { throw CommandFailure("No file option values are set.") }
        var options = isOther ? script.otherFileOptions : script.fileOptions
        let type = a.integer(3)
        guard type < 0 || (isOther ? [0, 2, 3, 4, 5] : [0, 3, 5]).contains(type) else { throw CommandFailure("\(type) is no file type.") }
        guard !a.has(4) || a.integer(4) <= 1 || a.integer(4) == 6 else { throw CommandFailure("The data mode must be 0, 1 or 6.") }
        func take(_ place: Int, _ present: Int) -> Int { a.has(place) && a.integer(place) >= 0 ? a.integer(place) : present }
        let before = options
        options.type = take(3, options.type)
        options.mode = take(4, options.mode)
        options.unsignedOption = take(5, options.unsignedOption)
        options.writesMdoc = take(6, options.writesMdoc ? 1 : 0) != 0
        if a.has(7), try a.number(7) >= 0 { options.lowPercent = try a.number(7) }
        if a.has(8), try a.number(8) >= 0 { options.highPercent = try a.number(8) }
        let keep = a.integer(2) > 0
        if isOther {
            script.otherFileOptions = options
            script.otherFileOptionsBefore = keep ? nil : script.otherFileOptionsBefore ?? before
        } else {
            script.fileOptions = options
            script.fileOptionsBefore = keep ? nil : script.fileOptionsBefore ?? before
        }
        return []
    }
    func reportFileOptions(other: Bool) -> [ReportedValue] {
        let options = other ? script.otherFileOptions : script.fileOptions
        return [
            .count(options.type), .count(options.mode), .count(options.unsignedOption), .flag(options.writesMdoc),
            .number(options.lowPercent), .number(options.highPercent),
        ]
    }

    /// The type and compression that SaveToOtherFile and SnapshotToFile name in capitals.
    private func checkKeywords(type: String, compression: String) throws {
        guard ["MRC", "TIF", "TIFF", "JPG", "JPEG", "HDF", "CUR", "-1"].contains(type) else {
            throw CommandFailure("The file type must be MRC, TIF, TIFF, JPG, JPEG, HDF, CUR or -1, not \(type).")
        }
        guard ["NONE", "LZW", "ZIP", "JPG", "JPEG", "CUR", "-1"].contains(compression) else {
            throw CommandFailure("The compression must be NONE, LZW, ZIP, JPG, JPEG, CUR or -1, not \(compression).")
        }
    }
    /// One image in a file of its own, which is closed again.
    func saveToOtherFile(_ a: CommandArguments) throws -> [ReportedValue] {
        let number = try bufferIndex(a.text(1))
        try checkKeywords(type: a.text(2), compression: a.text(3))
        let image = try buffer(number)
        let path = try pathOfNewFile(a.lastText)
        switch a.text(2) {
        case "MRC", "CUR", "-1":
            var file = OpenImageFile(newAt: path)
            try fillDiskOnDemand(file.path)
            try file.append(image)
            try file.writer?.close()
        case "TIF", "TIFF": 
            // TIFF files of real numbers or signed ones are not written.
            if case .uint8(let bytes) = image.fileImage() { try TIFFFile.write(bytes, to: path) } else { try TIFFFile.write(image.image, to: path) }
        case "JPG", "JPEG": try JPEGFile.write(shownLevels(image.floats), to: path)
        default: throw CommandFailure("The simulator writes no files of type \(a.text(2)).")
        }
        buffers[number]?.file = path
        buffers[number]?.section = 0
        return []
    }
    /// What the main window shows of its buffer, in eight bits; nothing is drawn on it.
    func saveSnapshot(_ a: CommandArguments) throws -> [ReportedValue] {
        let (zoom, scale) = (try a.number(1), try a.number(2))
        guard !(zoom > 0 && zoom < 1) else { throw CommandFailure("The factor to zoom by must be >= 1 or <= 0.") }
        guard !(scale > 0 && scale < 1) else { throw CommandFailure("The factor to scale sizes by must be >= 1 or <= 0.") }
        try checkKeywords(type: a.text(4), compression: a.text(5))
        guard !["MRC", "HDF"].contains(a.text(4)) else { throw CommandFailure("A snapshot cannot be saved to an MRC or HDF file.") }
        let image = try buffer(shownBuffer)
        var shown = image.floats
        if zoom > 1 {
            let (width, height) = (Double(shown.width) * zoom, Double(shown.height) * zoom)
            guard width * height <= 1e8 else { throw CommandFailure("A snapshot of \(width) x \(height) pixels is too large.") }
            shown = shown.resized(width: Int(clamped: width), height: Int(clamped: height))
        }
        let path = try pathOfNewFile(a.lastText)
        if a.text(4).hasPrefix("JP") { try JPEGFile.write(shownLevels(shown), to: path) } else { try TIFFFile.write(shownLevels(shown), to: path) }
        return []
    }
    /// Grey levels as a window shows them, the outermost ones cut.
    private func shownLevels(_ image: Raster<Float>) -> Raster<UInt8> {
        let levels = image.percentiles([0.002, 0.998])
        return image.byteScaled(black: levels[0], white: levels[1])
    }
    func addTitle(file number: Int, _ title: String) throws -> [ReportedValue] {
        let place = number == 0 ? try presentFile() : number - 1
        guard openFiles.indices.contains(place) else { throw CommandFailure("There is no open file \(number).") }
        guard openFiles[place].sections > 0 else { throw CommandFailure("The file has no image yet.") }
        openFiles[place].mdoc.titles.append(title)
        try openFiles[place].writeMdoc()
        return []
    }
}
