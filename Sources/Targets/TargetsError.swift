import Units

/// Why targets could not be chosen or a file of targets could not be written or read.
public struct TargetsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for the caller's decision.
    public enum Code: Hashable, Sendable {
        case unknownClass, contradictoryClasses, invalidSetting, labelOutsideClasses, sizesDiffer
        case invalidGeometry, invalidName, invalidValue, refusedByPACEtomo, unreadableFile, refusedEdit
    }
    public let code: Code
    /// One sentence for the operator: what, which, and what to do.
    public let message: String
    public var description: String { message }

    /// The message without its full stop, to stand in another sentence.
    public var summary: String { message.hasSuffix(".") ? String(message.dropLast()) : message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension TargetsError {
    static func unknownClass(_ name: String, setting: String, classes: [String]) -> Self {
        let hint = nearestName(to: name, in: classes).map { "did you mean '\($0)'? " } ?? ""
        return Self(
            .unknownClass,
            "\(setting) names the class '\(name)', which the segmentation model does not have: \(hint)"
                + "Its classes are \(classes.joined(separator: ", ")).")
    }

    static func contradictoryClasses(_ names: [String]) -> Self {
        Self(
            .contradictoryClasses,
            "target_list and avoid_list both name \(names.joined(separator: ", ")): remove it from one of them.")
    }

    static func weightWithoutUse(_ name: String) -> Self {
        Self(
            .invalidSetting,
            "class_weights names \(name), which is neither wanted nor avoided: put it into target_list or avoid_list.")
    }

    static func weightTooLarge(_ name: String, _ weight: Double) -> Self {
        Self(
            .invalidSetting,
            "class_weights gives \(name) \(weight), but a wanted class may have 0 to 1: give the most wanted one 1 and the "
                + "others less.")
    }

    static func weightOnEdge(_ name: String) -> Self {
        Self(
            .invalidSetting,
            "class_weights names \(name), but with target_edge all wanted classes count alike: take it out, or target_edge.")
    }

    static func ruleAboutItself(_ name: String) -> Self {
        Self(.invalidSetting, "class_rules has a rule of \(name) about \(name): name two classes.")
    }

    static func invalidSetting(_ name: String, _ value: Double, range: String) -> Self {
        Self(.invalidSetting, "\(name) is \(value), but must be \(range).")
    }

    static func tiltsBeyondTheBeam(maximumTilt: Degrees, pretilt: Degrees) -> Self {
        Self(
            .invalidSetting,
            "max_tilt \(maximumTilt.value) and pretilt \(pretilt.value) together tilt the lamella by \(maximumTilt.value + abs(pretilt.value)) degrees "
                + "against the beam, but it must stay below 85: tilt less, or set auto_start_tilt to start where it lies flat.")
    }
}

/// The name with the smallest number of single-letter edits to a misspelt one, nil where nothing is near (more than half
/// of its letters differ).
public func nearestName(to name: String, in names: [String]) -> String? {
    func edits(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0 ... b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
    let wanted = Array(name.lowercased())
    let best = names.map { ($0, edits(wanted, Array($0.lowercased()))) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let (nearest, distance) = best, 2 * distance <= max(wanted.count, nearest.count) else { return nil }
    return nearest
}
