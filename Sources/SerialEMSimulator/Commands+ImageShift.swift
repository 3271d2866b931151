internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let imageShiftCommands: [String: CommandHandler] = [
        "ReportImageShift": { m, _ in await m.reportImageShift() },
        "SetImageShift": { try await $0.setImageShift($0.imageShift(inUnits: $1), $1) },
        "ImageShiftByUnits": { try await $0.setImageShift(await $0.column.imageShift + $0.imageShift(inUnits: $1), $1) },
        "ImageShiftByMicrons": { try await $0.imageShiftByMicrons($1) },
        "ImageShiftByPixels": { try await $0.imageShiftByPixels($1) },
        "ImageShiftByStageDiff": { try await $0.imageShiftByStageDifference($1) },
        "ResetImageShift": { try await $0.resetImageShift($1) },
        "ResetShiftIfAbove": { try await $0.resetShift(ifAbove: $1) },
        "ReportSpecimenShift": { m, _ in
            let shift = Magnifications.imageShiftToSpecimen(await m.column.imageShift)
            return [.number(shift.dx), .number(shift.dy)]
        },
        "ReportMaxImageShift": { m, _ in
            [.number(try await m.property("ImageShiftLimit")), .number(m.configuration.kind.imageShiftLimit)]
        },
        "ReportAlignShift": { m, _ in await m.reportAlignShift() },
        "ReportISforBufferShift": { m, _ in await m.reportImageShiftForBufferShift() },
        "ReportAccumShift": { m, _ in
            let sum = await m.mechanics.accumulatedShift
            return [.number(sum.dx), .number(sum.dy)]
        },
        "ClearAlignment": { await $0.clearAlignment(leaveImageShift: $1.integer(1) != 0) },
        "LimitNextAutoAlign": { try await $0.limitNextAlignment(Micrometers($1.number(1))) },
    ]
}

extension VirtualMicroscope {
    /// The first two arguments, in the column's units, as the simulator counts image shift.
    nonisolated func imageShift(inUnits a: CommandArguments) throws -> Vector<Frame.ImageShift> {
        try Vector(dx: a.number(1), dy: a.number(2)) / configuration.kind.imageShiftUnits
    }
    private func reported(_ shift: Vector<Frame.ImageShift>) -> Vector<Frame.ImageShift> { configuration.kind.imageShiftUnits * shift }

    func reportImageShift() -> [ReportedValue] {
        let units = reported(column.imageShift)
        let specimen = Magnifications.imageShiftToSpecimen(column.imageShift)
        // What the camera is told is how the image moves, against the shift of the field.
        let camera = column.currentMagnification.specimenToCamera(-specimen)
        let stage = stageWay(of: specimen)
        return [units.dx, units.dy, camera.dx, camera.dy, stage.dx, stage.dy].map { .number($0) }
    }
    /// How the stage has to move to do the same; the tilt shortens what lies across its axis, which is the stage's x axis.
    private func stageWay(of specimen: Vector<Frame.Specimen>) -> Vector<Frame.Stage> {
        var way = Magnifications.specimenToStage(specimen)
        way.dy /= max(0.2, cosine(stage.tilt))
        return way
    }

