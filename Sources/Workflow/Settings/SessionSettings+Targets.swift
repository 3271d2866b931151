public import Targets
package import Units

extension SessionSettings {
    /// What targets are chosen by.
    ///
    /// - Parameter imageShiftLimit: as SerialEM has it.
    package func targetSettings(imageShiftLimit: Micrometers) -> TargetSettings {
        let reach = PACEtomoLimits.reach(imageShiftLimit: imageShiftLimit)
        var settings = TargetSettings(
            targetClasses: targetClasses, avoidedClasses: avoidedClasses, scoreThreshold: scoreThreshold, penaltyWeight: penaltyWeight,
            sparse: sparseTargets, edge: targetEdge, maximumTilt: maximumTilt, imageShiftLimit: min(reach, self.imageShiftLimit ?? reach),
            extraTracking: extraTracking, order: targetOrder, seed: targetSeed)
        targetWishes?.change(&settings)
        placement?.change(&settings)
        return settings
    }
}

extension TargetSettings {
    /// The settings with others in their place, each written as `key=value` with the key and the value of a settings file.
    ///
    /// - Parameter source: where they stand, for messages, such as `--set`.
    /// - Throws: ``SettingsError`` with every problem.
    public func changed(by assignments: [String], source: String) throws(SettingsError) -> TargetSettings {
        var lines: [String] = []
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmingPrefix(while: \.isWhitespace) }
            guard parts.count == 2, !parts[0].isEmpty, !assignment.contains(where: \.isNewline) else {
                throw SettingsError(
                    file: source, problems: [.init(line: nil, message: "'\(SettingsReader.short(assignment))' is no setting; write key=value, such as max_targets=3")])
            }
            lines.append("\(parts[0]): \(parts[1])")
        }
        guard !lines.isEmpty else { return self }
        var reader = SettingsReader(text: lines.joined(separator: "\n"))
        var changed = self
        reader.change(&changed)
        // One line of the command has no lines that could be named.
        let problems = reader.problems.map { SettingsError.Problem(line: nil, message: $0.message) }
        guard problems.isEmpty else { throw SettingsError(file: source, problems: problems) }
        return changed
    }
}

extension SettingsReader {
    fileprivate mutating func change(_ settings: inout TargetSettings) {
        func put<T>(_ value: T?, _ path: WritableKeyPath<TargetSettings, T>) {
            if let value { settings[keyPath: path] = value }
        }
        put(given("target_list") { $0.targetClasses() }, \.targetClasses)
        put(given("avoid_list") { $0.avoidedClasses() }, \.avoidedClasses)
        put(given("target_score_threshold") { $0.scoreThreshold() }, \.scoreThreshold)
        put(given("sparse_targets") { $0.flag("sparse_targets", default: true) }, \.sparse)
        put(given("target_edge") { $0.flag("target_edge", default: false) }, \.edge)
        put(given("penalty_weight") { $0.penaltyWeight() }, \.penaltyWeight)
        put(given("extra_tracking") { $0.flag("extra_tracking", default: false) }, \.extraTracking)
        put(given("max_tilt") { $0.maximumTilt() }, \.maximumTilt)
        put(given("IS_limit") { Micrometers($0.number("IS_limit", default: 15, in: 0.1 ... 50, unit: " µm")) }, \.imageShiftLimit)
        put(given("beam_margin") { Micrometers($0.number("beam_margin", default: 0, in: 0 ... 20, unit: " µm")) }, \.beamMargin)
        put(given("target_order") { $0.targetOrder() }, \.order)
        put(given("target_seed") { $0.targetSeed() }, \.seed)
        put(given("pretilt") { $0.pretilt() }, \.pretilt)
        put(given("auto_start_tilt") { $0.flag("auto_start_tilt", default: false) }, \.startsAtPretilt)
        put(given("penalty_window") { $0.name("penalty_window", default: .field) }, \.penaltyWindow)
        put(given("clear_centre") { $0.flag("clear_centre", default: true) }, \.keepsCentreClear)
        let wishes = TargetWishes(&self)
        (wishes.over(TargetWishes(of: settings)).sayingSomething ?? TargetWishes(of: TargetSettings())).change(&settings)
        refuseTheRest(unsupported: [:])
    }
}
