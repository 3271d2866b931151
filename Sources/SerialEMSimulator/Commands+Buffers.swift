internal import Geometry
internal import ImageFiles
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let bufferCommands: [String: CommandHandler] = [
        "Copy": { try await $0.copyBuffer(from: $1.text(1), to: $1.text(2)) },
        "Show": { _, _ in [] },
        "ReportCurrentBuffer": { m, _ in [.text("A"), .flag(await m.buffers[0] != nil)] },
        "ImageProperties": { try await $0.imageProperties($1) },
        "ImageConditions": { try await $0.imageConditions($1.text(1)) },
        "ImageLowDoseSet": { try await $0.imageLowDoseSet($1) },
        "ReportMeanCounts": { try await $0.meanCounts($1) },
        "ReduceImage": { try await $0.reduceImage($1) },
        "CropCenterToSize": { try await $0.cropCenter($1) },
        "BufImagePosToStagePos": { try await $0.stagePosition($1) },
        "StagePosToBufImagePos": { try await $0.imagePosition($1) },
        "ReportMetadataValues": { try await $0.metadata($1) },
    ]
}

extension VirtualMicroscope {
    /// The buffer that files and maps are read into unless another is named.
    var readBuffer: Int { 19 }

    func bufferIndex(_ text: String) throws -> Int {
        if let number = Int(text), (1 ... buffers.count).contains(number) { return number - 1 }
        if let letter = text.uppercased().first, text.count == 1, let index = BufferLetter.index(of: letter),
            buffers.indices.contains(index)
        { return index }
        throw CommandFailure("\(text) is no image buffer.")
    }
    func buffer(_ number: Int) throws -> ImageBuffer {
        guard buffers.indices.contains(number), let image = buffers[number] else {
            throw CommandFailure("There is no image in buffer \(BufferLetter.letter(number).map(String.init) ?? "\(number)").")
        }
        return image
    }
    private func buffer(named text: String) throws -> ImageBuffer { try buffer(try bufferIndex(text.isEmpty ? "A" : text)) }

