internal import Geometry
internal import ImageFiles
internal import Raster
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    static let bufferCommands: [String: CommandHandler] = [
        "Copy": { try await $0.copyBuffer(from: $1.text(1), to: $1.text(2)) },
        "ImageProperties": { try await $0.imageProperties($1) },
        "ImageConditions": { try await $0.imageConditions($1.text(1)) },
        "ImageLowDoseSet": { try await $0.imageLowDoseSet($1) },
        "ReportMeanCounts": { try await $0.meanCounts($1) },
        "BufImagePosToStagePos": { try await $0.stagePosition($1) },
        "StagePosToBufImagePos": { try await $0.imagePosition($1) },
        "StageToBufImageMatrix": { try await $0.stageToImage($1) },
        "BufImageToStageMatrix": { try await $0.imageToStage($1) },
        "ImageMarkerPosition": { try await $0.markerPosition($1.text(1)) },
        "SubareaMean": { try await $0.subareaMean($1) },
        "CircularSubareaMean": { try await $0.circularMean($1) },
        "ElectronStats": { try await $0.electronStatistics($1.text(1)) },
    ]
}

extension VirtualMicroscope {
    /// The buffer that AutoAlign compares with: the first that acquired images do not roll into.
    var autoAlignBuffer: Int { buffersToRoll + 1 }
    /// The buffer that files and maps are read into unless another is named; Low Dose has a second one to align to.
    var readBuffer: Int { autoAlignBuffer + (column.lowDoseIsOn ? 2 : 1) }

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
    /// The image in a buffer, or with F after the letter the power spectrum that is shown beside it.
    func buffer(named text: String) throws -> ImageBuffer {
        let name = text.uppercased()
        guard name.count == 2, name.last == "F", Int(name) == nil else { return try buffer(try bufferIndex(text.isEmpty ? "A" : text)) }
        guard try bufferIndex(String(name.prefix(1))) == 0, let fftWindow else {
            throw CommandFailure("There is no image in FFT buffer \(name).")
        }
        return fftWindow
    }
    /// An image that was read from a file goes into a buffer, which is the current one then.
    func show(read image: ImageBuffer, in place: Int) {
        buffers[place] = image
        shownBuffer = place
    }

