internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let eucentricityCommands: [String: CommandHandler] = [
        "Eucentricity": { try await $0.findEucentricity($1.integer(1, default: 2)) },
    ]
}

extension VirtualMicroscope {
    /// Finds the eucentric height with tilted images; rough leaves half a micrometre, fine a tenth.
    func findEucentricity(_ mode: Int) async throws -> [ReportedValue] {
        guard grid != nil else { throw CommandFailure("Eucentricity was not found: there is nothing to see.") }
        let fine = mode == 2 || mode == 3 || mode == 6 || mode == -1
        for _ in 0 ..< (fine ? 6 : 3) {
            _ = try await expose(column.lowDoseIsOn ? .view : .record)
            await wait(Seconds(3))
        }
        let place = trueCenter(column.currentMagnification)
        let height = (grid?.eucentricHeight(place) ?? stage.height) + Micrometers((fine ? 0.1 : 0.5) * random.normal())
        await wait(stage.move(toHeight: height, random: &random), for: .move)
        if fine { mechanics.lastAxisOffset = mechanics.trueAxisOffset }
        return []
    }
}
