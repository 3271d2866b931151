internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let energyFilterCommands: [String: CommandHandler] = [
        "ReportEnergyFilter": { m, _ in
            [.number(await m.column.slitWidth), .number(await m.column.energyLoss), .flag(await m.column.slitIsIn)]
        },
        "SetSlitIn": { try await $0.setSlit(isIn: $1.integer(1, default: 1)) },
        "SetSlitWidth": { try await $0.setSlitWidth($1.number(1)) },
        "SetEnergyLoss": { try await $0.setEnergyLoss($1.number(1)) },
        "ChangeEnergyLoss": { try await $0.setEnergyLoss(await $0.column.energyLoss + $1.number(1)) },
        "RefineZLP": { try await $0.refineZeroLoss($1) },
    ]
}

extension VirtualMicroscope {
    func setSlit(isIn: Int) async throws -> [ReportedValue] {
        guard (0 ... 1).contains(isIn) else { throw CommandFailure("The slit is in with 1 and out with 0, not \(isIn).") }
        if column.slitIsIn != (isIn != 0) { await wait(Seconds(1)) }
        return change { $0.slitIsIn = isIn != 0 }
    }
    func setSlitWidth(_ width: Double) async throws -> [ReportedValue] {
        guard (2.0 ... 100).contains(width) else { throw CommandFailure("A slit of \(width) eV is not between 2 and 100 eV.") }
        await wait(Seconds(0.5))
        return change { $0.slitWidth = width }
    }
    func setEnergyLoss(_ loss: Double) async throws -> [ReportedValue] {
        guard (-200.0 ... 3000).contains(loss) else { throw CommandFailure("An energy loss of \(loss) eV is not between -200 and 3000 eV.") }
        await wait(Seconds(0.5))
        return change { $0.energyLoss = loss }
    }
    /// Moves the slit over the peak. Without a beam on the camera it fails: by value if that is allowed.
    func refineZeroLoss(_ a: CommandArguments) async throws -> [ReportedValue] {
        let interval = try a.number(1)
        if interval > 0, let last = column.lastZeroLossRefinement, clock.elapsed - last < interval * 60 { return [] }
        // It takes images.
        if column.screenIsDown { _ = await moveScreen(down: false) }
        await wait(Seconds(25))
        guard column.beamIsOnSpecimen else {
            guard a.integer(4) != 0 else { throw CommandFailure("The zero-loss peak was not found: there is no beam on the camera.") }
            return [.number(1)]
        }
        column.zeroLossAlignment += zeroLossError + 0.1 * random.normal()
        column.lastZeroLossRefinement = clock.elapsed
        _ = change { $0.energyLoss = 0 }
        return [.number(0)]
    }
}
