internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let lowDoseCommands: [String: CommandHandler] = [
        "SetLowDoseMode": { await $0.setLowDoseMode($1.integer(1) != 0) },
        "ReportLowDose": { m, _ in [.flag(await m.column.lowDoseIsOn), .count(await m.column.area?.rawValue ?? -1)] },
        "GoToLowDoseArea": { try await $0.goToLowDoseArea($1.text(1)) },
        "ReportAxisPosition": { try await $0.axisPosition($1.text(1)) },
        "ReportLDDefocusOffset": { try await $0.defocusOffset($1.text(1)) },
        "SetLDDefocusOffset": { try await $0.setDefocusOffset($1) },
        "ReportLDShiftOffset": { _, _ in [.number(0), .number(0)] },
        "GoToImagingState": { await $0.goToImagingState($1.text(1)) },
        "ImagingStateProperties": { await $0.imagingStateProperties($1.text(1)) },
        "RestoreState": { _, _ in [] },
        "ForgetPriorState": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    /// Goes to an area: magnification, slit, and the defocus offset that View and Search have.
    func goTo(_ area: LowDoseArea) async {
        guard column.area != area, !column.screenIsDown else { return }
        if let old = column.area { column.defocus -= column.areas[old]?.defocusOffset ?? Micrometers(0) }
        column.area = area
        guard let settings = column.areas[area] else { return }
        column.magnification = settings.magnification
        column.defocus += settings.defocusOffset
        column.slitIsIn = settings.slitIn
        await wait(Seconds(1.2))
    }
    func setLowDoseMode(_ on: Bool) async -> [ReportedValue] {
        let before = column.lowDoseIsOn
        guard before != on else { return [.flag(before)] }
        if let old = column.area { column.defocus -= column.areas[old]?.defocusOffset ?? Micrometers(0) }
        column.lowDoseIsOn = on
        column.area = nil
        column.imageShift = .zero
        await wait(Seconds(0.5))
        return [.flag(before)]
    }
    func goToLowDoseArea(_ letter: String) async throws -> [ReportedValue] {
        guard column.lowDoseIsOn else { throw CommandFailure("Low Dose mode must be on for this command.") }
        guard let area = LowDoseArea(letter: letter) else { throw CommandFailure("\(letter) is no Low Dose area.") }
        await goTo(area)
        return []
    }
    func axisPosition(_ letter: String) throws -> [ReportedValue] {
        guard column.lowDoseIsOn else { throw CommandFailure("Low Dose mode must be on for this command.") }
        guard let area = LowDoseArea(letter: letter), area == .focus || area == .trial else {
            throw CommandFailure("\(letter) has no axis position.")
        }
        return [.number(column.areas[area]?.axisPosition.value ?? 0), .number(0), .number(0), .number(0)]
    }
    func defocusOffset(_ letter: String) throws -> [ReportedValue] {
        guard let area = LowDoseArea(letter: letter), area == .view || area == .search else {
            throw CommandFailure("\(letter) has no defocus offset.")
        }
        return [.number(column.areas[area]?.defocusOffset.value ?? 0)]
    }
    func setDefocusOffset(_ a: CommandArguments) throws -> [ReportedValue] {
        guard let area = LowDoseArea(letter: a.text(1)), area == .view || area == .search else {
            throw CommandFailure("\(a.text(1)) has no defocus offset.")
        }
        let change = try Micrometers(a.number(2, upTo: Self.largestDefocus)) - (column.areas[area]?.defocusOffset ?? Micrometers(0))
        column.areas[area]?.defocusOffset += change
        if column.area == area { column.defocus += change }
        return []
    }

    /// A state by number from 1, by name, or by the unique start of a name; else SerialEM's code 1, 2 or 3.
    func imagingState(_ text: String) -> (place: Int?, code: Int) {
        let states = Column.imagingStates
        if let number = Int(text) { return (1 ... states.count).contains(number) ? (number - 1, 0) : (nil, 3) }
        if let exact = states.firstIndex(where: { $0.name == text }) { return (exact, 0) }
        let matching = states.indices.filter { !text.isEmpty && states[$0].name.hasPrefix(text) }
        return matching.count == 1 ? (matching[0], 0) : (nil, matching.isEmpty ? 1 : 2)
    }
    func goToImagingState(_ text: String) async -> [ReportedValue] {
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        let state = Column.imagingStates[place]
        if state.type >= 0 {
            _ = await setLowDoseMode(true)
            await goTo(LowDoseArea(rawValue: state.type) ?? .record)
        } else {
            _ = await setLowDoseMode(false)
            column.magnification = state.magnification
            column.slitIsIn = false
        }
        if column.apertures[2] != state.objectiveAperture { await wait(Seconds(6)) }
        column.apertures[2] = state.objectiveAperture
        column.imageShift = .zero
        await wait(Seconds(3))
        return [.number(0)]
    }
    func imagingStateProperties(_ text: String) -> [ReportedValue] {
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        let state = Column.imagingStates[place]
        return [.number(0), .count(place + 1), .count(state.type), .number(1), .count(state.magnification), .text(state.name)]
    }
}
