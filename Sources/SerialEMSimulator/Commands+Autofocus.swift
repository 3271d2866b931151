internal import Raster
internal import SerialEMProtocol
internal import Specimen
internal import Units

extension CommandTable {
    static let autofocusCommands: [String: CommandHandler] = [
        "G": { try await $0.autoFocus($1) },
        "AutoFocus": { try await $0.autoFocus($1) },
        "ReportAutoFocus": { m, _ in await m.reportAutoFocus() },
        "ReportFocusDrift": { m, _ in try await m.reportFocusDrift() },
        "SetAutofocusOffset": { try await $0.setAutofocusOffset($1.number(1, upTo: 200)) },
        "ReportAutofocusOffset": { m, _ in [.number(await m.column.autofocusOffset.value)] },
        "BeamTiltDirection": {
            guard (0 ... 3).contains($1.integer(1)) else { throw CommandFailure("A direction of beam tilt is 0 to 3, not \($1.integer(1)).") }
            return []
        },
        "FocusChangeLimits": { m, a in
            let limits = try limits(a)
            return await m.change { $0.focusLimits.change = limits }
        },
        "AbsoluteFocusLimits": { m, a in
            let limits = try limits(a)
            return await m.change { $0.focusLimits.absolute = limits }
        },
    ]
    private static func limits(_ a: CommandArguments) throws -> ClosedRange<Double> {
        let (low, high) = (try a.number(1), try a.number(2))
        guard low <= high else { throw CommandFailure("The lower limit, \(low), is above the upper one, \(high).") }
        return low ... high
    }
}

/// SerialEM's second value of ReportAutoFocus.
enum AutofocusStatus: Int, Sendable {
    case other = -1
    case done, inconsistent, beyondAbsoluteLimit, beyondChangeLimit
}

extension VirtualMicroscope {
    private static let focusAreas: [Int: ParameterSet] = [0: .focus, 1: .view, 2: .view, 3: .search, 4: .search, -1: .record, -2: .preview]
    /// Less than this share of the beam tells nothing about focus.
    private static let leastTransmission = 0.06

    func autoFocus(_ a: CommandArguments) async throws -> [ReportedValue] {
        guard let set = Self.focusAreas[a.integer(2)] else { throw CommandFailure("Autofocus cannot use an area \(a.integer(2)).") }
        let mode = a.integer(1, default: 1)
        guard [1, 0, -1, -2].contains(mode) else { throw CommandFailure("Autofocus has no mode \(mode).") }
        return await autoFocus(mode: mode, set: set)
    }
    /// Modes: 1 focuses, -1 measures, -2 measures drift only. A focus that fails is no error; its status says so.
    func autoFocus(mode: Int, set: ParameterSet = .focus) async -> [ReportedValue] {
        column.focusDrift = nil
        guard column.beamIsOnSpecimen, cameraShare > 0, grid != nil else { lastAutoFocus = (0, AutofocusStatus.other.rawValue); return [] }
        var last: ImageBuffer?
        for _ in 0 ..< 3 { last = (try? await expose(set)) ?? last }
        let place = trueCenter(column.currentMagnification)
        settleChance(of: .focus, at: place, tilt: stage.tilt)
        let measured = trueDefocus(at: place).value + 0.05 * random.normal()
        guard let last, transmission(last) > Self.leastTransmission else {
            lastAutoFocus = (measured, AutofocusStatus.inconsistent.rawValue)
            return []
        }
        // Without disturbing the numbers that the session's stage errors are drawn from.
        var chance = RandomSource(seed: configuration.seed).fork(measurementNumber)
        column.focusDrift = (0.3 * chance.normal(), 0.3 * chance.normal())
        guard mode != -2 else { return [] }
        lastAutoFocus = (measured, AutofocusStatus.done.rawValue)
        guard mode != -1 else { return [] }
        let change = column.targetDefocus - Micrometers(measured)
        let limits = column.focusLimits
        if let allowed = limits.change, !allowed.contains(change.value) {
            lastAutoFocus.status = AutofocusStatus.beyondChangeLimit.rawValue
        } else if let allowed = limits.absolute, !allowed.contains(absoluteFocus(after: change)) {
            lastAutoFocus.status = AutofocusStatus.beyondAbsoluteLimit.rawValue
        } else {
            column.defocus += change
        }
        return []
    }
    /// Share of the electrons that got through the specimen.
    func transmission(_ image: ImageBuffer) -> Double {
        let pixel = image.conditions.pixelSize.value
        let sent = image.conditions.dose.value * pixel * pixel * 100 * cameraShare
        return sent > 0 ? image.image.meanValue / Self.countsPerElectron / sent : 0
    }
    func reportAutoFocus() -> [ReportedValue] { [.number(lastAutoFocus.defocus), .count(lastAutoFocus.status)] }
    /// Nanometres per second.
    func reportFocusDrift() throws -> [ReportedValue] {
        guard let drift = column.focusDrift else { throw CommandFailure("No drift was measured by the last autofocus.") }
        return [.number(drift.x), .number(drift.y)]
    }
    func setAutofocusOffset(_ offset: Double) -> [ReportedValue] {
        let former = column.autofocusOffset
        restoreAtEnd("autofocus offset") { $0.column.autofocusOffset = former }
        column.autofocusOffset = Micrometers(offset)
        return []
    }
}
