internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let dewarCommands: [String: CommandHandler] = [
        "RefrigerantLevel": { try await $0.refrigerantLevel($1.integer(1)) },
        "DewarsRemainingTime": { m, _ in [.number(await m.column.dewars.remaining(at: m.clock.elapsed))] },
        "AreDewarsFilling": { m, _ in await m.reportFilling() },
        "ManageDewarsAndPumps": { try await $0.manageDewarsAndPumps($1.integer(1)) },
        "LongOperation": { try await $0.longOperations($1) },
        "ReportLongOperations": { m, _ in await m.reportLongOperations() },
        "UpdateHWDarkRef": { m, a in
            try await m.longOperations(CommandArguments([.text("Da"), .text("\(a.number(1))")])).prefix(0).map { $0 }
        },
    ]
}

/// A long operation by the first two letters of its name.
private enum LongOperation: String {
    case buffer = "BU", refill = "RE", inventory = "IN", loader = "LO", darkReference = "DA", unload = "UN", flash = "FF"
    case stageTank = "RS", transferTank = "RT", bothTanks = "RB"

    var takesHours: Bool { self != .inventory && self != .unload }

    /// Why a microscope of a make cannot do it.
    func refusal(_ kind: MicroscopeKind) -> String? {
        switch (self, kind) {
        case (.stageTank, .thermo), (.transferTank, .thermo), (.bothTanks, .thermo): "is an operation of JEOL microscopes"
        case (.buffer, .jeol), (.refill, .jeol), (.loader, .jeol): "is an operation of Thermo microscopes"
        case (.unload, .jeol): "is for Thermo microscopes; a JEOL has UnloadCartridge"
        default: nil
        }
    }
}

extension VirtualMicroscope {
    /// Thermo counts 1 autoloader, 2 column, 3 helium; JEOL 1 stage, 2 transfer tank, and 0 for the lower of them.
    func refrigerantLevel(_ dewar: Int) throws -> [ReportedValue] {
        let numbers = configuration.kind == .jeol ? 0 ... 2 : 1 ... 3
        guard numbers.contains(dewar) else {
            throw CommandFailure("A dewar has a number from \(numbers.lowerBound) to \(numbers.upperBound), not \(dewar).")
        }
        if dewar == 0 { return [.number(column.dewars.lowestLevel(at: clock.elapsed))] }
        guard let level = column.dewars.level(dewar, at: clock.elapsed) else {
            throw CommandFailure("The level of dewar \(dewar) cannot be read.")
        }
        return [.number(level)]
    }
    /// Thermo: whether any is being filled. JEOL: 1 for the stage tank and 2 for the transfer tank.
    func reportFilling() -> [ReportedValue] {
        let bits = column.dewars.fillingBits(at: clock.elapsed)
        return configuration.kind == .jeol ? [.count(bits)] : [.flag(bits != 0)]
    }
    /// A refill that is due so soon is done now, rather than in the middle of an acquisition.
    private static let earlyRefill = 900.0

    func manageDewarsAndPumps(_ checks: Int) async throws -> [ReportedValue] {
        guard (-1 ... 1).contains(checks) else { throw CommandFailure("Late checks are left out with -1 and made alone with 1, not \(checks).") }
        await wait(Seconds(1))
        let filling = column.dewars.fillingLeft(at: clock.elapsed)
        if filling > 0 {
            await wait(Seconds(filling))
        } else if column.dewars.remaining(at: clock.elapsed) < Self.earlyRefill {
            await refill()
        }
        if configuration.kind == .thermo { await wait(Seconds(column.vacuum.pumpingLeft(at: clock.elapsed))) }
        return []
    }
    private func refill(_ tanks: Set<Int> = [1, 2]) async {
        await wait(Seconds(Dewars.refill))
        column.dewars.fillEnds(at: clock.elapsed, tanks)
        column.vacuum.takeInGas(at: clock.elapsed)
        leakOnDemand()
    }

    /// A year; farther back nothing is remembered.
    private static let longestInterval = 8766.0

    /// Operations name themselves by their first two letters. Hours: 0 does it, a number above only if the last one is that
    /// long ago, -1 only sets the time, and below that asks how long ago it was.
    func longOperations(_ a: CommandArguments) async throws -> [ReportedValue] {
        var place = 1
        var answer: [ReportedValue] = [.number(0), .number(0)]
        var wanted: [(operation: LongOperation, hours: Double)] = []
        while a.has(place) {
            let text = a.text(place)
            let name = text.prefix(2).uppercased()
            if ["PA", "AV"].contains(name) { throw CommandFailure("\(text) needs a vibration manager, which this microscope does not have.") }
            if name == "SM" { throw CommandFailure("\(text) needs a DE camera.") }
            guard let operation = LongOperation(rawValue: name) else { throw CommandFailure("\(text) is no long operation.") }
            let hours = operation.takesHours ? try a.number(place + 1, upTo: Self.longestInterval) : 0
            place += operation.takesHours ? 2 : 1
            if hours < -1 { answer = [.number(min(Self.longestInterval, hoursSince(operation)))]; continue }
            if let refusal = operation.refusal(configuration.kind) { throw CommandFailure("\(text) \(refusal).") }
            guard !wanted.contains(where: { $0.operation == operation }) else { throw CommandFailure("\(text) is named twice.") }
            wanted.append((operation, hours))
        }
        for (operation, hours) in wanted {
            let isDue = hours >= 0 && (hours == 0 || hoursSince(operation) >= hours)
            if isDue { try await perform(operation) }
            if isDue || hours < 0 { column.longOperations[operation.rawValue] = clock.elapsed }
        }
        return answer
    }
    private func hoursSince(_ operation: LongOperation) -> Double {
        (clock.elapsed - (column.longOperations[operation.rawValue] ?? -Self.longestInterval * 3600)) / 3600
    }
    private func perform(_ operation: LongOperation) async throws {
        switch operation {
        case .refill, .bothTanks: await refill()
        case .stageTank: await refill([1])
        case .transferTank: await refill([2])
        case .flash:
            await wait(Seconds(FieldEmissionGun.flashTime))
            column.gun.flash(at: clock.elapsed)
        case .buffer:
            await wait(Seconds(Vacuum.pumpingTime))
            column.vacuum.emptyBuffer(at: clock.elapsed)
        case .loader: await wait(Seconds(900))
        case .darkReference: await wait(Seconds(120))
        case .inventory:
            await wait(Seconds(240))
            mechanics.inventoryIsTaken = true
            mechanics.storedSlots = []
        case .unload: if cassette.loaded != nil { _ = try await unloadCartridge() }
        }
    }
    /// None goes on when this is asked: each is over before its reply.
    func reportLongOperations() -> [ReportedValue] { [.number(0), .number(-1), .number(-1)] }
}
