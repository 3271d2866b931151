internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// The objective lens.
    static let focusCommands: [String: CommandHandler] = [
        "ReportDefocus": { m, _ in [.number(await m.column.defocus.value)] },
        "SetDefocus": { try await $0.setDefocus($1.number(1)) },
        "ChangeFocus": { try await $0.changeFocus($1.number(1)) },
        "ReportFocus": { m, _ in [.number(await m.absoluteFocus)] },
        "ReportAbsoluteFocus": { m, _ in [.number(await m.absoluteFocus)] },
        "SetAbsoluteFocus": { try await $0.setAbsoluteFocus($1.number(1)) },
        "SetEucentricFocus": { m, _ in await m.setEucentricFocus() },
        "CalEucentricFocus": { m, _ in await m.calibrateEucentricFocus() },
        "CheckEucenByFocusCal": { [.flag(await $0.eucentricityByFocusIsCalibrated($1))] },
        "ResetDefocus": { m, _ in await m.resetDefocus() },
        "SaveFocus": { m, _ in try await m.saveFocus() },
        "RestoreFocus": { m, _ in try await m.restoreFocus() },
        "SetTargetDefocus": { try await $0.setTargetDefocus($1.number(1)) },
        "IncTargetDefocus": { try await $0.setTargetDefocus(await $0.column.targetDefocus.value + $1.number(1)) },
        "ReportTargetDefocus": { m, _ in [.number(await m.column.targetDefocus.value)] },
    ]
}

extension VirtualMicroscope {
    /// Micrometres.
    static let largestDefocus = 1e4
    private static let largestSetting = 5000.0

    func setDefocus(_ value: Double) throws -> [ReportedValue] {
        guard value.magnitude <= Self.largestSetting else { throw CommandFailure("A defocus of \(value) um is not possible.") }
        column.defocus = Micrometers(value)
        return []
    }
    func changeFocus(_ step: Double) throws -> [ReportedValue] {
        guard step != 0, step.magnitude <= 1000 else { throw CommandFailure("A focus change of \(step) um is not possible.") }
        let defocus = column.defocus + Micrometers(step)
        guard defocus.value.magnitude <= Self.largestDefocus else { throw CommandFailure("A defocus of \(defocus.value) um is not possible.") }
        column.defocus = defocus
        return []
    }

    /// SerialEM's own scale of the lens: eucentric focus is at a half.
    private static let absolutePerMicrometer = 1e-5
    var absoluteFocus: Double { 0.5 + column.focus.value * Self.absolutePerMicrometer }
    func absoluteFocus(after change: Micrometers) -> Double { absoluteFocus + change.value * Self.absolutePerMicrometer }
    func setAbsoluteFocus(_ value: Double) throws -> [ReportedValue] {
        let focus = (value - 0.5) / Self.absolutePerMicrometer
        guard focus.magnitude <= Self.largestSetting else { throw CommandFailure("An absolute focus of \(value) is beyond the lens.") }
        column.defocus = Micrometers(focus) - column.focusAtZero
        return []
    }
    func setEucentricFocus() -> [ReportedValue] {
        column.focusAtZero = Micrometers(0)
        column.defocus = Micrometers(0)
        return [.number(0)]
    }
    /// From now on the present focus counts as eucentric: the readout is 0 there.
    func calibrateEucentricFocus() -> [ReportedValue] { resetDefocus() }
    /// Calibrated at each magnification with the objective lens on, for the present spot and probe. A negative argument is the
    /// present state; in Low Dose it is View that counts.
    func eucentricityByFocusIsCalibrated(_ a: CommandArguments) -> Bool {
        func wanted(_ place: Int, _ present: Int) -> Int { a.has(place) && a.integer(place) >= 0 ? a.integer(place) : present }
        let isLowDose = wanted(1, column.lowDoseIsOn ? 1 : 0) != 0
        let index = isLowDose ? column.areas[.view]?.magnification ?? column.magnification : wanted(2, column.magnification)
        guard let magnification = Magnifications.entry(index), !magnification.isLowMag else { return false }
        return isLowDose
            || wanted(3, column.spotSize) == column.spotSize && wanted(4, column.isMicroProbe ? 1 : 0) == (column.isMicroProbe ? 1 : 0)
    }
    func resetDefocus() -> [ReportedValue] {
        column.focusAtZero += column.defocus
        column.defocus = Micrometers(0)
        return []
    }

    private static let savedFocusName = "focus"
    func saveFocus() throws -> [ReportedValue] {
        guard column.savedFocus == nil else { throw CommandFailure("The focus was saved already and has not been restored.") }
        let focus = column.focus
        column.savedFocus = focus
        restoreAtEnd(Self.savedFocusName) {
            $0.column.defocus = focus - $0.column.focusAtZero
            $0.column.savedFocus = nil
        }
        return []
    }
    func restoreFocus() throws -> [ReportedValue] {
        guard let undo = column.endOfControl.take(Self.savedFocusName) else { throw CommandFailure("The focus was not saved.") }
        undo(self)
        return []
    }
    func setTargetDefocus(_ value: Double) throws -> [ReportedValue] {
        guard (-200.0 ... 50).contains(value) else { throw CommandFailure("A target defocus of \(value) um is out of range.") }
        column.targetDefocus = Micrometers(value)
        return []
    }
}
