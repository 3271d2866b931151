internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Valves, gauges and pumps.
    static let vacuumCommands: [String: CommandHandler] = [
        "ReportColumnOrGunValve": { m, _ in await m.reportValve() },
        "SetColumnOrGunValve": { try await $0.setValve($1.integer(1)) },
        "ReportVacuumStatus": { m, _ in [.count(await m.column.vacuum.state(at: m.clock.elapsed).rawValue)] },
        "ReportVacuumGauge": { try await $0.readGauge($1.text(1)) },
        "IsPVPRunning": { m, _ in
            try m.require(.thermo, "A pre-vacuum pump is reported")
            return [.flag(await m.column.vacuum.pumpingLeft(at: m.clock.elapsed) > 0)]
        },
    ]
    static let gunCommands: [String: CommandHandler] = [
        "ReportFEGBeamCurrent": { m, _ in
            try m.require(.thermo, "The beam current of the gun is reported")
            return [.number(await m.column.gun.beamCurrent(at: m.clock.elapsed))]
        },
        "IsFEGFlashingAdvised": { m, a in
            try m.require(.thermo, "Whether to flash is advised")
            return [.flag(await m.column.gun.flashIsAdvised(hot: a.integer(1) != 0, at: m.clock.elapsed))]
        },
        "NextFEGFlashHighTemp": { m, a in
            try m.require(.thermo, "The temperature of a flash is chosen")
            return await m.change { $0.gun.nextFlashIsHot = a.integer(1, default: 1) != 0 }
        },
        "ReportFEGEmissionState": { m, _ in
            try m.require(.jeol, "The emission state is reported")
            return [.flag(await m.column.gun.emits)]
        },
        "SetFEGEmissionState": { try await $0.setEmission($1.integer(1)) },
    ]
}

extension VirtualMicroscope {
    func setValve(_ state: Int) async throws -> [ReportedValue] {
        guard (0 ... 1).contains(state) else { throw CommandFailure("The valve opens with 1 and closes with 0, not \(state).") }
        let open = state == 1
        if open { leakOnDemand() }
        guard !open || column.vacuum.state(at: clock.elapsed) != .bad else {
            throw CommandFailure("The column valve cannot be opened: the vacuum is not ready.")
        }
        if column.valveIsOpen != open { await wait(Seconds(8)) }
        column.valveIsOpen = open
        return []
    }
    /// -1 where a JEOL's valve is open in front of a gun that emits nothing.
    func reportValve() -> [ReportedValue] { [column.valveIsOpen && !column.gun.emits ? .number(-1) : .flag(column.valveIsOpen)] }

    /// Refuses what only microscopes of one make tell.
    nonisolated func require(_ kind: MicroscopeKind, _ what: String) throws {
        guard configuration.kind == kind else { throw CommandFailure("\(what) on \(kind == .jeol ? "JEOL" : "Thermo") microscopes only.") }
    }

    /// Status and pressure. Thermo: 4 where the pressure is valid, and pascal. JEOL: 3 where ready, else 0, and a fraction of 1.
    func readGauge(_ name: String) throws -> [ReportedValue] {
        let isJEOL = configuration.kind == .jeol
        let found = isJEOL ? column.vacuum.reading(name, at: clock.elapsed) : column.vacuum.pressure(name, at: clock.elapsed)
        guard let found else {
            throw CommandFailure("There is no vacuum gauge with the name \(name)\(isJEOL ? "; possible are Pir1, Pir2 and Pen1" : "").")
        }
        let isReady = column.vacuum.state(at: clock.elapsed) == .ready
        return [.number(isJEOL ? (isReady ? 3 : 0) : 4), .number(found)]
    }
    /// Switches the emission of a cold field emitter, which takes a minute to come on.
    func setEmission(_ state: Int) async throws -> [ReportedValue] {
        try require(.jeol, "The emission is switched")
        guard (0 ... 1).contains(state) else { throw CommandFailure("The emission is on with 1 and off with 0, not \(state).") }
        guard state == 0 || column.vacuum.state(at: clock.elapsed) != .bad else {
            throw CommandFailure("The emission cannot be switched on: the vacuum is not ready.")
        }
        if state == 1, !column.gun.emits { await wait(Seconds(60)) }
        column.gun.emits = state == 1
        return []
    }
}
