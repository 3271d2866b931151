internal import Foundation
internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let montageCommands: [String: CommandHandler] = [
        "M": { m, _ in try await m.acquireMontage() },
        "Montage": { m, _ in try await m.acquireMontage() },
        "SetupFullMontage": { try await $0.setUpFullMontage(overlap: $1.number(1), path: $1.lastText) },
        "SetupPolygonMontage": { try await $0.setUpPolygonMontage(item: $1.integer(1), overlap: $1.number(2), path: $1.lastText) },
        "ReportNumMontagePieces": { m, _ in [.count(await m.numberOfMontagePieces)] },
        "ParamSetToUseForMontage": { try await $0.useParameterSetForMontage($1) },
        "SetMontageParams": { try await $0.setMontageParameters($1) },
        "SetMontPanelParams": nothing, "SetRedoMontageXCorrs": nothing,
        "OpenNewMontage": { try await $0.openNewMontage($1) },
        "AssessPolygonMontage": { try await $0.assessPolygonMontage(item: $1.integer(1), overlap: $1.number(2)) },
        "SkipPiecesOutsideItem": { try await $0.skipPieces(outsideItem: $1.integer(1)) },
        "SetGridMapLimits": { try await $0.setGridMapLimits($1) },
        "ReadMontagePiece": { try await $0.readMontagePiece($1) },
        "LoadPieceAtNavPoint": { try await $0.loadPiece(atItem: $1.integer(1)) },
    ]
}

extension VirtualMicroscope {
    /// Half of the side of the square that a full montage covers.
    static let fullMontageReach = 800.0

    var numberOfMontagePieces: Int { currentFile.flatMap { openFiles[$0].montage?.takenPieces.count } ?? 1 }

    private func montageMagnification(_ set: ParameterSet) -> Magnification {
        guard column.lowDoseIsOn, let settings = column.areas[set.area], let entry = Magnifications.entry(settings.magnification)
        else { return column.currentMagnification }
        return entry
    }

