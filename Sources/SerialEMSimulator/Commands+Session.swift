internal import Foundation
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Session control, time, settings and properties.
    static let sessionCommands: [String: CommandHandler] = [
        "NoMessageBoxOnError": { try await $0.setMessageBoxesOff($1.number(1, default: 1) != 0) },
        "StartTry": { m, _ in await m.changeTryLevel(by: 1) },
        "EndTry": { m, _ in await m.changeTryLevel(by: -1) },
        "KeyBreak": { await $0.keyBreak($1.text(1)) },
        "SuppressReports": nothing, "SuppressInfoOutput": nothing, "ErrorsToLog": nothing, "Verbose": nothing,
        "ProgramTimeStamps": { m, _ in await m.note("SerialEM simulator, started \(CivilTime(secondsSince1970: SimulatedClock.start).mdoc)") },
        "SetDebugOutput": nothing,
        "IsVersionAtLeast": { _, a in [.flag(try a.number(1) <= 40300 && a.number(2) <= 20_260_816)] },
        "ReportNumExeFuncs": { _, _ in [.count(FunctionCodes.all.count)] },
        "ReportSettingsFile": { m, _ in [.text(await m.settingsFile), .text("None")] },
        "ReportSystemPath": { m, _ in [.text(m.configuration.folder)] },
        "ReportEnvironVar": { _, a in [.number(0), .text("none")] },
        "Delay": { try await $0.delay($1) },
        "WaitForMidnight": { try await $0.waitForMidnight($1) },
        "ReportClock": { m, _ in [.number(await m.secondsOfPeriod)] },
        "ResetClock": { m, _ in await m.resetClock() },
        "ReportTickTime": { m, _ in [.number(await m.clock.elapsed)] },
        "ElapsedTickTime": { [.number(await $0.clock.elapsed - (try $1.number(1)))] },
        "ReportDateTime": { m, _ in await m.dateAndTime() },
        "ReportMinuteTime": { m, _ in [.number(await m.minutes.rounded(.down))] },
        "SetCustomTime": { try await $0.setCustomTime($1) },
        "ReportCustomInterval": { try await $0.customInterval($1) },
        "ReportProperty": { [.number(try await $0.property($1.text(1)))] },
        "SetProperty": { try await $0.setProperty($1.text(1), $1.number(2)) },
        "ReportCameraProperty": { try await $0.cameraProperty($1.integer(1), $1.lastText) },
        "SetCameraProperty": { try await $0.setCameraProperty($1) },
        "ReportUserSetting": { [.number(try await $0.userSetting($1.text(1)))] },
        "SetUserSetting": { try await $0.setUserSetting($1.text(1), $1.number(2), keep: $1.integer(3) != 0) },
        "DeferSettingsUpdate": nothing,
        "SaveSettings": nothing,
        "LoadSettingsFile": { try await $0.loadSettings($1.lastText) },
        "NextProcessArgs": nothing,
        "ExitProgramAtEnd": nothing,
        "MailSubject": nothing, "ErrorBoxSendEmail": nothing, "SetNextEmailAddress": nothing,
        "SendEmail": { await $0.note("MAIL: \($1.lastText)") },
    ]

    /// For commands whose effect would be seen on the screen only.
    static let nothing: CommandHandler = { _, _ in [] }
}

