internal import Foundation
internal import Navigator
internal import SerialEMProtocol

extension CommandTable {
    /// Acquire at Items, which starts when external control ends by Exit.
    static let navigatorAcquireCommands: [String: CommandHandler] = [
        "ReportNumNavAcquire": { m, _ in await m.numberToAcquire() },
        "ReportNumHoleAcquire": { m, _ in await m.numberOfHoles() },
        "NavAcqAtEndUseParams": { try await $0.useAcquireParameters($1, forThisPeriod: true) },
        "SetNavAcqAtEndParams": { try await $0.setAcquireParameters($1) },
        "ReadNavAcqParamSet": { try await $0.useAcquireParameters($1, forThisPeriod: false) },
        "StartNavAcquireAtEnd": { m, _ in try await m.startAcquireAtEnd() },
        "RunScriptAfterNavAcquire": { try await $0.checkScriptNumber($1.integer(1)) },
        "ReportIfNavAcquiring": { _, _ in [.number(0), .number(0)] },
        "EndAcquireAtItems": { _, _ in throw CommandFailure("The Navigator is not acquiring.") },
        "SkipAcquiringNavItem": { m, _ in try await m.hasNoEffect("SkipAcquiringNavItem") },
        "SkipAcquiringGroup": { _, _ in throw CommandFailure("The Navigator must be acquiring to skip a group.") },
        "SkipMoveInNavAcquire": { _, _ in throw CommandFailure("The navigator must be acquiring to enable skipping the stage move.") },
        "ReportNextNavAcqItem": { _, _ in throw CommandFailure("The Navigator must be acquiring.") },
        "ItemForSuperCoord": { m, a in try await m.changeItem(a.integer(1)) { _ in } },
        "NavItemFileToOpen": { try await $0.fileToOpen($1.integer(1)) },
    ]
}

extension VirtualMicroscope {
    func numberToAcquire() -> [ReportedValue] {
        guard navigatorIsOpen else { return [.number(-1), .number(-1)] }
        return [.count(items.count { $0.acquire }), .count(navigator.tiltSeriesItems.count)]
    }
    /// Holes, items and images to be taken: without holes that have been found, each marked item is one.
    func numberOfHoles() -> [ReportedValue] {
        guard navigatorIsOpen else { return [.number(0), .number(-1), .number(0)] }
        let count = items.count { $0.acquire }
        return [.count(count), .count(count), .count(count)]
    }
    func useAcquireParameters(_ a: CommandArguments, forThisPeriod: Bool) throws -> [ReportedValue] {
        let set = a.text(1).uppercased()
        guard ["M", "F", "R"].contains(set) else { throw CommandFailure("\(a.text(1)) is no set of Acquire at Items parameters.") }
        guard set != "R" || a.count > 1 else { throw CommandFailure("A file to read parameters from is missing.") }
        if a.count > 1, !FileManager.default.isReadableFile(atPath: absolute(a.lastText)) {
            throw CommandFailure("The parameter file \(absolute(a.lastText)) cannot be read.")
        }
        if forThisPeriod { script.hasChosenAcquireParameters = true }
        return []
    }
    /// Pairs of an option, by the start of its name, and a value.
    func setAcquireParameters(_ a: CommandArguments) throws -> [ReportedValue] {
        guard script.hasChosenAcquireParameters else { throw CommandFailure("NavAcqAtEndUseParams has to come first.") }
        for place in stride(from: 1, through: a.count, by: 2) {
            let option = a.text(place).lowercased()
            guard a.has(place + 1) else { throw CommandFailure("The option \(option) has no value.") }
            let value = a.integer(place + 1)
            if option.hasPrefix("prim") {
                guard (0 ... 4).contains(value) else { throw CommandFailure("The primary action must be from 0 to 4.") }
                acquireAction = value
            } else if ["scrp-p", "scrp-b", "scrp-a"].contains(option) {
                // Before and after an item there may be no script, which is 0.
                if value != 0 || option == "scrp-p" { _ = try checkScriptNumber(value) }
            } else {
                throw CommandFailure("The option \(option) is not recognized.")
            }
        }
        return []
    }
    func checkScriptNumber(_ number: Int) throws -> [ReportedValue] {
        guard (1 ... 60).contains(number) else { throw CommandFailure("\(number) is not a script number from 1 to 60.") }
        return []
    }
    func startAcquireAtEnd() throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        acquireAtEnd = true
        return []
    }
    /// While a client is in control the Navigator is not acquiring: SerialEM says so in its log and goes on.
    func hasNoEffect(_ name: String) throws -> [ReportedValue] {
        try requireNavigator()
        return note("\(name) has no effect except when acquiring Navigator items")
    }
    func fileToOpen(_ index: Int) throws -> [ReportedValue] {
        guard let name = items[try place(ofItem: index)]["FileToOpen"], !name.isEmpty else { return [.text("0"), .number(0)] }
        return [.text(name), .number(1)]
    }
}