    func setUpFullMontage(overlap: Double, path: String) throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator must be open to set up a full montage.") }
        let set = montageSetForNext ?? montageSet
        let magnification = montageMagnification(set)
        let reach = -Self.fullMontageReach ... Self.fullMontageReach
        let limits = gridMapLimits ?? (reach, reach)
        let center = Point<Frame.Stage>(
            x: (limits.x.lowerBound + limits.x.upperBound) / 2, y: (limits.y.lowerBound + limits.y.upperBound) / 2)
        // The camera's axes are turned against those of the stage by the rotation of the image.
        let toCamera = Magnifications.stageToSpecimen.then(magnification.specimenToCamera)
        let half = Vector<Frame.Stage>(
            dx: (limits.x.upperBound - limits.x.lowerBound) / 2, dy: (limits.y.upperBound - limits.y.lowerBound) / 2)
        let side = 2 * Self.fullMontageReach * 1000 / magnification.pixelSize.value
        let extent =
            gridMapLimits == nil
            ? (width: side, height: side)
            : (
                width: 2 * ((toCamera.xpx * half.dx).magnitude + (toCamera.xpy * half.dy).magnitude),
                height: 2 * ((toCamera.ypx * half.dx).magnitude + (toCamera.ypy * half.dy).magnitude)
            )
        try open(
            MontageSetup(
                set: set, magnification: magnification, center: center, extent: extent, overlap: try fraction(overlap),
                binning: column.sets[set]?.binning ?? 1), at: path)
        return []
    }

    func setUpPolygonMontage(item: Int, overlap: Double, path: String) throws -> [ReportedValue] {
        try open(try polygonMontage(item: item, overlap: overlap), at: path)
        return []
    }

    /// How many pieces a montage of a polygon would have, and how many columns and rows.
    func assessPolygonMontage(item: Int, overlap: Double) throws -> [ReportedValue] {
        let setup = try polygonMontage(item: item, overlap: overlap)
        return [.count(setup.count), .count(setup.columns), .count(setup.rows)]
    }

    private func polygonMontage(item: Int, overlap: Double) throws -> MontageSetup {
        let place = try place(ofItem: item)
        guard items[place].kind == .polygon else { throw CommandFailure("Item \(place + 1) is not a polygon.") }
        let set = montageSetForNext ?? montageSet
        let magnification = montageMagnification(set)
        let toCamera = Magnifications.stageToSpecimen.then(magnification.specimenToCamera)
        let corners = items[place].points.map { toCamera($0 - .origin) }
        guard let left = corners.map(\.dx).min(), let right = corners.map(\.dx).max(), let low = corners.map(\.dy).min(),
            let high = corners.map(\.dy).max()
        else { throw CommandFailure("Item \(place + 1) has no points.") }
        let back = magnification.cameraToSpecimen.then(Magnifications.specimenToStage)
        let center = Point<Frame.Stage>.origin + back(Vector(dx: (left + right) / 2, dy: (low + high) / 2))
        return MontageSetup(
            set: set, magnification: magnification, center: center, extent: (right - left, high - low),
            overlap: try fraction(overlap), binning: column.sets[set]?.binning ?? 1, polygonID: items[place].mapID)
    }

    /// A montage of as many pieces as asked for, about where the stage stands when it is taken.
    func openNewMontage(_ a: CommandArguments) throws -> [ReportedValue] {
        let columns = a.integer(1) == 0 ? lastMontageSize.columns : a.integer(1)
        let rows = a.integer(2) == 0 ? lastMontageSize.rows : a.integer(2)
        guard columns >= 1, rows >= 1, columns <= 2000, rows <= 2000 else {
            throw CommandFailure("Number of montage pieces is missing or not positive, or is too large.")
        }
        let set = montageSetForNext ?? montageSet
        let setup = MontageSetup(
            set: set, magnification: montageMagnification(set), center: stage.position, extent: (0, 0), overlap: 0.1,
            binning: column.sets[set]?.binning ?? 1, fixedSize: (columns, rows))
        try open(setup, at: a.lastText)
        lastMontageSize = (columns, rows)
        return []
    }

    func skipPieces(outsideItem item: Int) throws -> [ReportedValue] {
        let file = try presentFile()
        guard openFiles[file].montage != nil else { throw CommandFailure("Montaging must be on already to use this command.") }
        guard item >= 0 else {
            openFiles[file].montage?.outline = nil
            return []
        }
        let outline = items[try place(ofItem: item)]
        guard outline.kind == .polygon else { throw CommandFailure("Item \(item) is not a polygon.") }
        openFiles[file].montage?.outline = outline.polygon
        return []
    }

    func setGridMapLimits(_ a: CommandArguments) throws -> [ReportedValue] {
        let limit = Stage.limit.value
        let values = try (2 ... 5).map { try a.number($0) }
        guard values[0] < values[1], values[2] < values[3], values.allSatisfy({ $0.magnitude <= limit }) else {
            throw CommandFailure("The limits must be within -\(limit) to \(limit) um, the lower one first.")
        }
        gridMapLimits = (values[0] ... values[1], values[2] ... values[3])
        return []
    }

    /// A piece by its column and row from 1; the lowest row comes first.
    func readMontagePiece(_ a: CommandArguments) throws -> [ReportedValue] {
        let file = openFiles[try presentFile()]
        guard file.isMontage else { throw CommandFailure("The current file is not a montage.") }
        let target = a.has(4) && !a.text(4).isEmpty ? try bufferIndex(a.text(4)) : readBuffer
        let pieces = file.mdoc.pieces.filter { $0.pieceCoordinates?.z == a.integer(3) }
        let xs = Set(pieces.compactMap(\.pieceCoordinates?.x)).sorted()
        let ys = Set(pieces.compactMap(\.pieceCoordinates?.y)).sorted()
        guard xs.indices.contains(a.integer(1) - 1), ys.indices.contains(a.integer(2) - 1),
            let section = pieces.first(where: {
                $0.pieceCoordinates?.x == xs[a.integer(1) - 1] && $0.pieceCoordinates?.y == ys[a.integer(2) - 1]
            }), let number = section.index
        else { throw CommandFailure("Could not find the piece in the file.") }
        try loadPiece(file.path, section: section, number: number, into: target)
        return []
    }
    private func loadPiece(_ path: String, section: MdocSection, number: Int, into target: Int) throws {
        let file = try MRCFile(path: path)
        var conditions = presentConditions(pixelSize: file.header.pixelSize, section: section)
        conditions.isReadIn = true
        let image = ImageBuffer(try file.read(section: number), conditions: conditions, file: path, section: number)
        if target == 0 { acquired(image) } else { show(read: image, in: target) }
    }
    /// The piece of the map that an item was drawn on whose middle is nearest to the item.
    func loadPiece(atItem item: Int) throws -> [ReportedValue] {
        let point = items[try place(ofItem: item)]
        guard let map = items.first(where: { $0.kind == .map && $0.mapID == point.drawnID && point.drawnID != nil }) else {
            throw CommandFailure("The item was not drawn on a map that is in the table.")
        }
        guard map["MapMontage"] == "1", let path = map.mapFile.map(mapPath), let mdoc = try? Mdoc.read("\(path).mdoc") else {
            throw CommandFailure("The map that the item was drawn on is no montage, or has no mdoc.")
        }
        func distance(_ section: MdocSection) -> Double {
            section.stagePosition.map { Point<Frame.Stage>(x: $0.x, y: $0.y).distance(to: point.stage) } ?? .infinity
        }
        guard let nearest = mdoc.pieces.min(by: { distance($0) < distance($1) }), let number = nearest.index else {
            throw CommandFailure("The montage has no pieces.")
        }
        try loadPiece(path, section: nearest, number: number, into: 0)
        return []
    }

    /// Of the frame; 0 takes the usual overlap.
    private func fraction(_ overlap: Double) throws -> Double {
        guard (0 ..< 0.5).contains(overlap) else { throw CommandFailure("An overlap of \(overlap) is not a fraction from 0 to less than 0.5.") }
        return overlap == 0 ? 0.1 : overlap
    }

    private func checkCount(_ setup: MontageSetup) throws {
        guard setup.count <= 2000 else { throw CommandFailure("The montage would need \(setup.count) pieces.") }
    }

    private func open(_ setup: MontageSetup, at name: String) throws {
        try checkCount(setup)
        let path = try pathOfNewFile(name)
        montageSetForNext = nil
        lastMontageSize = (setup.columns, setup.rows)
        openFiles.append(OpenImageFile(newAt: path, montage: setup))
        currentFile = openFiles.count - 1
    }

    func useParameterSetForMontage(_ a: CommandArguments) throws -> [ReportedValue] {
        let sets: [Int: ParameterSet] = [1: .montageMap, 2: .view, 3: .search]
        let number = a.integer(1)
        guard let set = sets[number.magnitude > 3 ? 0 : abs(number)] else {
            throw CommandFailure("\(number) is no parameter set for a montage.")
        }
        let chosen = number > 0 ? set : .record
        if a.integer(2) != 0 { montageSetForNext = chosen } else { montageSet = chosen }
        return []
    }

    func setMontageParameters(_ a: CommandArguments) throws -> [ReportedValue] {
        guard let place = currentFile, var setup = openFiles[place].montage else { throw CommandFailure("No montage is open.") }
        guard openFiles[place].sections == 0 || a.count < 2 else {
            throw CommandFailure("The montage has pieces already; its sizes cannot be changed any more.")
        }
        func changed(_ argument: Int, _ value: Int) -> Int { a.integer(argument, default: -1) >= 0 ? a.integer(argument) : value }
        let binning = try a.number(7)
        guard binning <= 0 || Self.binnings.contains(binning) else { throw CommandFailure("\(binning) is not a legal binning.") }
        if binning > 0 { setup.binning = binning }
        setup.frame = (changed(4, setup.frame.width), changed(5, setup.frame.height))
        setup.overlap = (changed(2, setup.overlap.x), changed(3, setup.overlap.y))
        guard setup.overlap.x >= 16, setup.overlap.y >= 16, setup.frame.width >= 2 * setup.overlap.x,
            setup.frame.height >= 2 * setup.overlap.y
        else { throw CommandFailure("An overlap has to be at least 16 pixels and at most half of the frame.") }
        guard setup.frame.width <= Self.chip.width, setup.frame.height <= Self.chip.height else {
            throw CommandFailure("A frame of \(setup.frame.width) x \(setup.frame.height) pixels is larger than the camera.")
        }
        setup.cover()
        try checkCount(setup)
        openFiles[place].montage = setup
        return []
    }
}
