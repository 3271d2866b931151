internal import Foundation
internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let mapCommands: [String: CommandHandler] = [
        "NewMap": { try await $0.newMap($1) },
        "LoadOtherMap": { try await $0.loadMap($1.integer(1), buffer: $1.has(2) ? $1.text(2) : nil) },
        "LoadNavMap": { try await $0.loadMap(0, buffer: $1.has(1) ? $1.text(1) : nil) },
        "RealignToNavItem": { try await $0.realign(to: 0, restore: $1.integer(1) != 0) },
        "RealignToOtherItem": { try await $0.realign(to: $1.integer(1), restore: $1.integer(2) != 0) },
        "RealignToMapDrawnOn": { try await $0.realignToMap(ofItem: $1.integer(1), restore: $1.integer(2) != 0) },
        "GetRealignToItemError": { m, _ in await m.realignError() },
        "ForceCenterRealign": nothing,
        "SkipZMoveNextNavRealign": { await $0.skipHeight($1.integer(1, default: 1) != 0) },
    ]
}

extension VirtualMicroscope {
    func newMap(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        guard !a.has(1) || (a.count > 1 && !a.lastText.isEmpty) else { throw CommandFailure("After the number a text for the note is missing.") }
        guard let place = currentFile else { throw CommandFailure("No file is open to take a map from.") }
        let path = openFiles[place].path
        let isMontage = openFiles[place].isMontage
        let shown: ImageBuffer
        if isMontage {
            guard let overview = buffers[1], overview.file == path else { throw CommandFailure("There is no montage overview in buffer B.") }
            shown = overview
        } else {
            var image = try buffer(0)
            if image.file != path {
                try fillDiskOnDemand(path)
                try openFiles[place].append(image)
                image.file = path
                image.section = openFiles[place].sections - 1
                buffers[0] = image
            }
            shown = image
        }
        let standard = "Sec \(max(0, shown.section)) - \((path as NSString).lastPathComponent)"
        let text = a.count > 1 ? a.lastText : ""
        // -1 puts the text before SerialEM's own note, +1 behind it, 0 in its place.
        let note = text.isEmpty ? standard : a.integer(1) == 0 ? text : a.integer(1) < 0 ? "\(text) \(standard)" : "\(standard) \(text)"
        let item = try mapItem(shown, file: openFiles[place], note: note)
        buffers[isMontage ? 1 : 0]?.mapID = item.mapID
        return addItem(item)
    }

    private func mapItem(_ shown: ImageBuffer, file: OpenImageFile, note: String) throws -> NavigatorItem {
        let c = shown.conditions
        guard let scale = c.imageToStage.inverse else { throw CommandFailure("The image has no stage calibration.") }
        let levels = shown.image.percentiles([0.002, 0.998])
        var item = NavigatorItem.map(
            label: "\(items.count + 1)", stage: c.center, z: c.height, note: note, file: file.path, section: max(0, shown.section),
            width: shown.image.width, height: shown.image.height, scaleMatrix: scale, mapID: unusedID(),
            magnificationIndex: c.magnification.index, camera: 0, binning: Int(clamped: c.binning.rounded()), montage: file.isMontage,
            montageBinning: Int(clamped: file.pieceBinning ?? c.binning), frames: file.frames ?? (0, 0),
            minimum: Double(levels[0]), maximum: Double(levels[1]))
        item["RawStageXY"] = "\(fixed(c.stage.x, 3)) \(fixed(c.stage.y, 3))"
        item["MapExposure"] = fixed(c.exposure.value, 3)
        item["MapSettling"] = "0"
        item["MapSpotSize"] = "6"
        item["MapIntensity"] = "0.45"
        item["MapSlitIn"] = c.lowDose ? "1" : "0"
        item["MapSlitWidth"] = "20"
        item["ImageType"] = "0"
        item["MapProbeMode"] = "1"
        item["MapLDConSet"] = "\(c.lowDose ? c.area?.rawValue ?? -1 : -1)"
        item["MapTiltAngle"] = fixed(c.tilt.value, 3)
        if file.isMontage { item["MontUseStage"] = "1" }
        if c.lowDose, c.area == .view { item["DefocusOffset"] = fixed(column.areas[.view]?.defocusOffset.value ?? 0, 2) }
        return item
    }

