internal import Geometry
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let eucentricityCommands: [String: CommandHandler] = [
        "Eucentricity": { try await $0.findEucentricity($1.integer(1, default: 2)) },
        "LimitNextRoughEucen": { try await $0.limitRoughEucentricity($1.number(1)) },
        "ReportRoughEucenFailed": { m, _ in [.flag(await m.mechanics.roughEucentricityFailed)] },
    ]
}

extension VirtualMicroscope {
    /// Finds the eucentric height with tilted images; rough leaves half a micrometre, fine a tenth.
    func findEucentricity(_ mode: Int) async throws -> [ReportedValue] {
        guard mode < 0 || mode & 3 != 0 else { throw CommandFailure("Eucentricity is 1 for rough, 2 for fine and 3 for both, not \(mode).") }
        guard grid != nil, column.beamIsOnSpecimen else { throw TaskFailure("Eucentricity was not found: there is nothing to see.") }
        let fine = mode < 0 || mode & 2 != 0
        var limit = Micrometers(0)
        if mode >= 0, mode & 1 != 0 {
            limit = mechanics.nextRoughLimit
            mechanics.nextRoughLimit = Micrometers(0)
            mechanics.roughEucentricityFailed = false
        }
        for _ in 0 ..< (fine ? 6 : 3) {
            acquired(try await expose(column.lowDoseIsOn ? .view : .record))
            await wait(Seconds(3))
        }
        let place = trueCenter(column.currentMagnification)
        settleChance(of: .eucentricity, at: place)
        let height = (grid?.eucentricHeight(place) ?? stage.height) + Micrometers((fine ? 0.1 : 0.5) * random.normal())
        let change = (height - stage.height).value.magnitude
        guard limit.value == 0 || change <= limit.value else {
            note("Rough eucentricity would change the height by \(fixed(change, 1)) um, more than \(limit.value) um; nothing is changed.")
            mechanics.roughEucentricityFailed = true
            return []
        }
        await wait(stage.move(toHeight: height, random: &random), for: .move)
        if fine { mechanics.lastAxisOffset = mechanics.trueAxisOffset }
        return []
    }

    /// Counts for one rough eucentricity; 0 takes a limit away.
    func limitRoughEucentricity(_ limit: Double) throws -> [ReportedValue] {
        guard limit >= 0 else { throw CommandFailure("The limit of a change of eucentricity cannot be negative.") }
        mechanics.nextRoughLimit = Micrometers(limit)
        return []
    }
}
