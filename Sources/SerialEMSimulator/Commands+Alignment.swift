internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let alignmentCommands: [String: CommandHandler] = [
        "ReportAlignShift": { m, _ in await m.reportAlignShift() },
        "ClearAlignment": { await $0.clearAlignment(leaveImageShift: $1.integer(1) != 0) },
        "Eucentricity": { try await $0.findEucentricity($1.integer(1, default: 2)) },
        "G": { await $0.autoFocus(mode: $1.integer(1, default: 1)) },
        "AutoFocus": { await $0.autoFocus(mode: $1.integer(1, default: 1)) },
        "ReportAutoFocus": { m, _ in await m.reportAutoFocus() },
        "ReportFocusDrift": { _, _ in [.number(0.3), .number(-0.2)] },
        "LimitNextAutoAlign": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    func reportAlignShift() -> [ReportedValue] {
        guard let image = buffers[0] else { return [] }
        let shift = image.alignShift ?? .zero
        let specimen = image.conditions.magnification.cameraToSpecimen(shift)
        let axes = Magnifications.specimenToImageShift(specimen)
        return [shift.dx, shift.dy, axes.dx * 1000, axes.dy * 1000, specimen.dx * 1000, specimen.dy * 1000].map { .number($0) }
    }
    func clearAlignment(leaveImageShift: Bool) -> [ReportedValue] {
        if let image = buffers[0], let shift = image.alignShift, !leaveImageShift {
            column.imageShift = column.imageShift + image.conditions.magnification.cameraToSpecimen.then(Magnifications.specimenToImageShift)(shift)
        }
        buffers[0]?.alignShift = nil
        return []
    }

    /// Finds the eucentric height with tilted images; rough leaves half a micrometre, fine a tenth.
    func findEucentricity(_ mode: Int) async throws -> [ReportedValue] {
        guard grid != nil else { throw CommandFailure("Eucentricity was not found: there is nothing to see.") }
        let fine = mode == 2 || mode == 3 || mode == 6 || mode == -1
        for _ in 0 ..< (fine ? 6 : 3) {
            _ = try await expose(column.lowDoseIsOn ? .view : .record)
            await wait(Seconds(3))
        }
        let place = trueCenter(column.currentMagnification)
        let height = (grid?.eucentricHeight(place) ?? stage.height) + Micrometers((fine ? 0.1 : 0.5) * random.normal())
        await wait(stage.move(toHeight: height, random: &random))
        return []
    }

    func autoFocus(mode: Int) async -> [ReportedValue] {
        guard column.valveIsOpen, grid != nil else { lastAutoFocus = (0, -1); return [] }
        for _ in 0 ..< 3 where (try? await expose(.focus)) != nil {}
        let place = trueCenter(column.currentMagnification)
        let measured = trueDefocus(at: place).value + 0.05 * random.normal()
        lastAutoFocus = (measured, 0)
        guard mode != -1 else { return [] }
        column.defocus += column.targetDefocus - Micrometers(measured)
        return []
    }
    func reportAutoFocus() -> [ReportedValue] { [.number(lastAutoFocus.defocus), .count(lastAutoFocus.status)] }
}
