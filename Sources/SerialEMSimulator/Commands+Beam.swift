internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let beamCommands: [String: CommandHandler] = [
        "ReportBeamShift": { m, _ in [.number(await m.column.beamShift.x), .number(await m.column.beamShift.y)] },
        "SetBeamShift": { try await $0.setBeamShift(Vector(dx: $1.number(1), dy: $1.number(2))) },
        "MoveBeamByMicrons": { try await $0.moveBeam(Vector(dx: $1.number(1), dy: $1.number(2))) },
        "MoveBeamByFieldFraction": { try await $0.moveBeamByFieldFraction($1) },
        "ReportBeamTilt": { m, _ in
            let (tilt, units) = (await m.column.beamTilt, m.configuration.kind.beamTiltUnits)
            return [.number(tilt.x * units), .number(tilt.y * units)]
        },
        "SetBeamTilt": { try await $0.setBeamTilt($1) },
        "SaveBeamTilt": { m, _ in try await m.saveBeamTilt() },
        "RestoreBeamTilt": { m, _ in try await m.restoreBeamTilt() },
        "AdjustBeamTiltforIS": { m, _ in await m.adjustBeamTilt() },
        "ReportComaVsISmatrix": { m, _ in
            let (coma, kind) = (VirtualMicroscope.comaByImageShift, m.configuration.kind)
            let scale = kind.beamTiltUnits / kind.imageShiftUnits
            return [coma.xpx, coma.xpy, coma.ypx, coma.ypy].map { .number($0 * scale) }
        },
    ]
}

extension Frame {
    /// Readings of the beam shift coils.
    enum BeamShift {}
    /// Beam tilt in milliradians.
    enum BeamTilt {}
}

extension VirtualMicroscope {
    /// Calibration of the beam shift: the units are nominally micrometres, but turned and a little short.
    static let beamShiftToSpecimen = LinearMap<Frame.BeamShift, Frame.Specimen>.rotation(Degrees(35), scale: 0.92)
    private static let specimenToBeamShift = LinearMap<Frame.Specimen, Frame.BeamShift>.rotation(Degrees(-35), scale: 1 / 0.92)
    /// The beam tilt that makes up for the coma of an image shift, in milliradians per micrometre.
    static let comaByImageShift = LinearMap<Frame.ImageShift, Frame.BeamTilt>(xpx: 0.01, xpy: 0.001, ypx: -0.001, ypy: 0.01)
    /// The coils reach no farther, in their own units.
    private static let largestBeamShift = 200.0

    /// Where the middle of the beam lies from the middle of the field.
    var beamCenter: Vector<Frame.Specimen> {
        Self.beamShiftToSpecimen(Vector(dx: column.beamShift.x, dy: column.beamShift.y))
    }
    func setBeamShift(_ shift: Vector<Frame.BeamShift>) async throws -> [ReportedValue] {
        guard shift.length.isFinite, shift.length <= Self.largestBeamShift else {
            throw CommandFailure("A beam shift of \(shift.dx), \(shift.dy) is beyond what the coils reach.")
        }
        column.beamShift = (shift.dx, shift.dy)
        await wait(Seconds(0.1))
        return []
    }
    func moveBeam(_ way: Vector<Frame.Specimen>) async throws -> [ReportedValue] {
        let now = Vector<Frame.BeamShift>(dx: column.beamShift.x, dy: column.beamShift.y)
        return try await setBeamShift(now + Self.specimenToBeamShift(way))
    }
    /// Fractions of the width and height of the camera's field.
    func moveBeamByFieldFraction(_ a: CommandArguments) async throws -> [ReportedValue] {
        let way = try Vector<Frame.Camera>(dx: a.number(1) * Double(Self.chip.width), dy: a.number(2) * Double(Self.chip.height))
        return try await moveBeam(column.currentMagnification.cameraToSpecimen(way))
    }

    /// Milliradians; no deflector does more.
    private static let largestBeamTilt = 50.0
    func setBeamTilt(_ a: CommandArguments) throws -> [ReportedValue] {
        let units = configuration.kind.beamTiltUnits
        let tilt = (x: try a.number(1) / units, y: try a.number(2) / units)
        guard tilt.x.magnitude <= Self.largestBeamTilt, tilt.y.magnitude <= Self.largestBeamTilt else {
            throw CommandFailure("A beam tilt of \(a.text(1)), \(a.text(2)) is beyond what the coils reach.")
        }
        column.beamTilt = tilt
        return []
    }
    func saveBeamTilt() throws -> [ReportedValue] {
        guard mechanics.savedBeamTilt == nil else {
            throw CommandFailure("There is a second SaveBeamTilt without a RestoreBeamTilt\(probe).")
        }
        mechanics.savedBeamTilt = column.beamTilt
        return []
    }
    private var probe: String { configuration.kind == .thermo ? " for \(column.isMicroProbe ? "micro" : "nano")probe mode" : "" }

    func restoreBeamTilt() throws -> [ReportedValue] {
        guard mechanics.savedBeamTilt != nil else {
            throw CommandFailure("There is a RestoreBeamTilt, but beam tilt was not saved or has been restored already\(probe).")
        }
        restoreBeamTiltAtEnd()
        return []
    }
    /// What the end of external control does with a beam tilt that is still saved.
    func restoreBeamTiltAtEnd() {
        if let tilt = mechanics.savedBeamTilt { column.beamTilt = tilt }
        mechanics.savedBeamTilt = nil
    }
    /// The first time saves the beam tilt; each time sets it to the saved one with the coma of the present image shift made up for.
    func followWithBeamTilt() {
        let base = mechanics.savedBeamTilt ?? column.beamTilt
        mechanics.savedBeamTilt = base
        let change = Self.comaByImageShift(column.imageShift)
        column.beamTilt = (base.x + change.dx, base.y + change.dy)
    }
    func adjustBeamTilt() -> [ReportedValue] { followWithBeamTilt(); return [] }
}
