internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let stageCommands: [String: CommandHandler] = [
        "MoveStage": { try await $0.moveStage($1) },
        "MoveStageTo": { try await $0.moveStageTo($1) },
        "MoveStageWithSpeed": { try await $0.moveStageWithSpeed($1) },
        "StageShiftByPixels": { try await $0.stageShiftByPixels($1) },
        "ReportStageXYZ": { m, _ in await m.stageReadout() },
        "ReportStageBusy": { m, _ in await m.reportStageBusy() },
        "ReportTiltAngle": { m, _ in [.number(await m.tiltReadout().value)] },
        "TiltTo": { try await $0.tiltTo(Degrees($1.number(1)), $1) },
        "TiltBy": { try await $0.tiltTo(await $0.tiltReadout() + Degrees($1.number(1)), $1) },
        "TiltUp": { try await $0.tiltStep(1, $1) }, "U": { try await $0.tiltStep(1, $1) },
        "TiltDown": { try await $0.tiltStep(-1, $1) }, "D": { try await $0.tiltStep(-1, $1) },
        "SetTiltIncrement": { try await $0.setTiltIncrement(Degrees($1.number(1)), $1) },
        "ReverseTilt": { try await $0.reverseTilt($1) },
        "SetStageBAxis": { try await $0.turnStage(to: Degrees($1.number(1))) },
        "ReportStageBAxis": { m, _ in [.number(await m.stage.secondTilt.value)] },
    ]
}

extension VirtualMicroscope {
    /// Moves the stage for a task of SerialEM's: waits for a stage that is on its way, and drifts on afterwards.
    func moveStage(
        to target: Point<Frame.Stage>, z: Micrometers? = nil, extraError: Micrometers = Micrometers(0), speed: Double = 1
    ) async throws {
        guard Stage.admits(x: target.x, y: target.y), (z ?? Micrometers(0)).magnitude <= Stage.heightLimit else {
            throw CommandFailure("The stage cannot go to \(target.x), \(target.y): its limits are -990 to 990 um.")
        }
        guard target.x.isFinite, target.y.isFinite else { throw CommandFailure("A stage position is not a number.") }
        try checkStop()
        await waitForStage()
        let target = shortenedOnDemand(target)
        let way = target - stage.position
        settleChance(of: .move, at: target)
        await wait(stage.move(to: target, extraError: extraError, speed: speed, random: &random), for: .move)
        if let z { await wait(stage.move(toHeight: z, random: &random), for: .move) }
        if way.length > 0 { beginDrift(Micrometers(min(0.04, 0.01 + 0.0003 * way.length))) }
        mechanics.backlashIsKnown = false
    }

    /// Every arrival has a drift of its own, in a direction of its own.
    func beginDrift(_ size: Micrometers) {
        mechanics.moves += 1
        settleChance(of: .drift, at: stage.position, tilt: stage.tilt)
        var chance = configuration.isRepeatable ? random : RandomSource(seed: configuration.seed).fork(0xD21F7).fork(mechanics.moves)
        let length = size.value * chance.uniform(0.5 ... 1.5)
        let angle = Degrees(chance.uniform(0 ... 360))
        stage.beginDrift(Vector(dx: length * cosine(angle), dy: length * sine(angle)), at: clock.elapsed)
    }

