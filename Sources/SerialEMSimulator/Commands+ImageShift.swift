internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let imageShiftCommands: [String: CommandHandler] = [
        "ReportImageShift": { m, _ in await m.reportImageShift() },
        "SetImageShift": { try await $0.setImageShift(Vector(dx: $1.number(1), dy: $1.number(2))) },
        "ImageShiftByUnits": { try await $0.setImageShift(await $0.column.imageShift + Vector(dx: $1.number(1), dy: $1.number(2))) },
        "ImageShiftByMicrons": { try await $0.imageShiftByMicrons($1) },
        "ImageShiftByPixels": { try await $0.imageShiftByPixels($1) },
        "ResetImageShift": { m, _ in try await m.resetImageShift() },
        "ReportSpecimenShift": { m, _ in
            let shift = Magnifications.imageShiftToSpecimen(await m.column.imageShift)
            return [.number(shift.dx), .number(shift.dy)]
        },
        "ReportMaxImageShift": { m, _ in [.number(try await m.property("ImageShiftLimit")), .number(0)] },
        "ReportBeamShift": { m, _ in [.number(await m.column.beamShift.x), .number(await m.column.beamShift.y)] },
        "ReportBeamTilt": { m, _ in [.number(await m.column.beamTilt.x), .number(await m.column.beamTilt.y)] },
        "ReportComaVsISmatrix": { _, _ in [.number(0.01), .number(0.001), .number(-0.001), .number(0.01)] },
    ]
}

extension VirtualMicroscope {
    func reportImageShift() -> [ReportedValue] {
        let shift = column.imageShift
        let specimen = Magnifications.imageShiftToSpecimen(shift)
        let camera = column.currentMagnification.specimenToCamera(specimen)
        let stage = Magnifications.specimenToStage(specimen)
        return [shift.dx, shift.dy, camera.dx, camera.dy, stage.dx, stage.dy].map { .number($0) }
    }
    /// Refused (value 1) beyond the limit that the properties set.
    func setImageShift(_ shift: Vector<Frame.ImageShift>) async -> [ReportedValue] {
        // Whatever the properties say, coils do not shift an image by more than a tenth of a millimetre.
        let limit = min(100, properties["ImageShiftLimit"] ?? 15)
        guard shift.length.isFinite, Magnifications.imageShiftToSpecimen(shift).length <= limit else { return [.number(1)] }
        column.imageShift = shift
        await wait(Seconds(0.2))
        return [.number(0)]
    }
    func imageShiftByMicrons(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Magnifications.specimenToImageShift(Vector(dx: a.number(1), dy: a.number(2)))
        return await setImageShift(column.imageShift + way)
    }
    func imageShiftByPixels(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try column.currentMagnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(
            Vector(dx: a.number(1).rounded(), dy: a.number(2).rounded()))
        return await setImageShift(column.imageShift + way)
    }
    func resetImageShift() async throws -> [ReportedValue] {
        let way = Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(column.imageShift))
        column.imageShift = .zero
        try await moveStage(to: stage.position + way)
        return []
    }
}
