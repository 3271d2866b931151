internal import Geometry
internal import SerialEMProtocol
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

extension CommandTable {
    static let lowDoseCommands: [String: CommandHandler] = [
        "SetLowDoseMode": { try await $0.switchLowDose($1.integer(1)) },
        "ReportLowDose": { m, _ in [.flag(await m.column.lowDoseIsOn), .count(await m.column.area?.rawValue ?? -1)] },
        "GoToLowDoseArea": { try await $0.goToLowDoseArea($1.text(1)) },
        "AlreadyInLowDoseArea": { try await $0.takeLowDoseArea($1.text(1)) },
        "ReportAxisPosition": { try await $0.axisPosition($1.text(1)) },
        "SetAxisPosition": { try await $0.setAxisPosition($1) },
        "ReportLDDefocusOffset": { try await $0.defocusOffset($1.text(1)) },
        "SetLDDefocusOffset": { try await $0.setDefocusOffset($1) },
        "ReportLDShiftOffset": { try await $0.shiftOffset($1.integer(1)) },
        "SetLowDoseShiftOffset": { try await $0.setShiftOffset($1) },
        "FindLowDoseShiftOffset": { try await $0.findShiftOffset($1) },
    ]
}

extension VirtualMicroscope {
    /// Goes to an area: magnification, beam, slit, and the defocus offset that View and Search have.
    func goTo(_ area: LowDoseArea) async {
        guard column.area != area, !column.screenIsDown else { return }
        if let old = column.area { column.defocus -= column.areas[old]?.defocusOffset ?? Micrometers(0) }
        column.area = area
        guard let settings = column.areas[area] else { return }
        column.adopt(settings)
        column.defocus += settings.defocusOffset
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
    func switchLowDose(_ state: Int) async throws -> [ReportedValue] {
        guard (0 ... 1).contains(state) else { throw CommandFailure("Low Dose mode is on with 1 and off with 0, not \(state).") }
        return await setLowDoseMode(state == 1)
    }
    func requireLowDose(_ on: Bool = true) throws {
        guard column.lowDoseIsOn == on else {
            throw CommandFailure("Low Dose mode must be \(on ? "on" : "off") for this command.")
        }
    }
    /// Areas are named by upper-case letters only, in SerialEM too.
    func area(named letter: String) throws -> LowDoseArea {
        guard let area = LowDoseArea(letter: letter) else { throw CommandFailure("\(letter) is no Low Dose area.") }
        return area
    }
    func goToLowDoseArea(_ letter: String) async throws -> [ReportedValue] {
        try requireLowDose()
        await goTo(try area(named: letter))
        return []
    }
    /// Has SerialEM believe that the column is in an area.
    func takeLowDoseArea(_ letter: String) throws -> [ReportedValue] {
        try requireLowDose()
        column.area = try area(named: letter)
        return []
    }

    private func displaced(_ letter: String) throws -> LowDoseArea {
        try requireLowDose()
        guard let area = LowDoseArea(letter: letter), area == .focus || area == .trial else {
            throw CommandFailure("\(letter) has no axis position.")
        }
        return area
    }
    /// Distance and angle, and how far the middle of what the camera set reads out lies from the middle of the chip, in
    /// unbinned pixels to the right and down.
    func axisPosition(_ letter: String) throws -> [ReportedValue] {
        let area = try displaced(letter)
        let settings = column.areas[area] ?? LowDoseSettings(magnification: column.magnification)
        let readOut = (column.sets[area == .focus ? .focus : .trial] ?? CameraSettings(exposure: Seconds(1))).area(onChip: Self.chip)
        return [
            .number(settings.axisPosition.value), .number(settings.axisAngle.value),
            .count((readOut.left + readOut.right) / 2 - Self.chip.width / 2), .count((readOut.top + readOut.bottom) / 2 - Self.chip.height / 2),
        ]
    }
    /// Micrometres.
    private static let farthestArea = 19.0
    func setAxisPosition(_ a: CommandArguments) throws -> [ReportedValue] {
        let area = try displaced(a.text(1))
        var distance = try a.number(2)
        var angle = try a.number(3)
        if a.integer(4) != 0 {
            // The two numbers are the image shift itself.
            let way = Magnifications.imageShiftToSpecimen(Vector(dx: distance, dy: angle))
            distance = way.length * (way.dx < 0 ? -1 : 1)
            angle = way.dx == 0 ? (way.dy == 0 ? 0 : 90) : atan(way.dy / way.dx) * 180 / .pi
        }
        guard distance.magnitude <= Self.farthestArea else {
            throw CommandFailure("An axis position of \(distance) um is beyond \(Self.farthestArea) um.")
        }
        column.areas[area]?.axisPosition = Micrometers(distance)
        if a.has(3) { column.areas[area]?.axisAngle = Degrees(angle) }
        return []
    }

    private func viewOrSearch(_ letter: String) throws -> LowDoseArea {
        try requireLowDose()
        guard let area = LowDoseArea(letter: letter), area == .view || area == .search else {
            throw CommandFailure("\(letter) has no defocus offset.")
        }
        return area
    }
    func defocusOffset(_ letter: String) throws -> [ReportedValue] {
        [.number(column.areas[try viewOrSearch(letter)]?.defocusOffset.value ?? 0)]
    }
    func setDefocusOffset(_ a: CommandArguments) throws -> [ReportedValue] {
        let area = try viewOrSearch(a.text(1))
        let change = try Micrometers(a.number(2, upTo: Self.largestDefocus)) - (column.areas[area]?.defocusOffset ?? Micrometers(0))
        column.areas[area]?.defocusOffset += change
        if column.area == area { column.defocus += change }
        return []
    }

    private func shifted(_ number: Int) throws -> LowDoseArea {
        guard let area: LowDoseArea = [0: .view, 1: .search][number] else {
            throw CommandFailure("Shift offsets are those of View, 0, and Search, 1, not \(number).")
        }
        return area
    }
    /// In units of image shift; with -1 the last change.
    func shiftOffset(_ number: Int) throws -> [ReportedValue] {
        let shift = number == -1 ? column.lastShiftOffsetChange : column.areas[try shifted(number)]?.shiftOffset ?? .zero
        return [.number(shift.dx), .number(shift.dy)]
    }
    func setShiftOffset(_ a: CommandArguments) throws -> [ReportedValue] {
        try changeShiftOffset(of: try shifted(a.integer(1)), to: Vector(dx: a.number(2), dy: a.number(3)))
        return []
    }
    private func changeShiftOffset(of area: LowDoseArea, to shift: Vector<Frame.ImageShift>) throws {
        guard shift.length <= 100 else { throw CommandFailure("A shift offset of \(shift.dx), \(shift.dy) is too large.") }
        column.lastShiftOffsetChange = shift - (column.areas[area]?.shiftOffset ?? .zero)
        column.areas[area]?.shiftOffset = shift
    }
    /// Takes an image of Record and of the area, and shifts the area so that both show the same place.
    func findShiftOffset(_ a: CommandArguments) async throws -> [ReportedValue] {
        try requireLowDose()
        let area = try shifted(a.integer(1))
        _ = try await expose(.record)
        _ = try await expose(area == .view ? .view : .search)
        let wanted = Magnifications.entry(column.areas[area]?.magnification ?? 0) ?? column.currentMagnification
        let record = Magnifications.entry(column.areas[.record]?.magnification ?? 0) ?? column.currentMagnification
        let seen = Magnifications.stageToSpecimen(record.offset - wanted.offset)
        let most = try a.number(2)
        guard most <= 0 || seen.length <= most else { throw CommandFailure("The two areas could not be aligned within \(most) um.") }
        try changeShiftOffset(of: area, to: Magnifications.specimenToImageShift(seen))
        return []
    }
}
