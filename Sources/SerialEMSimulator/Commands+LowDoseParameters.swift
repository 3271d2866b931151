internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// What belongs to each area, as lists of numbers and as records to copy and to bring back.
    static let lowDoseParameterCommands: [String: CommandHandler] = [
        "UpdateLowDoseParams": { try await $0.updateLowDoseParameters($1) },
        "RestoreLowDoseParams": { try await $0.restoreLowDoseParameters($1.text(1)) },
        "CurrentSettingsToLDArea": { try await $0.currentSettings(toArea: $1.text(1)) },
        "CopyLowDoseArea": { try await $0.copyLowDoseArea(from: $1.text(1), to: $1.text(2)) },
        "GetLowDoseAreaParams": { try await $0.publishArea($1.text(1), variable: $1.text(2), separator: " ") },
        "GetAllLowDoseValues": { try await $0.publishAllValues($1) },
        "SetLDContinuousUpdate": { _, _ in [] },
        "SetLDAddedBeamButton": { m, _ in try await m.setAddedBeamButton() },
    ]
}

extension VirtualMicroscope {
    /// Wants a defined area; the areas of the simulator have no beam shift of their own.
    func setAddedBeamButton() throws -> [ReportedValue] {
        try requireLowDose()
        guard column.area != nil else { throw CommandFailure("A Low Dose area has to be in use for this command.") }
        return []
    }
    private func nameOfChange(_ area: LowDoseArea) -> String { "Low Dose \(area)" }

    /// The area takes the present settings, and from now on those that commands make; its former ones come back when control
    /// ends, unless they are to be kept.
    func updateLowDoseParameters(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireLowDose()
        let area = try area(named: a.text(1))
        let former = column.areas[area]
        if a.integer(2) == 0 { restoreAtEnd(nameOfChange(area)) { $0.column.areas[area] = former } }
        else { _ = column.endOfControl.take(nameOfChange(area)) }
        column.followedAreas.insert(area)
        if column.area == area { column.storeInArea(area) }
        return []
    }
    /// Without an area, all that were updated.
    func restoreLowDoseParameters(_ letter: String) async throws -> [ReportedValue] {
        try requireLowDose()
        let wanted = letter.isEmpty ? LowDoseArea.allCases : [try area(named: letter)]
        var restored = 0
        for area in wanted {
            guard let undo = column.endOfControl.take(nameOfChange(area)) else { continue }
            undo(self)
            restored += 1
            column.followedAreas.remove(area)
            if column.area == area, let settings = column.areas[area] { column.adopt(settings) }
        }
        guard restored > 0 || letter.isEmpty else { throw CommandFailure("The parameters of area \(letter) were not changed.") }
        return []
    }
    func currentSettings(toArea letter: String) async throws -> [ReportedValue] {
        try requireLowDose(false)
        column.storeInArea(try area(named: letter))
        _ = await setLowDoseMode(true)
        return []
    }
    func copyLowDoseArea(from source: String, to target: String) throws -> [ReportedValue] {
        try requireLowDose()
        let (from, to) = (try area(named: source), try area(named: target))
        guard column.area != to else { throw CommandFailure("Area \(target) is the present one; go to another area first.") }
        guard from != to, var settings = column.areas[from], let former = column.areas[to] else { return [] }
        // Where an area lies, and its defocus, are its own.
        settings.axisPosition = former.axisPosition
        settings.axisAngle = former.axisAngle
        settings.shiftOffset = former.shiftOffset
        settings.defocusOffset = former.defocusOffset
        column.areas[to] = settings
        return []
    }

    /// The 21 numbers of one area, in SerialEM's order.
    func parameters(of area: LowDoseArea) -> [String] {
        let s = column.areas[area] ?? LowDoseSettings(magnification: column.magnification)
        let entry = Magnifications.entry(s.magnification) ?? column.currentMagnification
        let intensity = column.intensity(ofBeam: column.standardBeam(entry) * s.beamSpread)
        let numbers: [Double] = [
            Double(area.rawValue), Double(s.magnification), Double(s.spotSize), intensity, s.axisPosition.value, 1,
            s.slitIn ? 1 : 0, s.slitWidth, s.energyLoss, s.energyLoss == 0 ? 1 : 0, 0, 0, -999, -999, 0, 0,
            s.isMicroProbe ? 1 : 0, 0, 0, 0, s.doseModulator,
        ]
        return numbers.map { $0 == $0.rounded() ? "\(Int(clamped: $0))" : fixed($0, 6) }
    }
    func publishArea(_ letter: String, variable: String, separator: String) throws -> [ReportedValue] {
        try requireLowDose(false)
        let text = parameters(of: try area(named: letter)).joined(separator: separator)
        guard !variable.isEmpty else { throw CommandFailure("A variable name is needed for the parameters.") }
        return setVariable(variable, .text(text), persistent: false)
    }
    func publishAllValues(_ a: CommandArguments) throws -> [ReportedValue] {
        guard (0 ... CameraState.count).contains(a.integer(1)) else { throw CommandFailure("There is no active camera \(a.integer(1)).") }
        let values = parameters(of: try area(named: a.text(2)))
        _ = try publishArea(a.text(2), variable: a.text(3), separator: "\n")
        // Further names take one number each.
        for (place, value) in zip(4 ..< max(4, a.count + 1), values) {
            _ = setVariable(a.text(place), .number(Double(value) ?? 0), persistent: false)
        }
        return []
    }
}