    func moveStage(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2))
        let rise = Micrometers(try a.number(3))
        guard !stageIsBusy() else { return [] }
        try await moveStage(to: stage.position + way, z: rise != .zero ? stage.height + rise : nil)
        return []
    }
    func moveStageTo(_ a: CommandArguments) async throws -> [ReportedValue] {
        let target = try Point<Frame.Stage>(x: a.number(1), y: a.number(2))
        let z = a.has(3) ? Micrometers(try a.number(3)) : nil
        guard !stageIsBusy() else { return [] }
        try await moveStage(to: target, z: z)
        return []
    }
    func moveStageWithSpeed(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2))
        let speed = try self.speed(a, 3)
        guard !stageIsBusy() else { return [] }
        try await moveStage(to: stage.position + way, speed: speed)
        return []
    }
    /// A factor of the usual speed, 1 where there is none.
    func speed(_ a: CommandArguments, _ place: Int) throws -> Double {
        let speed = try a.number(place, default: 1)
        guard speed > 0 else { throw CommandFailure("A speed of \(speed) is not positive.") }
        return speed
    }
    /// The tilt shortens what lies across its axis, so that the stage has to go farther there.
    func stageShiftByPixels(_ a: CommandArguments) async throws -> [ReportedValue] {
        let shift = try Vector<Frame.Camera>(dx: a.number(1), dy: a.number(2))
        guard !stageIsBusy() else { return [] }
        var way = column.currentMagnification.cameraToSpecimen.then(Magnifications.specimenToStage)(shift)
        way.dy /= max(0.2, cosine(stage.tilt))
        try await moveStage(to: stage.position + way)
        return []
    }

    func stageReadout() -> [ReportedValue] {
        stage.advance(to: clock.elapsed)
        return [.number(stage.position.x), .number(stage.position.y), .number(stage.height.value)]
    }
    func tiltReadout() -> Degrees {
        stage.advance(to: clock.elapsed)
        return stage.tilt
    }

    /// The property may allow less than the stage could do.
    private var tiltLimit: Degrees { min(Stage.tiltLimit, Degrees(properties["MaximumTiltAngle"] ?? 70)) }

    func checkTilt(_ angle: Degrees) throws {
        guard angle.magnitude <= tiltLimit else {
            throw CommandFailure("The tilt angle \(angle.value) is above the maximum of \(tiltLimit.value.formatted) degrees.")
        }
    }
    /// Arguments 2 to 4: whether x and y are restored afterwards, and which they shall be if not those before.
    func tiltTo(_ angle: Degrees, _ a: CommandArguments = CommandArguments([]), first: Int = 2) async throws -> [ReportedValue] {
        try checkTilt(angle)
        let wanted = try a.has(first + 2) ? Point<Frame.Stage>(x: a.number(first + 1), y: a.number(first + 2)) : nil
        guard !stageIsBusy() else { return [] }
        let before = stage.position
        let way = (angle - stage.tilt).magnitude
        settleChance(of: .tilt, at: stage.position, tilt: angle)
        await wait(stage.tilt(to: angle, random: &random), for: .tilt)
        if way > Degrees(0) { beginDrift(Micrometers(min(0.02, 0.003 + 0.001 * way.value))) }
        if a.integer(first) != 0 { try await moveStage(to: wanted ?? before) }
        return []
    }
    func tiltStep(_ direction: Double, _ a: CommandArguments) async throws -> [ReportedValue] {
        let increment = mechanics.tiltIncrement * (mechanics.incrementIsCosine ? cosine(stage.tilt) : 1)
        return try await tiltTo(tiltReadout() + direction * increment, a, first: 1)
    }
    func setTiltIncrement(_ increment: Degrees, _ a: CommandArguments) throws -> [ReportedValue] {
        guard (0.02 ... 60).contains(increment.value) else {
            throw CommandFailure("A tilt increment has to be between 0.02 and 60 degrees.")
        }
        mechanics.tiltIncrement = increment
        if a.has(2) { mechanics.incrementIsCosine = a.integer(2) != 0 }
        return []
    }
    /// Tilts back a little and on again, so that the next tilts in the direction have no slack to take up.
    func reverseTilt(_ a: CommandArguments) async throws -> [ReportedValue] {
        guard !a.has(1) || a.integer(1) != 0 else { throw CommandFailure("ReverseTilt needs a direction, 1 or -1.") }
        guard !stageIsBusy() else { return [] }
        let goal = stage.tilt
        let direction = a.has(1) ? (a.integer(1) > 0 ? 1.0 : -1) : (goal.value < 0 ? 1 : -1)
        let back = Degrees(max(-tiltLimit.value, min(tiltLimit.value, goal.value - 3 * direction)))
        _ = try await tiltTo(back)
        return try await tiltTo(goal)
    }
    func turnStage(to angle: Degrees) async throws -> [ReportedValue] {
        guard angle.magnitude <= Degrees(80) else {
            throw CommandFailure("The second tilt cannot be \(angle.value) degrees; its limit is 80.")
        }
        guard !stageIsBusy() else { return [] }
        await wait(stage.turn(to: angle), for: .move)
        return []
    }
}

extension Double {
    /// Without a fraction where it has none.
    var formatted: String { self == rounded() && magnitude < 1e9 ? "\(Int(self))" : "\(self)" }
}
