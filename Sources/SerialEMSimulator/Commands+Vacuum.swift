internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Valves, gauges and pumps.
    static let vacuumCommands: [String: CommandHandler] = [
        "ReportColumnOrGunValve": { m, _ in [.flag(await m.column.valveIsOpen)] },
        "SetColumnOrGunValve": { try await $0.setValve($1.integer(1)) },
        "ReportVacuumStatus": { m, _ in [.count(await m.column.vacuum.state(at: m.clock.elapsed).rawValue)] },
        "ReportVacuumGauge": { try await $0.readGauge($1.text(1)) },
        "IsPVPRunning": { m, _ in [.flag(await m.column.vacuum.pumpingLeft(at: m.clock.elapsed) > 0)] },
    ]
    static let gunCommands: [String: CommandHandler] = [
        "ReportFEGBeamCurrent": { m, _ in [.number(await m.column.gun.beamCurrent(at: m.clock.elapsed))] },
        "IsFEGFlashingAdvised": { m, a in
            [.flag(await m.column.gun.flashIsAdvised(hot: a.integer(1) != 0, at: m.clock.elapsed))]
        },
        "NextFEGFlashHighTemp": { m, a in await m.change { $0.gun.nextFlashIsHot = a.integer(1, default: 1) != 0 } },
        "ReportFEGEmissionState": { _, _ in throw CommandFailure("The emission state can be read on JEOL microscopes only.") },
        "SetFEGEmissionState": { _, _ in throw CommandFailure("The emission can be switched on JEOL cold field emitters only.") },
        "ReportFilamentCurrent": { _, _ in throw CommandFailure("A field emission gun has no filament current.") },
        "SetFilamentCurrent": { _, _ in throw CommandFailure("A field emission gun has no filament current.") },
        "SetHighVoltage": { _, _ in throw CommandFailure("The high voltage can be set on Hitachi microscopes only.") },
    ]
}

extension VirtualMicroscope {
    func setValve(_ state: Int) async throws -> [ReportedValue] {
        guard (0 ... 1).contains(state) else { throw CommandFailure("The valve opens with 1 and closes with 0, not \(state).") }
        let open = state == 1
        guard !open || column.vacuum.state(at: clock.elapsed) != .bad else {
            throw CommandFailure("The column valve cannot be opened: the vacuum is not ready.")
        }
        if column.valveIsOpen != open { await wait(Seconds(8)) }
        column.valveIsOpen = open
        return []
    }
    /// Thermo's status of a gauge whose pressure is valid is 4.
    func readGauge(_ name: String) throws -> [ReportedValue] {
        guard let pressure = column.vacuum.pressure(name, at: clock.elapsed) else {
            throw CommandFailure("There is no vacuum gauge with the name \(name).")
        }
        return [.number(4), .number(pressure)]
    }
}
