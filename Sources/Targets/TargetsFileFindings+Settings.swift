extension TargetsFileFindings {
    mutating func look(atSettings file: ReadTargets) {
        for (name, setting) in file.numbers {
            if !setting.value.isFinite { add(.finiteNumbers, setting.line, "\(name) is no finite number") }
            look(atName: name, line: setting.line)
            guard PACEtomoVariables.kinds[name] == .countNotSettable else { continue }
            add(.noCounts, setting.line, "\(name) becomes a floating-point number here, and PACEtomo stops where it counts with it; set it in the script")
        }
        for (name, setting) in file.switches {
            look(atName: name, line: setting.line)
            if let kind = PACEtomoVariables.kinds[name], kind != .flag {
                add(.fittingSettings, setting.line, "\(name) is a number, and _bset makes it true or false; write '_set \(name) = …'")
            }
            let word = setting.word.lowercased()
            if !PACEtomoTargets.isTrue(word), !["false", "no", "n", "off"].contains(word) {
                add(.plainSwitches, setting.line, "PACEtomo takes \(Self.shown(setting.word)) for false; write True or False")
            }
        }
        lookAtWhatComesTooLate(file)
        lookAtTilts(file)
        if let low = file.numbers["minDefocus"], let high = file.numbers["maxDefocus"], low.value > high.value {
            add(.orderedLimits, low.line, "minDefocus is above maxDefocus, and PACEtomo exchanges them")
        }
    }

    private mutating func look(atName name: String, line: Int) {
        guard PACEtomoVariables.kinds[name] == nil else { return }
        // The comparison takes as long as both names together are square.
        let known = name.utf8.count <= 200 ? PACEtomoVariables.kinds.keys.sorted() : []
        let hint = nearestName(to: name, in: known).map { "; perhaps '\($0)' was meant" } ?? ""
        add(.knownSettings, line, "PACEtomo has no variable \(Self.shown(name)) and ignores the line\(hint)")
    }

    private mutating func lookAtWhatComesTooLate(_ file: ReadTargets) {
        if let limit = file.numbers["imageShiftLimit"] {
            add(.noImageShiftLimit, limit.line, "imageShiftLimit changes PACEtomo's own test only, because SerialEM's limit was set before the file was read; set it in the script")
        }
        if let compensation = file.switches["beamTiltComp"], !PACEtomoTargets.isTrue(compensation.word) {
            add(.noBeamTiltCompensationOff, compensation.line, "beamTiltComp comes too late here: PACEtomo has asked for its calibration before it reads the file; set it in the script")
        }
        if let sorting = file.switches["sortByTilt"], PACEtomoTargets.isTrue(sorting.word) {
            add(.noSortingOn, sorting.line, "sortByTilt stops PACEtomo at the end of the series where the script has it off, because what it needs was not loaded; set it in the script")
        }
        guard file.isOn("refFromPreview") == true, let first = file.targets.first(where: { $0.keys["tgtfile"] == nil }) else { return }
        add(.previewsForReferences, first.line, "refFromPreview is on, and this target has no tgtfile; give each target one, or take the setting out")
    }

    private mutating func lookAtTilts(_ file: ReadTargets) {
        func number(_ name: String, _ own: Double) -> Double { file.numbers[name]?.value ?? own }
        let fixed = file.numbers["tiltTargets"].flatMap { $0.value == 0 ? nil : $0 }
        if let fixed, let start = file.numbers["startTilt"], start.value != fixed.value {
            add(.oneStartTilt, start.line, "startTilt has no effect beside tiltTargets = \(Self.rounded(fixed.value))")
        }
        let (low, high, step) = (number("minTilt", -60), number("maxTilt", 60), number("step", 3))
        let start = fixed?.value ?? number("startTilt", 0)
        guard [low, high, step, start].allSatisfy(\.isFinite) else { return }
        let line = ["startTilt", "tiltTargets", "minTilt", "maxTilt", "step"].compactMap { file.numbers[$0]?.line }.min()
        if low > high { add(.orderedLimits, file.numbers["minTilt"]?.line, "minTilt is above maxTilt, and PACEtomo exchanges them") }
        guard step > 0, (min(low, high) ... max(low, high)).contains(start) else {
            add(
                .startWithinTilts, line,
                step > 0
                    ? "the start tilt of \(Self.rounded(start))° lies outside of \(Self.rounded(low)) to \(Self.rounded(high))°" : "step is \(Self.rounded(step))°, and must be above 0")
            return
        }
        for (name, limit) in [("minTilt", low), ("maxTilt", high)] {
            let steps = (limit - start) / step
            guard abs(steps - steps.rounded()) > 1e-6 else { continue }
            add(.wholeSteps, file.numbers[name]?.line ?? line, "\(name) of \(Self.rounded(limit))° is not a whole number of \(Self.rounded(step))° steps from \(Self.rounded(start))°, and PACEtomo shrinks the range")
        }
        let pretilt = number("pretilt", 0)
        if start * pretilt > 0 {
            add(.startAgainstPretilt, line, "the start tilt of \(Self.rounded(start))° has the sign of the pretilt of \(Self.rounded(pretilt))°, so the lamella stands steeper than at 0°")
        }
    }
}
