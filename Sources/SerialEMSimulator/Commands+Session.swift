internal import Foundation
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let sessionCommands: [String: CommandHandler] = [
        "NoMessageBoxOnError": { try await $0.setMessageBoxesOff($1.number(1, default: 1) != 0) },
        "StartTry": { m, _ in await m.changeTryLevel(by: 1) },
        "EndTry": { m, _ in await m.changeTryLevel(by: -1) },
        "KeyBreak": { _, _ in [.number(0)] },
        "SuppressReports": { _, _ in [] },
        "SuppressInfoOutput": { _, _ in [] },
        "ErrorsToLog": { _, _ in [] },
        "Verbose": { _, _ in [] },
        "ProgramTimeStamps": { _, _ in [] },
        "IsVersionAtLeast": { _, a in [.flag(try a.number(1) <= 40300)] },
        "ReportNumExeFuncs": { _, _ in [.count(FunctionCodes.all.count)] },
        "SetVariable": { await $0.setVariable($1.text(1), .text($1.text(2)), persistent: false) },
        "SetPersistentVar": { await $0.setVariable($1.text(1), .text($1.text(2)), persistent: true) },
        "SetFloatVariable": {
            try await $0.setVariable(
                $1.text(1), .number($1.number(2, upTo: .greatestFiniteMagnitude)), persistent: $1.integer(3) != 0)
        },
        "GetVariable": { [try await $0.variable($1.text(1))] },
        "IsVariableDefined": { [.flag((try? await $0.variable($1.text(1))) != nil)] },
        "ClearPersistentVars": { m, _ in await m.clearVariables(persistent: true) },
        "ClearNonPersistentVars": { m, _ in await m.clearVariables(persistent: false) },
        "Echo": { await $0.note($1.lastText) },
        "EchoBreakLines": { await $0.note($1.lastText) },
        "EchoReplaceLine": { await $0.note($1.lastText) },
        "EchoNoLineEnd": { await $0.note($1.lastText) },
        "SetNextLogOutputStyle": { _, _ in [] },
        "SaveLogOpenNew": { _, _ in [] },
        "CloseLogOpenNew": { _, _ in [] },
        "SaveLog": { try await $0.saveLog($1) },
        "SetStatusLine": { _, a in a.integer(1) == 0 ? [.number(1), .number(0)] : [] },
        "ClearStatusLine": { _, _ in [] },
        "YesNoBox": { _, _ in [.number(0)] },
        "Delay": { try await $0.delay($1) },
        "ReportClock": { m, _ in [.number(await m.secondsOfPeriod)] },
        "ResetClock": { m, _ in await m.resetClock() },
        "ReportTickTime": { m, _ in [.number(await m.clock.elapsed)] },
        "ReportDateTime": { m, _ in await m.dateAndTime() },
        "ReportProperty": { [.number(try await $0.property($1.text(1)))] },
        "SetProperty": { try await $0.setProperty($1.text(1), $1.number(2)) },
        "ReportUserSetting": { [.number(try await $0.userSetting($1.text(1)))] },
        "SetUserSetting": { try await $0.setUserSetting($1.text(1), $1.number(2)) },
        "SaveSettings": { _, _ in [] },
        "ReportSettingsFile": { _, _ in [.text("SerialEMsettings.txt"), .text("None")] },
        "RunScriptAfterNavAcquire": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    func setMessageBoxesOff(_ off: Bool) -> [ReportedValue] { messageBoxesAreOff = off; return [] }
    func changeTryLevel(by step: Int) -> [ReportedValue] { tryLevel = max(0, min(20, tryLevel + step)); return [] }

    func setVariable(_ name: String, _ value: ReportedValue, persistent: Bool) -> [ReportedValue] {
        if persistent { persistentVariables[name.uppercased()] = value } else { periodVariables[name.uppercased()] = value }
        return []
    }
    func variable(_ name: String) throws -> ReportedValue {
        if let value = periodVariables[name.uppercased()] ?? persistentVariables[name.uppercased()] { return value }
        throw CommandFailure("The variable \(name) is not defined.")
    }
    /// The elements of an array variable as numbers; SerialEM separates them by newlines.
    func numbers(inVariable name: String) throws -> [Double] {
        let numbers: [Double] =
            switch try variable(name) {
            case .number(let value): [value]
            case .text(let text): text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            }
        guard numbers.allSatisfy({ $0.magnitude <= CommandArguments.largest }) else {
            throw CommandFailure("The variable \(name) holds what is no number, or one that is too large.")
        }
        return numbers
    }
    func clearVariables(persistent: Bool) -> [ReportedValue] {
        if persistent { persistentVariables = [:] } else { periodVariables = [:] }
        return []
    }
    func note(_ text: String) -> [ReportedValue] { log.append(text); return [] }
    func saveLog(_ a: CommandArguments) throws -> [ReportedValue] {
        guard a.count >= 2 else { return [] }
        try (log.joined(separator: "\n") + "\n").write(toFile: absolute(a.lastText), atomically: true, encoding: .utf8)
        return []
    }
    func delay(_ a: CommandArguments) async throws -> [ReportedValue] {
        let amount = try a.number(1)
        let seconds: Double =
            switch a.text(2) {
            case "msec", "ms": amount / 1000
            case "sec", "s": amount
            case "min": amount * 60
            default: amount > 60 ? amount / 1000 : amount
            }
        guard seconds <= 86400 else { throw CommandFailure("A delay of \(seconds) s is longer than a day.") }
        await wait(Seconds(seconds))
        return []
    }
    func pause(_ seconds: Double) async -> [ReportedValue] { await wait(Seconds(seconds)); return [] }
    var secondsOfPeriod: Double { clock.elapsed - periodStart }
    func resetClock() -> [ReportedValue] { periodStart = clock.elapsed; return [] }
    func dateAndTime() -> [ReportedValue] {
        let date = clock.date
        return [.count(date.year * 10000 + date.month * 100 + date.day), .count(date.hour * 100 + date.minute)]
    }
    func property(_ name: String) throws -> Double {
        if let value = properties.first(where: { $0.key.lowercased() == name.lowercased() }) { return value.value }
        throw CommandFailure("There is no property \(name) with a single number.")
    }
    func setProperty(_ name: String, _ value: Double) -> [ReportedValue] {
        let key = properties.keys.first { $0.lowercased() == name.lowercased() } ?? name
        properties[key] = value
        return []
    }
    func userSetting(_ name: String) throws -> Double {
        if let value = userSettings.first(where: { $0.key.lowercased() == name.lowercased() }) { return value.value }
        throw CommandFailure("There is no user setting \(name).")
    }
    func setUserSetting(_ name: String, _ value: Double) -> [ReportedValue] {
        let key = userSettings.keys.first { $0.lowercased() == name.lowercased() } ?? name
        userSettings[key] = value
        if key == "BuffersToRollOnAcquire" { buffersToRoll = max(0, min(14, Int(clamped: value))) }
        return []
    }
}