    func copyBuffer(from: String, to: String) throws -> [ReportedValue] {
        buffers[try bufferIndex(to)] = try buffer(named: from)
        return []
    }
    func imageProperties(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        _ = setVariable("imageTickTime", .number(b.conditions.date.seconds - SimulatedClock.start), persistent: false)
        return [
            .count(b.image.width), .count(b.image.height), .number(b.conditions.binning), .number(b.conditions.exposure.value),
            .number(b.conditions.pixelSize.value), .count(b.conditions.isReadIn ? -1 : b.conditions.parameterSet),
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
    /// The mean, per second and unbinned pixel with "1", or with 2 mean, standard deviation, minimum and maximum.
    func meanCounts(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(named: a.text(1))
        let all = Statistics(b.floats.pixels)
        guard a.integer(2) >= 2 else {
            let perSecond = b.conditions.binning * b.conditions.binning * b.conditions.exposure.value
            return [.number(a.text(2) == "1" && perSecond > 0 ? all.mean / perSecond : all.mean)]
        }
        return [all.mean, all.deviation, all.least, all.most].map { .number($0) }
    }
    func subareaMean(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(0)
        let (x0, x1, y0, y1) = (a.integer(1), a.integer(2), a.integer(3), a.integer(4))
        guard a.has(4), 0 <= x0, x0 <= x1, x1 < b.image.width, 0 <= y0, y0 <= y1, y1 < b.image.height else {
            throw CommandFailure("The coordinates of the subarea are missing or out of bounds.")
        }
        return [.number(Statistics(b.floats.cropped(x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1, fill: 0).pixels).mean)]
    }
    func circularMean(_ a: CommandArguments) throws -> [ReportedValue] {
        let b = try buffer(0)
        let (x, y, radius) = (try a.number(1), try a.number(2), try a.number(3))
        guard radius > 0, x - radius >= 0, y - radius >= 0, x + radius <= Double(b.image.width), y + radius <= Double(b.image.height) else {
            throw CommandFailure("The circle is not within the image.")
        }
        let floats = b.floats
        var values: [Float] = []
        for row in Int(clamped: y - radius) ..< Int(clamped: (y + radius).rounded(.up)) {
            for place in Int(clamped: x - radius) ..< Int(clamped: (x + radius).rounded(.up)) {
                let (dx, dy) = (Double(place) + 0.5 - x, Double(row) + 0.5 - y)
                if dx * dx + dy * dy <= radius * radius { values.append(floats[place, row]) }
            }
        }
        return [.number(Statistics(values).mean)]
    }
    /// Minimum, maximum, mean and standard deviation in electrons per pixel, and electrons per unbinned pixel and second.
    func electronStatistics(_ name: String) throws -> [ReportedValue] {
        let b = try buffer(named: name)
        let all = Statistics(b.floats.pixels)
        let gain = SpecimenGrid.countsPerElectron
        let perSecond = max(1e-9, b.conditions.exposure.value * b.conditions.binning * b.conditions.binning)
        return [all.least / gain, all.most / gain, all.mean / gain, all.deviation / gain, all.mean / gain / perSecond].map { .number($0) }
    }
    func markerPosition(_ name: String) throws -> [ReportedValue] {
        let image = name == "0" || name == "-1" ? try buffer(shownBuffer) : try buffer(named: name)
        return [.number(image.marker?.x ?? -1), .number(image.marker?.y ?? -1)]
    }
    /// The image shift that is set now counts in raw coordinates: the stage would have to go that much less far.
    private func rawShift(_ flag: Int) -> Vector<Frame.Stage> {
        flag == 0 ? .zero : Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(column.imageShift))
    }
    /// Four elements and the displacement: pixel = matrix times stage position, plus displacement.
    func stageToImage(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let b = try buffer(named: a.text(1))
        guard let m = b.conditions.imageToStage.inverse else { throw CommandFailure("The image has no stage calibration.") }
        let center = m(b.conditions.center - rawShift(a.integer(2)) - .origin)
        return [m.xpx, m.xpy, m.ypx, m.ypy, b.middle.x - center.dx, b.middle.y - center.dy].map { .number($0) }
    }
    func imageToStage(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let b = try buffer(named: a.text(1))
        let m = b.conditions.imageToStage
        let corner = b.conditions.center - rawShift(a.integer(2)) - m(b.middle - .origin)
        return [m.xpx, m.xpy, m.ypx, m.ypy, corner.x, corner.y].map { .number($0) }
    }
    func stagePosition(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
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
        try requireNavigator()
        let b = try buffer(named: a.text(1))
        guard let p = try b.imagePosition(Point(x: a.number(3), y: a.number(4)) + rawShift(a.integer(2))) else {
            throw CommandFailure("The image has no stage calibration.")
        }
        return [.number(p.x), .number(p.y)]
    }
    /// The conditions of an image read from a file: from its mdoc section where there is one.
    func presentConditions(pixelSize: PixelSize, section: MdocSection?) -> ImageConditions {
        let index = section?.integer("MagIndex") ?? column.magnification
        let magnification = Magnifications.entry(index) ?? column.currentMagnification
        let stagePlace = section?.stagePosition.map { Point<Frame.Stage>(x: $0.x, y: $0.y) } ?? stage.position
        let shift = section?.doubles("ImageShift") ?? [0, 0]
        let taken = section?.integer("LowDoseConSet").map { SectionMetadata.parameterSet(told: $0) }
        let lowDose = taken?.lowDose ?? column.lowDoseIsOn
        return ImageConditions(
            pixelSize: pixelSize, binning: pixelSize.value > 0 ? pixelSize / magnification.pixelSize : 1,
            exposure: Seconds(section?.double("ExposureTime") ?? 1), parameterSet: taken?.set ?? -1,
            magnification: magnification,
            stage: stagePlace, height: section?.double("StageZ").map { Micrometers($0) } ?? stage.height,
            tilt: section?.tiltAngle ?? Degrees(0), imageShift: shift.count == 2 ? Vector(dx: shift[0], dy: shift[1]) : .zero,
            defocus: Micrometers(section?.double("Defocus") ?? 0), dose: Dose(section?.double("ExposureDose") ?? 0),
            priorRecordDose: section?.double("PriorRecordDose").map { Dose($0) }, lowDose: lowDose,
            area: lowDose ? taken.flatMap { ParameterSet(rawValue: $0.set)?.area } : nil, date: clock.date)
    }

    /// The image of a buffer as the socket hands it out, or nil for an empty one.
    func bufferImage(_ index: Int, fromFFTWindow: Bool) -> ImageBuffer? {
        guard !fromFFTWindow else { return index == 0 ? fftWindow : nil }
        guard buffers.indices.contains(index) else { return nil }
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