extension VirtualMicroscope {
    func setMessageBoxesOff(_ off: Bool) -> [ReportedValue] { messageBoxesAreOff = off; return [] }
    /// SerialEM counts beyond its 20 levels, and EndTry too many is no error.
    func changeTryLevel(by step: Int) -> [ReportedValue] { tryLevel = max(0, min(1000, tryLevel + step)); return [] }
    /// Whether the key was pressed since the last question; whatever was pressed is forgotten.
    func keyBreak(_ letter: String) -> [ReportedValue] {
        defer { script.pressedKey = nil }
        let wanted = letter.isEmpty ? "B" : letter.uppercased()
        return [.flag(script.pressedKey.map(String.init) == wanted)]
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
    /// Waits across midnight, or another time of day, where it is less than the first number of minutes away.
    func waitForMidnight(_ a: CommandArguments) async throws -> [ReportedValue] {
        let before = try a.number(1, default: 5, upTo: 1440)
        let after = try a.number(2, default: 5, upTo: 1440)
        let isMidnight = !a.has(4)
        let target = isMidnight ? 0 : Double((a.integer(3) * 60 + a.integer(4)) % 1440)
        let date = clock.date
        let now = Double(date.hour * 60 + date.minute) + Double(date.second) / 60
        let left = (target - now + 2880).truncatingRemainder(dividingBy: 1440)
        if left > 0, left < before {
            await wait(Seconds((left + after) * 60))
        } else if !isMidnight, 1440 - left < after {
            await wait(Seconds((after - 1440 + left) * 60))
        }
        return []
    }
    func pause(_ seconds: Double) async -> [ReportedValue] { await wait(Seconds(seconds)); return [] }
    var secondsOfPeriod: Double { clock.elapsed - periodStart }
    func resetClock() -> [ReportedValue] { periodStart = clock.elapsed; return [] }
    func dateAndTime() -> [ReportedValue] {
        let date = clock.date
        return [.count(date.year * 10000 + date.month * 100 + date.day), .count(date.hour * 100 + date.minute)]
    }
    /// Minutes since 1970.
    var minutes: Double { (SimulatedClock.start + clock.elapsed) / 60 }
    func setCustomTime(_ a: CommandArguments) throws -> [ReportedValue] {
        script.customTimes[a.text(1).uppercased()] = a.has(2) ? try a.number(2) : minutes
        return []
    }
    func customInterval(_ a: CommandArguments) throws -> [ReportedValue] {
        let now = a.has(2) ? try a.number(2) : minutes
        return [.number(script.customTimes[a.text(1).uppercased()].map { (now - $0).rounded(.down) } ?? 40000)]
    }

    func property(_ name: String) throws -> Double {
        if let value = properties.first(where: { $0.key.lowercased() == name.lowercased() }) { return value.value }
        throw CommandFailure("There is no property \(name) with a single number.")
    }
    func setProperty(_ name: String, _ value: Double) throws -> [ReportedValue] {
        guard let key = SettingNames.properties[name.lowercased()] else { throw CommandFailure("There is no property \(name) with a single number.") }
        properties[key] = value
        return []
    }
    private func checkCamera(_ number: Int) throws {
        guard number <= 1 else { throw CommandFailure("There is no active camera \(number).") }
    }
    func cameraProperty(_ camera: Int, _ name: String) throws -> [ReportedValue] {
        try checkCamera(camera)
        guard let value = script.cameraProperties.first(where: { $0.key.lowercased() == name.lowercased() }) else {
            throw CommandFailure("There is no camera property \(name) with a single number.")
        }
        return [.number(value.value)]
    }
    func setCameraProperty(_ a: CommandArguments) throws -> [ReportedValue] {
        try checkCamera(a.integer(1))
        guard let key = script.cameraProperties.keys.first(where: { $0.lowercased() == a.text(2).lowercased() }) else {
            throw CommandFailure("There is no camera property \(a.text(2)) with a single number.")
        }
        script.cameraProperties[key] = try a.number(3)
        return []
    }
    func userSetting(_ name: String) throws -> Double {
        if let value = userSettings.first(where: { $0.key.lowercased() == name.lowercased() }) { return value.value }
        throw CommandFailure("There is no user setting \(name).")
    }
    /// Without `keep` the setting comes back when control ends.
    func setUserSetting(_ name: String, _ value: Double, keep: Bool) throws -> [ReportedValue] {
        guard let key = SettingNames.settings[name.lowercased()] else { throw CommandFailure("SerialEM knows no user setting \(name).") }
        if keep {
            script.settingsBefore.removeValue(forKey: key)
        } else if !script.settingsBefore.keys.contains(key) {
            script.settingsBefore.updateValue(userSettings[key], forKey: key)
        }
        change(setting: key, to: value)
        return []
    }
    /// Nil for a setting whose value nobody knows.
    func change(setting key: String, to value: Double?) {
        userSettings[key] = value
        if let value, key == "BuffersToRollOnAcquire" { buffersToRoll = max(0, min(14, Int(clamped: value))) }
    }
    var settingsFile: String { "\(configuration.folder)/SerialEMsettings.txt" }
    func loadSettings(_ name: String) throws -> [ReportedValue] {
        guard FileManager.default.isReadableFile(atPath: absolute(name)) else {
            throw CommandFailure("The settings file \(absolute(name)) cannot be read.")
        }
        return []
    }
}
