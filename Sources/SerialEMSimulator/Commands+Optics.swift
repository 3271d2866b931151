internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let opticsCommands: [String: CommandHandler] = [
        "ReportMag": { m, _ in await m.reportMagnification() },
        "ReportMagIndex": { m, _ in [.count(await m.column.magnification), .flag(await m.column.currentMagnification.isLowMag)] },
        "SetMag": { try await $0.setMagnification(Magnifications.entry(magnification: $1.number(1)), $1.number(1)) },
        "SetMagIndex": { try await $0.setMagnification(Magnifications.entry($1.integer(1)), $1.number(1)) },
        "ReportDefocus": { m, _ in [.number(await m.column.defocus.value)] },
        "SetDefocus": { try await $0.setDefocus(Micrometers($1.number(1, upTo: VirtualMicroscope.largestDefocus))) },
        "ChangeFocus": { try await $0.changeFocus($1.number(1)) },
        "SetTargetDefocus": { try await $0.setTargetDefocus($1.number(1)) },
        "ReportTargetDefocus": { m, _ in [.number(await m.column.targetDefocus.value)] },
        "SetEucentricFocus": { m, _ in await m.setDefocus(Micrometers(0)) + [.number(0)] },
        "ReportSpotSize": { m, _ in [.count(await m.column.spotSize)] },
        "SetSpotSize": { m, a in await m.change { $0.spotSize = a.integer(1) } },
        "ReportProbeMode": { m, _ in [.flag(await m.column.isMicroProbe)] },
        "ReportPercentC2": { m, _ in [.number(await m.column.percentC2), .number(await m.column.percentC2 / 100)] },
        "ReportIlluminatedArea": { m, _ in [.number(await m.column.beamDiameter(m.column.currentMagnification).value / 100)] },
        "SetBeamBlank": { m, a in await m.change { $0.beamIsBlanked = a.integer(1) != 0 } },
        "ScreenUp": { m, a in await m.change { $0.screenIsDown = false } },
        "ScreenDown": { m, a in await m.change { $0.screenIsDown = true } },
        "ReportScreen": { m, _ in [.flag(await m.column.screenIsDown)] },
        "ReportScreenCurrent": { m, _ in [.number(await m.column.screenIsDown ? 1.2 : 0)] },
        "ReportColumnOrGunValve": { m, _ in [.flag(await m.column.valveIsOpen)] },
        "SetColumnOrGunValve": { await $0.setValve(open: $1.integer(1) != 0) },
        "ReportEnergyFilter": { m, _ in
            [.number(await m.column.slitWidth), .number(await m.column.energyLoss), .flag(await m.column.slitIsIn)]
        },
        "SetSlitIn": { m, a in await m.change { $0.slitIsIn = a.integer(1, default: 1) != 0 } },
        "SetSlitWidth": { try await $0.setSlitWidth($1.number(1)) },
        "RefineZLP": { m, _ in await m.pause(25) + [.number(0)] },
        "ReportApertureSize": { try await $0.apertureSize($1.integer(1)) },
        "SetApertureSize": { try await $0.setApertureSize($1) },
        "RemoveAperture": { try await $0.removeAperture($1.integer(1)) },
        "ReInsertAperture": { try await $0.reinsertAperture($1.integer(1)) },
        "ReportHighVoltage": { _, _ in [.number(300)] },
        "ReportVacuumStatus": { _, _ in [.number(0)] },
        "NormalizeLenses": { m, _ in await m.pause(2) },
        "NormalizeAllLenses": { m, _ in await m.pause(3) },
        "AreDewarsFilling": { _, _ in [.number(0)] },
        "DewarsRemainingTime": { _, _ in [.number(-1)] },
    ]
}

extension VirtualMicroscope {
    /// For commands that set one thing of the column and do nothing else.
    func change(_ change: @Sendable (inout Column) -> Void) -> [ReportedValue] {
        change(&column)
        return []
    }
    func reportMagnification() -> [ReportedValue] {
        let magnification = column.currentMagnification
        return [.number(magnification.value), .flag(magnification.isLowMag), .number(1)]
    }
    func setMagnification(_ entry: Magnification?, _ wanted: Double) async throws -> [ReportedValue] {
        guard let entry else { throw CommandFailure("\(wanted) is not in the magnification table.") }
        column.magnification = entry.index
        await wait(Seconds(1.5))
        return []
    }
    /// Micrometres.
    static let largestDefocus = 1e4
    func setDefocus(_ value: Micrometers) -> [ReportedValue] { column.defocus = value; return [] }
    func changeFocus(_ step: Double) throws -> [ReportedValue] {
        guard step != 0, step.magnitude <= 1000 else { throw CommandFailure("A focus change of \(step) um is not possible.") }
        let defocus = column.defocus + Micrometers(step)
        guard defocus.value.magnitude <= Self.largestDefocus else { throw CommandFailure("A defocus of \(defocus.value) um is not possible.") }
        column.defocus = defocus
        return []
    }
    func setTargetDefocus(_ value: Double) throws -> [ReportedValue] {
        guard (-200.0 ... 50).contains(value) else { throw CommandFailure("A target defocus of \(value) um is out of range.") }
        column.targetDefocus = Micrometers(value)
        return []
    }
    func setValve(open: Bool) async -> [ReportedValue] {
        if column.valveIsOpen != open { await wait(Seconds(8)) }
        column.valveIsOpen = open
        return []
    }
    func setSlitWidth(_ width: Double) -> [ReportedValue] { column.slitWidth = width; return [] }

    func apertureSize(_ number: Int) throws -> [ReportedValue] {
        guard let size = column.apertures[number] else { throw CommandFailure("There is no aperture \(number).") }
        return [.count(size)]
    }
    func setApertureSize(_ a: CommandArguments) async throws -> [ReportedValue] {
        let number = a.integer(1)
        guard let present = column.apertures[number] else { throw CommandFailure("There is no aperture \(number).") }
        let size = a.integer(2)
        if size == 0 { return try await removeAperture(number) }
        if size == 1 { return try await reinsertAperture(number) }
        if size != present { await wait(Seconds(6)) }
        column.apertures[number] = size
        return []
    }
    func removeAperture(_ number: Int) async throws -> [ReportedValue] {
        guard let size = column.apertures[number] else { throw CommandFailure("There is no aperture \(number).") }
        guard size != 0 else { return [] }
        await wait(Seconds(6))
        column.retractedApertures[number] = size
        column.apertures[number] = 0
        return []
    }
    func reinsertAperture(_ number: Int) async throws -> [ReportedValue] {
        guard let size = column.retractedApertures[number] else { throw CommandFailure("Aperture \(number) was not removed.") }
        await wait(Seconds(6))
        column.apertures[number] = size
        return []
    }
}
