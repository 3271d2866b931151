internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let stageCommands: [String: CommandHandler] = [
        "MoveStage": { try await $0.moveStage($1) },
        "MoveStageTo": { try await $0.moveStageTo($1) },
        "ReportStageXYZ": { m, _ in await m.stageReadout() },
        "ReportStageBusy": { _, _ in [.number(0)] },
        "ReportTiltAngle": { m, _ in [.number(await m.stage.tilt.value)] },
        "TiltTo": { try await $0.tiltTo(Degrees($1.number(1))) },
        "TiltBy": { try await $0.tiltTo(await $0.stage.tilt + Degrees($1.number(1))) },
        "ReportTiltAxisOffset": { _, _ in [.number(0), .number(0), .number(0), .number(0), .number(0), .number(0)] },
        "SetTiltAxisOffset": { _, _ in [] },
        "ReportStageBAxis": { _, _ in [.number(0)] },
    ]
}

extension VirtualMicroscope {
    func moveStage(to target: Point<Frame.Stage>, z: Micrometers? = nil, extraError: Micrometers = Micrometers(0)) async throws {
        guard Stage.admits(x: target.x, y: target.y), (z ?? Micrometers(0)).magnitude <= Stage.heightLimit else {
            throw CommandFailure("The stage cannot go to \(target.x), \(target.y): its limits are -990 to 990 um.")
        }
        guard target.x.isFinite, target.y.isFinite else { throw CommandFailure("A stage position is not a number.") }
        try Task.checkCancellation()
        let target = shortenedOnDemand(target)
        await wait(stage.move(to: target, extraError: extraError, random: &random))
        if let z { await wait(stage.move(toHeight: z, random: &random)) }
    }

    func moveStage(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2))
        let rise = Micrometers(try a.number(3))
        try await moveStage(to: stage.position + way, z: rise != .zero ? stage.height + rise : nil)
        return []
    }

    func moveStageTo(_ a: CommandArguments) async throws -> [ReportedValue] {
        try await moveStage(to: Point(x: a.number(1), y: a.number(2)), z: a.has(3) ? Micrometers(a.number(3)) : nil)
        return []
    }

    func stageReadout() -> [ReportedValue] {
        [.number(stage.position.x), .number(stage.position.y), .number(stage.height.value)]
    }

    func tiltTo(_ angle: Degrees) async throws -> [ReportedValue] {
        guard angle.magnitude <= Stage.tiltLimit else {
            throw CommandFailure("The tilt angle \(angle.value) is above the maximum of 70 degrees.")
        }
        await wait(stage.tilt(to: angle, random: &random))
        return []
    }
}
