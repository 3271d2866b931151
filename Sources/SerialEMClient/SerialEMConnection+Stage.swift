public import Units

extension SerialEMConnection {
    /// Where the stage is now.
    public func reportStageXYZ() async throws(SerialEMError) -> StagePosition {
        let values = try await read("ReportStageXYZ")
        return StagePosition(
            x: try values.micrometers(0), y: try values.micrometers(1), z: try values.micrometers(2))
    }

    /// Moves the stage to a place. SerialEM does nothing and says nothing when the stage is busy: look before and after.
    public func moveStageTo(x: Micrometers, y: Micrometers, z: Micrometers? = nil) async throws(SerialEMError) {
        try await run(
            "MoveStageTo", [.number(x.value), .number(y.value), .number(z?.value)], kind: .repeatable,
            deadline: Deadline.movement)
    }

    /// Moves the stage by a difference. SerialEM does nothing and says nothing when the stage is busy.
    public func moveStage(x: Micrometers, y: Micrometers, z: Micrometers? = nil) async throws(SerialEMError) {
        try await run(
            "MoveStage", [.number(x.value), .number(y.value), .number(z?.value)], kind: .exposing,
            deadline: Deadline.movement)
    }

    /// Whether the stage is moving.
    public func reportStageBusy() async throws(SerialEMError) -> Bool { try await read("ReportStageBusy").flag(0) }

    /// The tilt of the stage.
    public func reportTiltAngle() async throws(SerialEMError) -> Degrees {
        Degrees(try await read("ReportTiltAngle").number(0))
    }

    /// Tilts the stage to an angle. SerialEM does nothing and says nothing when the stage is busy.
    public func tiltTo(_ angle: Degrees) async throws(SerialEMError) {
        try await run("TiltTo", [.number(angle.value)], kind: .repeatable, deadline: Deadline.movement)
    }

    /// The offset between the tilt axis and the optical axis.
    public func reportTiltAxisOffset() async throws(SerialEMError) -> TiltAxisOffset {
        let values = try await read("ReportTiltAxisOffset")
        return TiltAxisOffset(
            offset: try values.micrometers(0), stageX: try values.micrometers(1), stageY: try values.micrometers(2),
            imageShiftX: try values.number(3), imageShiftY: try values.number(4), isApplied: try values.flag(5))
    }
}
