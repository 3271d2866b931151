internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Magnification, spot, probe and lens normalisation.
    static let opticsCommands: [String: CommandHandler] = [
        "ReportMag": { m, _ in await m.reportMagnification() },
        "ReportMagIndex": { m, _ in [.count(await m.column.magnification), .flag(await m.column.currentMagnification.isLowMag)] },
        "SetMag": { try await $0.setMagnification(Magnifications.entry(magnification: $1.number(1)), $1.number(1)) },
        "SetMagIndex": { try await $0.setMagnification(Magnifications.entry($1.integer(1)), $1.number(1)) },
        "ChangeMag": {
            let index = await $0.column.magnification + max(-1000, min(1000, $1.integer(1)))
            return try await $0.setMagnification(Magnifications.entry(index), Double(index))
        },
        "SetCamLenIndex": { try await $0.setCameraLength($1.integer(1)) },
        "ReportCameraLength": { m, _ in [.number(await m.column.cameraLength.flatMap { Magnifications.cameraLengths[$0] } ?? 0)] },
        "ReportSpotSize": { m, _ in [.count(await m.column.spotSize)] },
        "SetSpotSize": { try await $0.setSpotSize($1.integer(1)) },
        "ReportProbeMode": { m, _ in [.flag(await m.column.isMicroProbe)] },
        "SetProbeMode": { try await $0.setProbeMode($1.text(1)) },
        "ReportAlpha": { m, _ in
            try m.require(.jeol, "Alpha exists")
            return [.count(await m.column.alpha)]
        },
        "SetAlpha": { m, a in
            try m.require(.jeol, "Alpha exists")
            guard (1 ... 5).contains(a.integer(1)) else { throw CommandFailure("Alpha is 1 to 5, not \(a.integer(1)).") }
            return await m.change { $0.alpha = a.integer(1) }
        },
        "NormalizeLenses": { try await $0.normalizeLenses($1.integer(1)) },
        "NormalizeAllLenses": { m, _ in await m.pause(3) },
        "ReportHighVoltage": { _, _ in [.number(300)] },
        "ReportXLensMode": { _, _ in [.number(0)] },
        "GetFastScopeStatus": { m, _ in await m.publishStatus() },
    ]
}

extension VirtualMicroscope {
    /// For commands that set something of the column; a Low Dose area that follows changes takes it over.
    func change(_ change: @Sendable (inout Column) -> Void) -> [ReportedValue] {
        change(&column)
        if column.lowDoseIsOn, let area = column.area, column.followedAreas.contains(area) { column.storeInArea(area) }
        return []
    }
    func reportMagnification() -> [ReportedValue] {
        let magnification = column.currentMagnification
        return [.number(magnification.value), .flag(magnification.isLowMag), .number(1)]
    }
    func setMagnification(_ entry: Magnification?, _ wanted: Double) async throws -> [ReportedValue] {
        guard let entry else { throw CommandFailure("\(wanted) is not in the magnification table.") }
        let done = change {
            $0.magnification = entry.index
            $0.cameraLength = nil
        }
        await wait(Seconds(1.5))
        return done
    }
    func setCameraLength(_ index: Int) async throws -> [ReportedValue] {
        guard Magnifications.cameraLengths[index] != nil else { throw CommandFailure("There is no camera length with the index \(index).") }
        column.cameraLength = index
        await wait(Seconds(2))
        return []
    }
    func setSpotSize(_ spot: Int) async throws -> [ReportedValue] {
        guard (1 ... 11).contains(spot) else { throw CommandFailure("Spot size \(spot) is not between 1 and 11.") }
        await wait(Seconds(0.5))
        return change { $0.spotSize = spot }
    }
    func setProbeMode(_ name: String) async throws -> [ReportedValue] {
        let lower = name.lowercased()
        guard ["micro", "nano", "1", "0"].contains(lower) else { throw CommandFailure("The probe mode must be micro or nano, not \(name).") }
        await wait(Seconds(1))
        return change { $0.isMicroProbe = lower == "micro" || lower == "1" }
    }
    func normalizeLenses(_ groups: Int) async throws -> [ReportedValue] {
        guard (1 ... 7).contains(groups) else { throw CommandFailure("The lenses to normalize must be a sum of 1, 2 and 4, not \(groups).") }
        return await pause(2)
    }
    /// The variables that GetFastScopeStatus sets.
    func publishStatus() -> [ReportedValue] {
        let status: [(String, Double)] = [
            ("fastStageX", stage.position.x), ("fastStageY", stage.position.y), ("fastStageZ", stage.height.value),
            ("fastTiltAngle", stage.tilt.value), ("fastISX", column.imageShift.dx), ("fastISY", column.imageShift.dy),
            ("fastMagIndex", Double(column.magnification)), ("fastDefocus", column.defocus.value),
            ("fastSpotSize", Double(column.spotSize)), ("fastIntensity", intensity), ("fastBlanked", column.beamIsBlanked ? 1 : 0),
        ]
        for (name, value) in status { _ = setVariable(name, .number(value), persistent: false) }
        return []
    }
}