    /// Where the file of a map is: as told, beside the Navigator's file, or in the working directory (SerialEM looks there too).
    func mapPath(_ told: String) -> String {
        let name = told.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? told
        let beside = navigatorPath.map { "\(Folder.of($0))/\(name)" }
        return [told, beside, "\(directory)/\(name)"].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0) } ?? told
    }

    func loadMap(_ index: Int, buffer name: String?) async throws -> [ReportedValue] {
        let item = items[try place(ofItem: index)]
        guard item.kind == .map, let told = item.mapFile else { throw CommandFailure("Item \(index) is not a map.") }
        let path = mapPath(told)
        let target = try name.map { try bufferIndex($0) } ?? readBuffer
        let section = Int(item["MapSection"] ?? "0") ?? 0
        guard FileManager.default.fileExists(atPath: path) else { throw CommandFailure("The map file \(path) does not exist.") }
        await wait(Seconds(2))
        let isMontage = item["MapMontage"] == "1"
        let entries = (try? Mdoc.read("\(path).mdoc"))?.sections.first {
            $0.kind == "ZValue" && (isMontage ? $0.pieceCoordinates?.z == section : $0.index == section)
        }
        let header = try MRCFile.header(path)
        var conditions = presentConditions(pixelSize: header.pixelSize, section: entries)
        conditions.isReadIn = true
        if entries == nil {
            conditions.stage = item.stage
            conditions.height = item.z
            if let magnification = Int(item["MapMagInd"] ?? "").flatMap({ Magnifications.entry($0) }) {
                conditions.magnification = magnification
                conditions.binning = header.pixelSize / magnification.pixelSize
            }
        }
        if isMontage {
            // The pieces know where they were taken.
            let center = item.sinceTaken?.inverse.map { $0(item.stage) } ?? item.stage
            var overview = try assembledMontage(path, conditions: conditions, center: center, section: section)
            overview.section = section
            show(read: overview, in: target)
        } else {
            show(read: ImageBuffer(try MRCFile.read(path, section: section), conditions: conditions, file: path, section: section), in: target)
        }
        if let map = item.sinceTaken, entries != nil, let image = buffers[target] {
            buffers[target]?.conditions = image.conditions.moved(by: map)
            for place in image.pieces.indices { buffers[target]?.pieces[place].stage = map(image.pieces[place].stage) }
        }
        buffers[target]?.mapID = item.mapID
        return []
    }

    /// Moves to an item and, for a map of one image, aligns a new image of the same area to it.
    func realign(to index: Int, restore: Bool = false) async throws -> [ReportedValue] {
        let place = try place(ofItem: index)
        let item = items[place]
        let before = column
        column.imageShift = .zero
        try await moveStage(to: item.stage, z: navigator.skipsHeight ? nil : item.z)
        navigator.skipsHeight = false
        navigator.realignError = (.zero, .zero)
        guard item.kind == .map, item["MapMontage"] != "1" else { return [] }
        _ = try await loadMap(place + 1, buffer: nil)
        let set: ParameterSet = item["MapLDConSet"] == "0" ? .view : .record
        acquired(try await expose(set))
        let result = try await align(to: try buffer(readBuffer), leaveImageShift: false)
        guard result == [.number(0)] else { throw CommandFailure("Realigning to item \(place + 1) found no match.") }
        let way = Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(column.imageShift))
        navigator.realignError = (way, way)
        if restore, !column.lowDoseIsOn { column.magnification = before.magnification }
        return []
    }
    func realignToMap(ofItem index: Int, restore: Bool) async throws -> [ReportedValue] {
        let item = items[try place(ofItem: index)]
        guard let id = item.drawnID, let map = items.firstIndex(where: { $0.kind == .map && $0.mapID == id }) else {
            throw CommandFailure("The item was not drawn on a map that is in the table.")
        }
        return try await realign(to: map + 1, restore: restore)
    }
    func realignError() -> [ReportedValue] {
        let error = navigator.realignError
        return [error.total.dx, error.total.dy, error.last.dx, error.last.dy].map { .number($0) }
    }
    func skipHeight(_ on: Bool) -> [ReportedValue] { navigator.skipsHeight = on; return [] }
}