    /// Refused (value 1) beyond the limit that the properties or the coils set. Arguments 3 and 4: a factor for the delay, and
    /// whether the beam tilt follows.
    func setImageShift(_ shift: Vector<Frame.ImageShift>, _ a: CommandArguments = CommandArguments([])) async throws -> [ReportedValue] {
        let delay = try a.number(3, default: 1)
        guard (0 ... 1000).contains(delay) else { throw CommandFailure("A delay factor of \(delay) is not possible.") }
        let coils = configuration.kind.imageShiftLimit
        // Whatever the properties say, coils do not shift an image by more than a tenth of a millimetre.
        let limit = min(coils > 0 ? coils : 100, properties["ImageShiftLimit"] ?? 15)
        guard shift.length.isFinite, Magnifications.imageShiftToSpecimen(shift).length <= limit else { return [.number(1)] }
        column.imageShift = shift
        if a.integer(4) != 0 { followWithBeamTilt() }
        await wait(Seconds(0.2 * delay))
        return [.number(0)]
    }
    func imageShiftByMicrons(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Magnifications.specimenToImageShift(Vector(dx: a.number(1), dy: a.number(2)))
        return try await setImageShift(column.imageShift + way, a)
    }
    func imageShiftByPixels(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try column.currentMagnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(
            Vector(dx: a.number(1).rounded(), dy: a.number(2).rounded()))
        return try await setImageShift(column.imageShift + way, a)
    }
    func imageShiftByStageDifference(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2) * cosine(stage.tilt))
        return try await setImageShift(column.imageShift + Magnifications.stageToSpecimen.then(Magnifications.specimenToImageShift)(way), a)
    }

    /// Mode 1 approaches the place from the usual side, 2 relaxes the stage afterwards as well.
    func resetImageShift(_ a: CommandArguments = CommandArguments([])) async throws -> [ReportedValue] {
        let way = stageWay(of: Magnifications.imageShiftToSpecimen(column.imageShift))
        let target = stage.position + way
        guard Stage.admits(x: target.x, y: target.y) else {
            throw CommandFailure("The image shift cannot be reset: the stage would have to go to \(target.x), \(target.y).")
        }
        column.imageShift = .zero
        if a.integer(1) > 0 { try await approach(target, backlash: Micrometers(5)) } else { try await moveStage(to: target) }
        if a.integer(1) > 1 { _ = await relaxStage() }
        return []
    }
    /// Images before and after make up for what the stage misses.
    func resetShift(ifAbove a: CommandArguments) async throws -> [ReportedValue] {
        let limit = try a.number(1)
        guard a.has(1) else { throw CommandFailure("ResetShiftIfAbove needs a distance.") }
        guard Magnifications.imageShiftToSpecimen(column.imageShift).length > limit else { return [] }
        try await keepingView { _ = try await self.resetImageShift() }
        return []
    }

    func reportAlignShift() -> [ReportedValue] {
        guard let image = buffers[0] else { return [] }
        let shift = image.alignShift ?? .zero
        mechanics.accumulatedShift = mechanics.accumulatedShift + shift
        let specimen = image.conditions.magnification.cameraToSpecimen(shift)
        let axes = Magnifications.specimenToImageShift(specimen)
        // How far along each axis of image shift, on the specimen: lengths, which have no sign.
        let scale = 1000 * Magnifications.imageShiftToSpecimen(Vector(dx: 1, dy: 0)).length
        return [shift.dx, shift.dy, axes.dx.magnitude * scale, axes.dy.magnitude * scale, specimen.dx * 1000, specimen.dy * 1000].map { .number($0) }
    }
    /// The image shift that would do what the shift of the image in A shows.
    func reportImageShiftForBufferShift() -> [ReportedValue] {
        guard let image = buffers[0] else { return [] }
        let specimen = image.conditions.magnification.cameraToSpecimen(image.alignShift ?? .zero)
        let shift = reported(Magnifications.specimenToImageShift(specimen))
        return [.number(-shift.dx), .number(-shift.dy)]
    }
    func clearAlignment(leaveImageShift: Bool) -> [ReportedValue] {
        if let image = buffers[0], let shift = image.alignShift, !leaveImageShift {
            let back = image.conditions.magnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(shift)
            column.imageShift = column.imageShift + back
        }
        buffers[0]?.alignShift = nil
        return []
    }
    func limitNextAlignment(_ limit: Micrometers) throws -> [ReportedValue] {
        guard limit > Micrometers(0) else { throw CommandFailure("A limit of \(limit.value) um leaves nothing to align.") }
        mechanics.nextAlignLimit = limit
        return []
    }
    /// How far an alignment may go, in pixels of the image: 60 % of its shorter side, or what the command before set for this one.
    func takeAlignLimit(_ image: ImageBuffer) -> Double {
        let usual = Double(min(image.image.width, image.image.height)) * 0.6
        guard let limit = mechanics.nextAlignLimit else { return usual }
        mechanics.nextAlignLimit = nil
        return min(usual, max(1, limit.value * 1000 / image.conditions.pixelSize.value))
    }
}
