internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Moves that go on by themselves, and what deals with the slack of the stage and with the place of the tilt axis.
    static let stageMotionCommands: [String: CommandHandler] = [
        "BackgroundTilt": { try await $0.backgroundTilt(Degrees($1.number(1)), $1) },
        "StopBackgroundTilt": { try await $0.stopBackgroundTilt(Degrees($1.number(1))) },
        "BackgroundMoveStage": { try await $0.backgroundMove($1) },
        "StopBackgroundStage": { try await $0.stopBackgroundMove($1) },
        "TestRelaxingStage": { try await $0.testRelaxingStage($1) },
        "RelaxStage": { m, _ in await m.relaxStage() },
        "BacklashAdjust": { m, _ in try await m.adjustBacklash() },
        "SetTiltAxisOffset": { try await $0.setTiltAxisOffset(Micrometers($1.number(1))) },
        "ReportTiltAxisOffset": { m, _ in await m.reportTiltAxisOffset() },
        "ReportLastAxisOffset": { m, _ in try await m.reportLastAxisOffset() },
    ]
}

extension VirtualMicroscope {
    func stageIsBusy() -> Bool {
        stage.advance(to: clock.elapsed)
        return stage.arrival != nil
    }
    /// Each question takes a tenth of a second, so that whoever asks again and again sees the stage arrive.
    func reportStageBusy() async -> [ReportedValue] {
        let busy = stageIsBusy()
        if busy { await wait(Seconds(0.1)) }
        return [.flag(busy)]
    }
    func waitForStage() async {
        stage.advance(to: clock.elapsed)
        guard let arrival = stage.arrival else { return }
        await wait(Seconds(arrival - clock.elapsed))
        // Sums of seconds are not exact; the stage has arrived.
        stage.advance(to: arrival)
    }

    private func setOut(_ kind: EventRecord.Kind, _ move: (inout Stage, inout RandomSource) -> Seconds) {
        settleChance(of: kind == .tilt ? .tilt : .move, at: stage.position)
        var end = stage
        let seconds = move(&end, &random)
        guard seconds > Seconds(0) else { return }
        noteEvent(kind, seconds: seconds, to: (end.position, end.tilt))
        stage.setOut(for: end, at: clock.elapsed, taking: seconds)
        mechanics.backlashIsKnown = false
    }

    func backgroundTilt(_ angle: Degrees, _ a: CommandArguments) throws -> [ReportedValue] {
        try checkTilt(angle)
        let speed = try self.speed(a, 2)
        guard !stageIsBusy() else { return [] }
        setOut(.tilt) { $0.tilt(to: angle, speed: speed, random: &$1) }
        return []
    }
    func backgroundMove(_ a: CommandArguments) throws -> [ReportedValue] {
        let target = try Point<Frame.Stage>(x: a.number(1), y: a.number(2))
        guard Stage.admits(x: target.x, y: target.y) else {
            throw CommandFailure("The stage cannot go to \(target.x), \(target.y): its limits are -990 to 990 um.")
        }
        let speed = try self.speed(a, 3)
        guard !stageIsBusy() else { return [] }
        setOut(.move) { $0.move(to: target, speed: speed, random: &$1) }
        return []
    }
    /// The stage is sent to where it is by now, or a little from there.
    func stopBackgroundTilt(_ offset: Degrees) throws -> [ReportedValue] {
        guard stageIsBusy() else { return [] }
        let goal = stage.tilt + offset
        try checkTilt(goal)
        stage.halt()
        setOut(.tilt) { $0.tilt(to: goal, random: &$1) }
        return []
    }
    func stopBackgroundMove(_ a: CommandArguments) throws -> [ReportedValue] {
        let offset = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2))
        guard stageIsBusy() else { return [] }
        let goal = stage.position + offset
        guard Stage.admits(x: goal.x, y: goal.y) else { throw CommandFailure("The stage cannot go to \(goal.x), \(goal.y).") }
        stage.halt()
        setOut(.move) { $0.move(to: goal, random: &$1) }
        return []
    }

    /// Moves by way of a place that is `backlash` farther back, then goes a little back again to let the gears go.
    func testRelaxingStage(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Stage>(dx: a.number(1), dy: a.number(2))
        let backlash = try a.number(3, default: 5)
        guard !stageIsBusy() else { return [] }
        try await approach(stage.position + way, backlash: Micrometers(backlash))
        return await relaxStage()
    }
    /// Only where the direction of the last approach is known; else SerialEM writes a line into its log and does nothing.
    func relaxStage() async -> [ReportedValue] {
        guard mechanics.backlashIsKnown else {
            log.append("The stage is not in a known backlash state, so it cannot be relaxed.")
            return []
        }
        await wait(Seconds(1), for: .move)
        stage.relax(at: clock.elapsed, leaving: 0.2)
        return []
    }
    /// Arrives from the same side each time.
    func approach(_ target: Point<Frame.Stage>, backlash: Micrometers) async throws {
        try await moveStage(to: target - Vector(dx: backlash.value, dy: backlash.value))
        try await moveStage(to: target)
        mechanics.backlashIsKnown = true
    }
    /// Goes away and comes back from the usual side; images before and after give the image shift that keeps the view.
    func adjustBacklash() async throws -> [ReportedValue] {
        let place = stage.position
        try await keepingView { try await self.approach(place, backlash: Micrometers(5)) }
        return []
    }
    /// What was in the middle before is there again afterwards, by image shift.
    func keepingView(_ change: () async throws -> Void) async throws {
        let before = try await expose(.trial)
        try await change()
        let after = try await expose(.trial)
        acquired(before)
        acquired(after)
        // The older image is in B now; without a match SerialEM leaves the shift alone.
        _ = try await alignTo(CommandArguments([.text("B")]))
    }

    func setTiltAxisOffset(_ offset: Micrometers) throws -> [ReportedValue] {
        guard offset.magnitude <= Micrometers(25) else { throw CommandFailure("The tilt axis offset must be less than 25 microns.") }
        mechanics.axisOffset = offset
        return []
    }
    /// Whether image shifts are counted from the tilt axis, as a user setting says.
    var axisOffsetIsApplied: Bool { (userSettings["ShiftToTiltAxis"] ?? 1) != 0 }

    func reportTiltAxisOffset() -> [ReportedValue] {
        let across = Vector<Frame.Specimen>(dx: 0, dy: mechanics.axisOffset.value)
        let stage = Magnifications.specimenToStage(across)
        let shift = configuration.kind.imageShiftUnits * Magnifications.specimenToImageShift(across)
        return [.number(mechanics.axisOffset.value), .number(-stage.dx), .number(-stage.dy), .number(shift.dx), .number(shift.dy)]
            + [.flag(axisOffsetIsApplied)]
    }
    func reportLastAxisOffset() throws -> [ReportedValue] {
        guard let offset = mechanics.lastAxisOffset else {
            throw CommandFailure("No tilt axis offset was measured: run fine eucentricity first.")
        }
        return [.number(offset.value)]
    }
}
