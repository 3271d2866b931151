internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let dewarCommands: [String: CommandHandler] = [
        "RefrigerantLevel": { try await $0.refrigerantLevel($1.integer(1)) },
        "DewarsRemainingTime": { m, _ in [.number(await m.column.dewars.remaining(at: m.clock.elapsed))] },
        "AreDewarsFilling": { m, _ in [.flag(await m.column.dewars.fillingLeft(at: m.clock.elapsed) > 0)] },
        "ManageDewarsAndPumps": { m, _ in await m.manageDewarsAndPumps() },
        "LongOperation": { try await $0.longOperations($1) },
        "ReportLongOperations": { m, _ in await m.reportLongOperations() },
        "UpdateHWDarkRef": { m, a in
            try await m.longOperations(CommandArguments([.text("Da"), .text("\(a.number(1))")])).prefix(0).map { $0 }
        },
        "SimpleOriginStatus": { _, _ in throw CommandFailure("There is no SimpleOrigin filling system.") },
        "SetSimpleOriginActive": { _, _ in throw CommandFailure("There is no SimpleOrigin filling system.") },
    ]
}

extension VirtualMicroscope {
    func refrigerantLevel(_ dewar: Int) throws -> [ReportedValue] {
        guard let level = column.dewars.level(dewar, at: clock.elapsed) else {
            throw CommandFailure("The level of dewar \(dewar) cannot be read.")
        }
        return [.number(level)]
    }
    /// A refill that is due so soon is done now, rather than in the middle of an acquisition.
    private static let earlyRefill = 900.0

    func manageDewarsAndPumps() async -> [ReportedValue] {
        await wait(Seconds(1))
        let filling = column.dewars.fillingLeft(at: clock.elapsed)
        if filling > 0 {
            await wait(Seconds(filling))
        } else if column.dewars.remaining(at: clock.elapsed) < Self.earlyRefill {
            await refill()
        }
        await wait(Seconds(column.vacuum.pumpingLeft(at: clock.elapsed)))
        return []
    }
    private func refill() async {
        await wait(Seconds(Dewars.refill))
        column.dewars.fillEnds(at: clock.elapsed)
    }

    private static let operationsWithoutHours: Set = ["IN", "UN", "AV"]
    private static let operationsWithHours: Set = ["BU", "RE", "LO", "DA", "FF", "PA", "SM"]
    /// A year; farther back nothing is remembered.
    private static let longestInterval = 8766.0

    /// Operations name themselves by their first two letters. Hours: 0 does it, a number above only if the last one is that
    /// long ago, -1 only sets the time, and below that asks how long ago it was.
    func longOperations(_ a: CommandArguments) async throws -> [ReportedValue] {
        var place = 1
        var answer: [ReportedValue] = [.number(0), .number(0)]
        while a.has(place) {
            let name = String(a.text(place).prefix(2)).uppercased()
            if ["RS", "RT", "RB"].contains(name) { throw CommandFailure("\(a.text(place)) is an operation of JEOL microscopes.") }
            let takesHours = Self.operationsWithHours.contains(name)
            guard takesHours || Self.operationsWithoutHours.contains(name) else {
                throw CommandFailure("\(a.text(place)) is no long operation.")
            }
            let hours = takesHours ? try a.number(place + 1, upTo: Self.longestInterval) : 0
            place += takesHours ? 2 : 1
            let since = (clock.elapsed - (column.longOperations[name] ?? -Self.longestInterval * 3600)) / 3600
            if hours < -1 { answer = [.number(min(Self.longestInterval, since))]; continue }
            if hours >= 0, hours == 0 || since >= hours { try await perform(operation: name) }
            if hours <= 0 || since >= hours { column.longOperations[name] = clock.elapsed }
        }
        return answer
    }
    private func perform(operation name: String) async throws {
        switch name {
        case "RE": await refill()
        case "FF":
            await wait(Seconds(FieldEmissionGun.flashTime))
            column.gun.flash(at: clock.elapsed)
        case "BU":
            await wait(Seconds(Vacuum.pumpingTime))
            column.vacuum.emptyBuffer(at: clock.elapsed)
        case "LO": await wait(Seconds(900))
        case "DA": await wait(Seconds(120))
        case "IN":
            await wait(Seconds(240))
            mechanics.inventoryIsTaken = true
        case "UN": if cassette.loaded != nil { _ = try await unloadCartridge() }
        default: await wait(Seconds(60))
        }
    }
    /// None goes on when this is asked: each is over before its reply.
    func reportLongOperations() -> [ReportedValue] { [.number(0), .number(-1), .number(-1)] }
}
