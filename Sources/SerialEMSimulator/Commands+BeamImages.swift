internal import Geometry
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// The beam's edge, measured in images.
    static let beamImageCommands: [String: CommandHandler] = [
        "CenterBeamFromImage": { try await $0.centerBeam($1) },
        "AutoCenterBeam": { try await $0.autoCenterBeam($1) },
        "MeasureBeamPosition": { try await $0.measureBeam($1.text(1), size: false) },
        "MeasureBeamSize": { try await $0.measureBeam($1.text(1), size: true) },
    ]
}

extension VirtualMicroscope {
    private func beamEdge(_ name: String) throws -> (fit: BeamEdge, image: ImageBuffer) {
        let image = try buffer(name.isEmpty ? 0 : try bufferIndex(name))
        guard let fit = BeamEdge(image.image) else { throw CommandFailure("No edge of the beam was found in the image.") }
        return (fit, image)
    }
    func measureBeam(_ name: String, size: Bool) throws -> [ReportedValue] {
        let (fit, image) = try beamEdge(name)
        let pixel = image.conditions.pixelSize.value / 1000
        guard size else {
            return [.number(fit.x - image.middle.x), .number(fit.y - image.middle.y), .count(fit.quadrants), .number(fit.error)]
        }
        return [.number(2 * fit.radius * pixel), .count(fit.quadrants), .number(fit.error * pixel)]
    }
    /// 0, or a code where no edge was found or the beam is farther off than allowed.
    func centerBeam(_ a: CommandArguments) async throws -> [ReportedValue] {
        _ = try buffer(0)
        guard let (fit, image) = try? beamEdge("") else { return [.number(1)] }
        let binning = image.conditions.binning
        let off = Vector<Frame.Camera>(dx: (fit.x - image.middle.x) * binning, dy: -(fit.y - image.middle.y) * binning)
        let way = image.conditions.magnification.cameraToSpecimen(off)
        let most = try a.number(2)
        guard most <= 0 || way.length <= most else { return [.number(2)] }
        try await shiftBeam(by: -way)
        return [.number(0)]
    }
    func autoCenterBeam(_ a: CommandArguments) async throws -> [ReportedValue] {
        try requireBeam()
        acquired(try await expose(.trial))
        _ = try await centerBeam(CommandArguments([.integer(0), .number(a.number(1))]))
        return []
    }
    /// Beam shift units are taken as micrometres on the specimen.
    func shiftBeam(by way: Vector<Frame.Specimen>) async throws {
        column.beamShift.x += way.dx
        column.beamShift.y += way.dy
        await wait(Seconds(0.2))
    }
}
