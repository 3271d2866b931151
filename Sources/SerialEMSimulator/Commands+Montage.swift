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
        "SetMontPanelParams": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    /// Half of the side of the square that a full montage covers.
    static let fullMontageReach = 800.0

    var numberOfMontagePieces: Int { currentFile.flatMap { openFiles[$0].montage?.count } ?? 1 }

    private func montageMagnification(_ set: ParameterSet) -> Magnification {
        guard column.lowDoseIsOn, let settings = column.areas[set.area], let entry = Magnifications.entry(settings.magnification)
        else { return column.currentMagnification }
        return entry
    }

    func setUpFullMontage(overlap: Double, path: String) throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator must be open to set up a full montage.") }
        let set = montageSetForNext ?? montageSet
        let magnification = montageMagnification(set)
        let side = 2 * Self.fullMontageReach * 1000 / magnification.pixelSize.value
        try open(
            MontageSetup(
                set: set, magnification: magnification, center: .origin, extent: (side, side), overlap: try fraction(overlap),
                binning: column.sets[set]?.binning ?? 1), at: path)
        return []
    }

    func setUpPolygonMontage(item: Int, overlap: Double, path: String) throws -> [ReportedValue] {
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
        let setup = MontageSetup(
            set: set, magnification: magnification, center: center, extent: (right - left, high - low),
            overlap: try fraction(overlap), binning: column.sets[set]?.binning ?? 1, polygonID: items[place].mapID)
        try open(setup, at: path)
        return []
    }

    private func fraction(_ overlap: Double) throws -> Double {
        guard (0 ... 0.5).contains(overlap) else { throw CommandFailure("An overlap of \(overlap) is not between 0 and 0.5.") }
        return overlap == 0 ? 0.1 : overlap
    }

    private func checkCount(_ setup: MontageSetup) throws {
        guard setup.count <= 2000 else { throw CommandFailure("The montage would need \(setup.count) pieces.") }
    }

    private func open(_ setup: MontageSetup, at name: String) throws {
        try checkCount(setup)
        let path = try pathOfNewFile(name)
        montageSetForNext = nil
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

    func acquireMontage() async throws -> [ReportedValue] {
        guard let place = currentFile, let setup = openFiles[place].montage else { throw CommandFailure("No montage is open.") }
        guard openFiles[place].sections == 0 else { throw CommandFailure("The montage is already complete.") }
        let start = stage.position
        let saved = column.sets[setup.set]?.binning ?? 1
        column.sets[setup.set]?.binning = setup.binning
        defer { column.sets[setup.set]?.binning = saved }
        var middle: ImageBuffer?
        var last: ImageConditions?
        for number in 0 ..< setup.count {
            let target = setup.stagePosition(number)
            guard Stage.admits(x: target.x, y: target.y), !pieceIsMissing() else { continue }
            try await moveStage(to: target, extraError: Micrometers(0.1))
            var image = try await expose(setup.set)
            image.image = image.image.cropped(
                x: (image.image.width - setup.frame.width) / 2, y: (image.image.height - setup.frame.height) / 2,
                width: setup.frame.width, height: setup.frame.height, fill: 0)
            // What cross-correlating the overlaps would find: the piece lies where the stage really stood.
            let missed = Magnifications.stageToSpecimen.then(setup.magnification.specimenToCamera)(stage.truePosition - target)
            let corner = setup.nominal(number)
            let aligned = PieceCoordinates(
                x: corner.x + Int(clamped: (missed.dx / setup.binning).rounded()), y: corner.y + Int(clamped: (missed.dy / setup.binning).rounded()))
            try fillDiskOnDemand(openFiles[place].path)
            try openFiles[place].append(image, piece: corner, aligned: aligned)
            if number == setup.count / 2 { middle = image }
            last = image.conditions
        }
        guard let last else { throw CommandFailure("No piece of the montage is within the limits of the stage.") }
        try openFiles[place].finishMontage(setup, last)
        try await moveStage(to: start)
        var overview = try assembledMontage(openFiles[place].path, conditions: last, center: setup.center)
        overview.section = 0
        acquired(overview)
        acquired(middle ?? overview)
        return []
    }

    /// The pieces of a montage file laid side by side by their aligned coordinates, at most 6000 pixels long.
    func assembledMontage(_ path: String, conditions: ImageConditions, center: Point<Frame.Stage>) throws -> ImageBuffer {
        let mdoc = try Mdoc.read("\(path).mdoc")
        let file = try MRCFile(path: path)
        let sections = mdoc.sections.filter { $0.kind == "ZValue" }
        let nominal = sections.compactMap(\.pieceCoordinates)
        let aligned = sections.compactMap { $0.alignedPieceCoordinates ?? $0.pieceCoordinates }
        guard nominal.count == sections.count, !sections.isEmpty, sections.count <= file.header.sections else {
            throw CommandFailure("\(path) is no complete montage.")
        }
        let frame = (width: file.header.width, height: file.header.height)
        let left = aligned.map(\.x).min() ?? 0
        let top = (aligned.map(\.y).max() ?? 0) + frame.height
        let width = (aligned.map(\.x).max() ?? 0) + frame.width - left
        let height = top - (aligned.map(\.y).min() ?? 0)
        let reduction = max(1, (Double(max(width, height)) / 6000).rounded(.up))
        let size = (width: Int(clamped: Double(width) / reduction), height: Int(clamped: Double(height) / reduction))
        var image = Raster<UInt16>(width: size.width, height: size.height, filledWith: UInt16(max(0, min(65535, file.header.mean))))
        var pieces: [AssembledPiece] = []
        for (number, corner) in aligned.enumerated() {
            let piece = try file.read(section: number).asUInt16
            let small = reduction == 1 ? piece : piece.resized(
                width: Int(clamped: Double(frame.width) / reduction), height: Int(clamped: Double(frame.height) / reduction)
            ).map { UInt16(max(0, min(65535, $0.rounded()))) }
            let x = Int(clamped: Double(corner.x - left) / reduction)
            let y = Int(clamped: Double(top - corner.y - frame.height) / reduction)
            image.lay(small, x: x, y: y)
            let stage = sections[number].stagePosition.map { Point<Frame.Stage>(x: $0.x, y: $0.y) } ?? center
            pieces.append(AssembledPiece(number: number, x: x, y: y, stage: stage))
        }
        var whole = conditions
        whole.pixelSize = conditions.magnification.pixelSize * (conditions.binning * reduction)
        whole.binning = conditions.binning * reduction
        whole.stage = center
        whole.imageShift = .zero
        return ImageBuffer(
            image: image, conditions: whole, pieces: pieces, pieceWidth: Int(clamped: Double(frame.width) / reduction),
            pieceHeight: Int(clamped: Double(frame.height) / reduction), file: path)
    }
}

extension Raster {
    /// Replaces what lies under another image.
    mutating func lay(_ other: Raster, x: Int, y: Int) {
        let x0 = Swift.max(0, x)
        let x1 = Swift.min(width, x + other.width)
        guard x0 < x1 else { return }
        for row in Swift.max(0, y) ..< Swift.max(Swift.max(0, y), Swift.min(height, y + other.height)) {
            let from = (row - y) * other.width + x0 - x
            pixels.replaceSubrange(row * width + x0 ..< row * width + x1, with: other.pixels[from ..< from + x1 - x0])
        }
    }
}
