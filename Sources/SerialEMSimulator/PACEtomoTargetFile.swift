/// Why PACEtomo stops at a target file; its own words are Python's.
struct PACEtomoStop: Error, Sendable, Hashable, CustomStringConvertible {
    enum Kind: String, Sendable, Hashable { case indexError = "IndexError", valueError = "ValueError", keyError = "KeyError", stopped = "Stopped" }
    let kind: Kind
    let reason: String
    var description: String { "\(kind.rawValue): \(reason)" }
}

/// A target file as PACEtomo 1.9.2 reads it, with the same failures: lines are split at single blanks, the second token
/// is not looked at, and there are neither comments nor quotes.
struct PACEtomoTargetFile: Sendable, Hashable {
    /// Keys and values of each target, as text.
    private(set) var targets: [[String: String]] = []
    /// Shift of the geometry points in specimen coordinates.
    private(set) var geometry: [[String: Double]] = []
    private(set) var settings: [String: Double] = [:]
    private(set) var switches: [String: Bool] = [:]
    private(set) var warnings: [String] = []
    /// Whether the file was left by a run that did not end.
    private(set) var hasSavedPosition = false

    private enum Section { case none, target, branch, geometry }

    init(_ text: String) throws(PACEtomoStop) {
        var section = Section.none
        var branchDepth = 0
        for (number, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = String(raw)
            let tokens = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard let first = tokens.first, !first.isEmpty else { continue }
            if first.hasPrefix("_set"), tokens.count == 4 {
                try set(tokens, line: number + 1)
            } else if first.hasPrefix("_bset"), tokens.count == 4 {
                bset(tokens)
            } else if first.hasPrefix("_spos") {
                hasSavedPosition = true
            } else if first.hasPrefix("_tgt") {
                targets.append([:])
                section = .target
            } else if first.hasPrefix("_pbr") || first.hasPrefix("_nbr") {
                guard !targets.isEmpty else { throw PACEtomoStop(kind: .indexError, reason: "line \(number + 1): a branch before any target") }
                section = .branch
                branchDepth += 1
            } else if first.hasPrefix("_geo") {
                geometry.append([:])
                section = .geometry
            } else {
                try entry(tokens, section, line: number + 1)
            }
        }
    }

    private mutating func set(_ tokens: [String], line: Int) throws(PACEtomoStop) {
        guard !tokens[3].isEmpty || !targets.isEmpty else { throw PACEtomoStop(kind: .indexError, reason: "line \(line): a setting without a value") }
        guard let value = Double(tokens[3]) else {
            throw PACEtomoStop(kind: .valueError, reason: "line \(line): could not convert string to float: '\(tokens[3])'")
        }
        guard Self.names.contains(tokens[1]) else { warnings.append("Unknown setting \(tokens[1]) is ignored."); return }
        settings[tokens[1]] = value
        switches[tokens[1]] = nil
    }

    private mutating func bset(_ tokens: [String]) {
        guard Self.names.contains(tokens[1]) else { warnings.append("Unknown setting \(tokens[1]) is ignored."); return }
        switches[tokens[1]] = ["true", "yes", "y", "on"].contains(tokens[3].lowercased())
        settings[tokens[1]] = nil
    }

    /// A truth value of the script as the file leaves it; a number that is not zero is true, as in Python.
    func isOn(_ name: String, default value: Bool) -> Bool { switches[name] ?? settings[name].map { $0 != 0 } ?? value }

    private mutating func entry(_ tokens: [String], _ section: Section, line: Int) throws(PACEtomoStop) {
        guard tokens.count >= 3 else { throw PACEtomoStop(kind: .indexError, reason: "line \(line): list index out of range") }
        switch section {
        case .none: throw PACEtomoStop(kind: .indexError, reason: "line \(line): an entry before the first target")
        case .target: targets[targets.count - 1][tokens[0]] = tokens[2]
        case .branch: break
        case .geometry:
            guard let value = Double(tokens[2]) else {
                throw PACEtomoStop(kind: .valueError, reason: "line \(line): could not convert string to float: '\(tokens[2])'")
            }
            geometry[geometry.count - 1][tokens[0]] = value
        }
    }

    /// The module-level names of the script that a file may set.
    static let names: Set<String> = Set(
        """
        startTilt minTilt maxTilt step groupSize minDefocus maxDefocus stepDefocus focusSlope delayIS delayTilt zeroExpTime \
        zeroDefocus trackExpTime trackDefocus trackMag trackTwice pretilt rotation measureGeo tgtPattern alignToP refineVec \
        refineGeo beamTiltComp addAF previewAli viewAli sortByTilt binFinalStack delFinalStack doCtfFind doCtfPlotter \
        extendedMdoc slowTilt taOffsetPos taOffsetNeg checkDewar cryoARM coldFEG flashInterval slitInterval fitLimit \
        parabolTh imageShiftLimit dataPoints alignLimit minCounts ignoreNegStart realignToItem refFromPreview noZeroRecAli \
        autoStartTilt tiltTargets tgtMontage tgtMntSize tgtMntOverlap tgtMntXOffset tgtMntFocusCor tgtTrackMnt debug \
        breakpoints size vecA0 vecA1 vecB0 vecB1
        """.split(separator: " ").map(String.init))
}
