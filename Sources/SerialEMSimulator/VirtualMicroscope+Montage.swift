internal import Geometry
internal import ImageFiles
internal import Raster
internal import SerialEMProtocol
internal import Units

extension VirtualMicroscope {
    func acquireMontage() async throws -> [ReportedValue] {
        guard let place = currentFile, var setup = openFiles[place].montage else { throw CommandFailure("No montage is open.") }
        // Another montage of the same file goes to the next section.
        let level = openFiles[place].montageSections
        if setup.fixedSize != nil { setup.center = stage.position }
        let start = stage.position
        let saved = column.sets[setup.set]?.binning ?? 1
        column.sets[setup.set]?.binning = setup.binning
        defer { column.sets[setup.set]?.binning = saved }
        var middle: ImageBuffer?
        var last: ImageBuffer?
        let taken = setup.takenPieces
        // A montage that was interrupted goes on.
        let done = Set(openFiles[place].mdoc.pieces.compactMap(\.pieceCoordinates))
        for number in taken {
            var corner = setup.nominal(number)
            corner.z = level
            guard !done.contains(corner), !pieceIsMissing() else { continue }
            let target = setup.stagePosition(number)
            try await moveStage(to: target, extraError: Micrometers(0.1))
            var image = try await expose(setup.set)
            image.image = image.image.cropped(
                x: (image.image.width - setup.frame.width) / 2, y: (image.image.height - setup.frame.height) / 2,
                width: setup.frame.width, height: setup.frame.height, fill: 0)
            // What cross-correlating the overlaps would find: the piece lies where the stage really stood.
            let missed = Magnifications.stageToSpecimen.then(setup.magnification.specimenToCamera)(stage.truePosition - target)
            let aligned = PieceCoordinates(
                x: corner.x + Int(clamped: (missed.dx / setup.binning).rounded()), y: corner.y + Int(clamped: (missed.dy / setup.binning).rounded()), z: level)
            guard openFiles.indices.contains(place) else { throw CommandFailure("The montage file was closed.") }
            try fillDiskOnDemand(openFiles[place].path)
            try openFiles[place].append(image, piece: corner, aligned: aligned)
            if number == taken[taken.count / 2] { middle = image }
            last = image
        }
        guard let last else { throw CommandFailure("No piece of the montage is within the limits of the stage.") }
        try openFiles[place].finishMontage(setup, last)
        try await moveStage(to: start)
        var overview = try assembledMontage(openFiles[place].path, conditions: last.conditions, center: setup.center, section: level)
        overview.section = level
        acquired(overview)
        acquired(middle ?? overview)
        return []
    }

    /// The pieces of a montage file laid side by side by their aligned coordinates, at most 6000 pixels long.
    func assembledMontage(
        _ path: String, conditions: ImageConditions, center: Point<Frame.Stage>, section: Int = 0
    ) throws -> ImageBuffer {
        let file = try MRCFile(path: path)
        let placed = try placedPieces(path, file, section: section)
        let frame = (width: file.header.width, height: file.header.height)
        let left = placed.map(\.corner.x).min() ?? 0
        let top = (placed.map(\.corner.y).max() ?? 0) + frame.height
        let width = (placed.map(\.corner.x).max() ?? 0) + frame.width - left
        let height = top - (placed.map(\.corner.y).min() ?? 0)
        guard width <= 4_000_000, height <= 4_000_000 else { throw CommandFailure("\(path) has impossible piece coordinates.") }
        let reduction = max(1, (Double(max(width, height)) / 6000).rounded(.up))
        let size = (width: Int(clamped: Double(width) / reduction), height: Int(clamped: Double(height) / reduction))
        var image = Raster<UInt16>(width: size.width, height: size.height, filledWith: sixteenBits(Float(file.header.mean)))
        var pieces: [AssembledPiece] = []
        for (number, piece) in placed.enumerated() {
            let picture = try file.read(section: piece.section).asUInt16
            let small = reduction == 1 ? picture : picture.resized(
                width: Int(clamped: Double(frame.width) / reduction), height: Int(clamped: Double(frame.height) / reduction)
            ).map(sixteenBits)
            let x = Int(clamped: Double(piece.corner.x - left) / reduction)
            let y = Int(clamped: Double(top - piece.corner.y - frame.height) / reduction)
            image.lay(small, x: x, y: y)
            pieces.append(AssembledPiece(number: number, x: x, y: y, stage: piece.stage ?? center))
        }
        var whole = conditions
        whole.pixelSize = conditions.magnification.pixelSize * (conditions.binning * reduction)
        whole.binning = conditions.binning * reduction
        whole.stage = center
        whole.imageShift = .zero
        return ImageBuffer(
            image: image, conditions: whole, pieces: pieces, pieceWidth: Int(clamped: Double(frame.width) / reduction),
            pieceHeight: Int(clamped: Double(frame.height) / reduction), file: path, section: section)
    }

    /// Where the pieces of a montage lie: by the mdoc, aligned where it tells, else by the extended header of the file.
    private func placedPieces(
        _ path: String, _ file: MRCFile, section: Int
    ) throws -> [(section: Int, corner: PieceCoordinates, stage: Point<Frame.Stage>?)] {
        var placed: [(section: Int, corner: PieceCoordinates, stage: Point<Frame.Stage>?)] = []
        if let mdoc = try? Mdoc.read("\(path).mdoc"), !mdoc.pieces.isEmpty {
            for piece in mdoc.pieces {
                guard let nominal = piece.pieceCoordinates, let number = piece.index, (0 ..< file.header.sections).contains(number) else {
                    throw CommandFailure("\(path) is no complete montage.")
                }
                guard nominal.z == section else { continue }
                placed.append((number, piece.alignedPieceCoordinates ?? nominal, piece.stagePosition.map { Point(x: $0.x, y: $0.y) }))
            }
        } else {
            for number in 0 ..< file.header.sections {
                let told = try file.metadata(section: number)
                guard let corner = told.pieceCoordinates else { throw CommandFailure("\(path) is no montage.") }
                guard corner.z == section else { continue }
                placed.append((number, corner, told.stagePosition.map { Point(x: $0.x, y: $0.y) }))
            }
        }
        guard !placed.isEmpty else { throw CommandFailure("\(path) holds no montage \(section).") }
        // A file may say anything.
        let isPossible = placed.allSatisfy { max($0.corner.x.magnitude, $0.corner.y.magnitude) <= 2_000_000 }
        guard isPossible else { throw CommandFailure("\(path) has impossible piece coordinates.") }
        return placed
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
