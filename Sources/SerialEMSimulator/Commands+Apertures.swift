internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let apertureCommands: [String: CommandHandler] = [
        "ReportApertureSize": { m, a in [.count(try await m.aperture(m.apertureNumber(a)).size)] },
        "SetApertureSize": { try await $0.setApertureSize($0.apertureNumber($1), size: $1.integer(2)) },
        "RemoveAperture": { try await $0.removeAperture($0.apertureNumber($1)) },
        "ReInsertAperture": { try await $0.reinsertAperture($0.apertureNumber($1)) },
    ]
}

extension VirtualMicroscope {
    /// A name beginning with c, o or s is taken as well as a number, as in SerialEM.
    nonisolated func apertureNumber(_ a: CommandArguments) -> Int {
        ["c": 1, "o": 2, "s": 4][a.text(1).prefix(1).lowercased()] ?? a.integer(1)
    }
    func aperture(_ number: Int) throws -> (name: String, size: Int) {
        guard let size = column.apertures[number], let name = Apertures.names[number] else {
            throw CommandFailure("There is no aperture \(number).")
        }
        return (name, size)
    }
    /// Size 0 takes it out, 1 puts it back.
    func setApertureSize(_ number: Int, size: Int) async throws -> [ReportedValue] {
        let present = try aperture(number)
        if size == 0 { return try await removeAperture(number) }
        if size == 1 { return try await reinsertAperture(number) }
        guard let mounted = Apertures.mounted[number], mounted.contains(size) else {
            throw CommandFailure("The \(present.name) aperture has no hole of \(size) um.")
        }
        if size != present.size { await wait(Seconds(6)) }
        column.apertures.insert(number, size: size)
        return []
    }
    func removeAperture(_ number: Int) async throws -> [ReportedValue] {
        guard try aperture(number).size != 0 else { return [] }
        await wait(Seconds(6))
        column.apertures.remove(number)
        return []
    }
    func reinsertAperture(_ number: Int) async throws -> [ReportedValue] {
        guard try aperture(number).size == 0 else { return [] }
        guard let size = column.apertures.size(toReinsert: number) else {
            throw CommandFailure("Aperture \(number) was not removed, so that its size is not known.")
        }
        await wait(Seconds(6))
        column.apertures.insert(number, size: size)
        return []
    }
}