    func copyBuffer(from: String, to: String) throws -> [ReportedValue] {
        buffers[try bufferIndex(to)] = try buffer(try bufferIndex(from))
        return []
    }
    func imageProperties(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        return [
            .count(b.image.width), .count(b.image.height), .number(b.conditions.binning), .number(b.conditions.exposure.value),
            .number(b.conditions.pixelSize.value), .count(b.conditions.parameterSet),
        ]
    }
    func imageConditions(_ name: String) throws -> [ReportedValue] {
        let b = try buffer(named: name)
        return [.number(b.conditions.dose.value), .number(b.conditions.magnification.value)]
    }
    func imageLowDoseSet(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        return [.count(b.conditions.parameterSet), .flag(b.conditions.lowDose)]
    }
    func meanCounts(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        let pixels = b.sent?.values.map(Double.init) ?? b.image.pixels.map(Double.init)
        let count = Double(max(1, pixels.count))
        let mean = pixels.reduce(0, +) / count
        guard a.text(2) == "2" else { return [.number(mean)] }
        let squares = pixels.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
        return [.number(mean), .number((squares / count).squareRoot()), .number(pixels.min() ?? 0), .number(pixels.max() ?? 0)]
    }
    func reduceImage(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let factor = try a.number(2)
        guard factor > 1, factor < Double(min(b.image.width, b.image.height)) else {
            throw CommandFailure("An image cannot be reduced by \(factor).")
        }
        b.image = b.image.resized(width: Int(clamped: Double(b.image.width) / factor), height: Int(clamped: Double(b.image.height) / factor))
            .map { UInt16(max(0, min(65535, $0.rounded()))) }
        b.conditions.pixelSize = b.conditions.pixelSize * factor
        b.conditions.binning *= factor
        b.pieces = b.pieces.map {
            AssembledPiece(number: $0.number, x: Int(clamped: Double($0.x) / factor), y: Int(clamped: Double($0.y) / factor), stage: $0.stage)
        }
        b.pieceWidth = Int(clamped: Double(b.pieceWidth) / factor)
        b.pieceHeight = Int(clamped: Double(b.pieceHeight) / factor)
        acquired(b)
        return []
    }
    func cropCenter(_ a: CommandArguments) throws -> [ReportedValue] {
        var b = try buffer(named: a.text(1))
        let (w, h) = (a.integer(2), a.integer(3))
        guard w > 0, h > 0, w <= b.image.width, h <= b.image.height else {
            throw CommandFailure("The image is smaller than \(w) x \(h) pixels.")
        }
        b.image = b.image.cropped(x: (b.image.width - w) / 2, y: (b.image.height - h) / 2, width: w, height: h, fill: 0)
        b.pieces = []
        acquired(b)
        return []
    }
    /// The image shift that is set now counts in raw coordinates: the stage would have to go that much less far.
    private func rawShift(_ flag: Int) -> Vector<Frame.Stage> {
        flag == 0 ? .zero : Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(column.imageShift))
    }
    func stagePosition(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        let p = try Point<Frame.MapPixels>(x: a.number(3), y: a.number(4))
        let found = b.stagePosition(p)
        let s = found.position - rawShift(a.integer(2))
        guard let piece = found.piece else { return [.number(s.x), .number(s.y), .number(-1), .number(0), .number(0)] }
        return [
            .number(s.x), .number(s.y), .count(piece.number), .number(p.x - Double(piece.x)), .number(p.y - Double(piece.y)),
        ]
    }
    func imagePosition(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        guard let p = try b.imagePosition(Point(x: a.number(3), y: a.number(4)) + rawShift(a.integer(2))) else {
            throw CommandFailure("The image has no stage calibration.")
        }
        return [.number(p.x), .number(p.y)]
    }
    func metadata(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        guard let path = b.file, let section = try? Mdoc.read("\(path).mdoc").sections.first(where: { $0.index == b.section }),
            let value = section[a.text(2)]
        else { throw CommandFailure("The image has no metadata \(a.text(2)).") }
        return value.split(separator: " ").prefix(6).map { .text(String($0)) }
    }

    /// The conditions of an image read from a file: from its mdoc section where there is one.
    func presentConditions(pixelSize: PixelSize, section: MdocSection?) -> ImageConditions {
        let index = section?.integer("MagIndex") ?? column.magnification
        let magnification = Magnifications.entry(index) ?? column.currentMagnification
        let stagePlace = section?.stagePosition.map { Point<Frame.Stage>(x: $0.x, y: $0.y) } ?? stage.position
        let shift = section?.doubles("ImageShift") ?? [0, 0]
        return ImageConditions(
            pixelSize: pixelSize, binning: pixelSize.value > 0 ? pixelSize / magnification.pixelSize : 1,
            exposure: Seconds(section?.double("ExposureTime") ?? 1), parameterSet: -1, magnification: magnification,
            stage: stagePlace, height: section?.double("StageZ").map { Micrometers($0) } ?? stage.height,
            tilt: section?.tiltAngle ?? Degrees(0), imageShift: shift.count == 2 ? Vector(dx: shift[0], dy: shift[1]) : .zero,
            defocus: Micrometers(section?.double("Defocus") ?? 0), dose: Dose(section?.double("ExposureDose") ?? 0),
            lowDose: column.lowDoseIsOn, area: nil, date: clock.date)
    }

    /// The image of a buffer as the socket hands it out, or nil for an empty one.
    func bufferImage(_ index: Int, fromFFTWindow: Bool) -> ImageBuffer? {
        guard !fromFFTWindow, buffers.indices.contains(index) else { return nil }
        return buffers[index]
    }

    /// An image from the client; its conditions are those of the base buffer, else of the destination or any other.
    func putImage(_ image: Raster<UInt16>, sent: SentPixels?, into index: Int, base: Int, addedBinning: Int) {
        guard buffers.indices.contains(index) else { return }
        let source = (buffers.indices.contains(base) ? buffers[base] : nil) ?? buffers[index] ?? buffers.lazy.compactMap { $0 }.first
        var conditions = source?.conditions ?? presentConditions(pixelSize: column.currentMagnification.pixelSize, section: nil)
        // Put again and again on its own base, an image would count its binning up without end.
        let added = Double(max(1, addedBinning))
        if conditions.binning * added <= CommandArguments.largest {
            conditions.pixelSize = conditions.pixelSize * added
            conditions.binning *= added
        }
        let new = ImageBuffer(image: image, conditions: conditions, sent: sent)
        if index == 0 { acquired(new) } else { buffers[index] = new }
    }
}
