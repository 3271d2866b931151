internal import Raster
internal import SerialEMProtocol
internal import Units

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

extension CommandTable {
    /// Aberrations, beam and drift, measured in images and corrected.
    static let tuningCommands: [String: CommandHandler] = [
        "CorrectAstigmatism": { try await $0.correctAstigmatism(measureOnly: $1.integer(1) == -1) },
        "FixAstigmatismByCTF": { try await $0.correctAstigmatism(measureOnly: $1.integer(1) != 0) },
        "CorrectComa": { try await $0.correctComa(measureOnly: $1.integer(1) == -1) },
        "FixComaByCTF": { try await $0.correctComa(measureOnly: $1.integer(1) != 0) },
        "ReportComaTiltNeeded": { m, _ in try await m.reportComaTilt() },
        "ReportObjectiveStigmator": { m, _ in
            let stigmator = await m.column.aberrations.stigmator
            return [.number(stigmator.x), .number(stigmator.y)]
        },
        "SetObjectiveStigmator": { try await $0.setObjectiveStigmator($1.number(1), $1.number(2)) },
        "CtfFind": { try await $0.findTransfer($1) },
        "Ctfplotter": { try await $0.plotTransfer($1) },
        "DriftWaitTask": { try await $0.waitForDrift($1) },
        "GetWaitTaskDrift": { m, _ in try await m.reportDriftWait() },
        "WalkUpTo": { try await $0.walkUp(to: $1.number(1)) },
    ]
}

extension VirtualMicroscope {
    func requireBeam() throws {
        guard column.beamIsOnSpecimen, cameraShare > 0, grid != nil else {
            throw CommandFailure("Nothing can be measured: the camera gets no beam, or there is no specimen.")
        }
    }
    /// Random numbers of one measurement, which disturb no others.
    private var chance: RandomSource { RandomSource(seed: configuration.seed).fork(measurementNumber &+ 0xA57) }

    func correctAstigmatism(measureOnly: Bool) async throws -> [ReportedValue] {
        try requireBeam()
        for _ in 0 ..< 6 { _ = try await expose(.focus) }
        guard !measureOnly else { return [] }
        var chance = chance
        let without = column.aberrations.stigmatorWithout
        column.aberrations.stigmator = (without.x + 0.002 * chance.normal(), without.y + 0.002 * chance.normal())
        return []
    }
    func correctComa(measureOnly: Bool) async throws -> [ReportedValue] {
        try requireBeam()
        for _ in 0 ..< 5 { _ = try await expose(.focus) }
        var chance = chance
        let without = column.aberrations.tiltWithoutComa
        let best = (x: without.x + 0.02 * chance.normal(), y: without.y + 0.02 * chance.normal())
        column.comaTiltNeeded = (best.x - column.beamTilt.x, best.y - column.beamTilt.y)
        if !measureOnly { column.beamTilt = best }
        return []
    }
    /// The change of beam tilt, in mrad, that the last coma measurement found to be needed.
    func reportComaTilt() throws -> [ReportedValue] {
        guard let tilt = column.comaTiltNeeded else { throw CommandFailure("Coma was not measured yet.") }
        return [.number(tilt.x), .number(tilt.y)]
    }
    func setObjectiveStigmator(_ x: Double, _ y: Double) throws -> [ReportedValue] {
        guard x.magnitude <= 1, y.magnitude <= 1 else { throw CommandFailure("A stigmator of \(x), \(y) is not between -1 and 1.") }
        column.aberrations.stigmator = (x, y)
        return []
    }

    private func fit(_ a: CommandArguments) throws -> ContrastFit {
        let image = try buffer(try bufferIndex(a.text(1)))
        let (low, high) = (try a.number(2), try a.number(3))
        guard low < 0, high < 0, low.magnitude <= 200, high.magnitude <= 200, low != high else {
            throw CommandFailure("The range of defocus, \(low) to \(high) um, must be two negative numbers.")
        }
        let range = min(low.magnitude, high.magnitude) ... max(low.magnitude, high.magnitude)
        guard let fit = ContrastFit(image.image, pixelSize: image.conditions.pixelSize, underfocus: range) else {
            throw CommandFailure("The image in buffer \(a.text(1)) is too small, or its pixels are too large, for Thon rings.")
        }
        guard fit.ringsAreSeen else {
            throw CommandFailure("No Thon rings were found in buffer \(a.text(1)); directions agree by \(fixed(fit.agreement, 2)), their correlation is \(fixed(fit.sectorScore, 2)).")
        }
        return fit
    }
    func findTransfer(_ a: CommandArguments) async throws -> [ReportedValue] {
        let fit = try fit(a)
        await wait(Seconds(3))
        let t = fit.transfer
        return [
            .number(t.defocus.value), .number(t.astigmatism.value), .number(t.angle.value), .number(0), .number(fit.score),
            .number(fit.resolution),
        ]
    }
    /// A fit that fails is told by 1 and the exit status.
    func plotTransfer(_ a: CommandArguments) async throws -> [ReportedValue] {
        await wait(Seconds(3))
        _ = try buffer(try bufferIndex(a.text(1)))
        guard let fit = try? fit(a) else { return [.number(1), .number(1)] }
        let t = fit.transfer
        return [
            .number(t.defocus.value), .number(t.astigmatism.value), .number(t.angle.value), .number(0),
            .number(10 / fit.resolution), .number(fit.score),
        ]
    }

    /// Waits until the specimen moves less than a rate in nm/s (or nm per image interval), which halves in twenty seconds.
    func waitForDrift(_ a: CommandArguments) async throws -> [ReportedValue] {
        try requireBeam()
        let wanted = try a.number(1, default: 1)
        let longest = try a.number(3, default: 60, upTo: 3600)
        let interval = max(1, try a.number(4, default: 10, upTo: 600))
        guard wanted > 0 else { throw CommandFailure("A drift rate of \(wanted) nm/s is never reached.") }
        var rate = 1.5
        var waited = 0.0
        while rate > wanted, waited + interval <= longest {
            _ = try await expose(.trial)
            await wait(Seconds(interval))
            waited += interval
            rate *= exp2(-interval / 20)
        }
        let failed = rate > wanted
        column.waitForDrift = (rate, failed ? 1 : 0)
        if failed, a.integer(5) == 1 { throw CommandFailure("The drift is still \(fixed(rate, 2)) nm/s after \(fixed(waited, 0)) s.") }
        return []
    }
    func reportDriftWait() throws -> [ReportedValue] {
        guard let result = column.waitForDrift else { throw CommandFailure("There was no drift wait task yet.") }
        return [.number(result.rate), .count(result.code)]
    }

    /// Tilts in steps and holds the specimen in the field, as the eucentric height is searched.
    func walkUp(to angle: Double) async throws -> [ReportedValue] {
        try requireBeam()
        guard angle.magnitude <= 70 else { throw CommandFailure("The tilt angle \(angle) is above the maximum of 70 degrees.") }
        while (stage.tilt.value - angle).magnitude > 5 {
            _ = try await tiltTo(Degrees(stage.tilt.value + (angle > stage.tilt.value ? 4 : -4)))
            _ = try await expose(.trial)
        }
        return try await tiltTo(Degrees(angle))
    }
}
