/// A targets file as PACEtomo's own parser understands it, with the ways in which that parser fails.
///
/// Lines are split at single blanks and only the third token is a value; what begins with a blank is ignored; keywords
/// are prefixes. Observed with PACEtomo 1.9.2c.
public struct PACEtomoTargets: Hashable, Sendable {
    /// Keys and values of each target, in the order of the file. Values are text.
    public private(set) var targets: [[String: String]] = []
    /// Records of the positive and negative branch of each target, from run files.
    public private(set) var positiveBranches: [Int: [String: String]] = [:]
    public private(set) var negativeBranches: [Int: [String: String]] = [:]
    public private(set) var geoPoints: [[String: Double]] = []
    /// Script variables that `_set` lines change.
    public private(set) var settings: [String: Double] = [:]
    /// Script variables that `_bset` lines change.
    public private(set) var flags: [String: Bool] = [:]
    /// Where an interrupted run stopped.
    public private(set) var resume: Resume?
    /// What PACEtomo would log and ignore.
    public private(set) var warnings: [String] = []

    /// Section and position of an interrupted run.
    public struct Resume: Hashable, Sendable {
        public var section: Int
        public var position: Int
    }

    public init(parsing text: String) throws(PACEtomoParseError) {
        for line in PACEtomoLine.lines(of: text) {
            switch line.meaning {
            case .nothing: break
            case .failure(let error): throw error
            case .number(let name, let value):
                if isKnown(name, line: line.number) { settings[name] = value }
            case .flag(let name, let word):
                if isKnown(name, line: line.number) { flags[name] = Self.isTrue(word) }
            case .resume(let position): resume = position
            case .target: targets.append([:])
            case .geoPoint: geoPoints.append([:])
            case .positiveBranch, .negativeBranch: break
            case .entry(let key, let value): enter(key, value, of: line)
            }
        }
    }

    private mutating func isKnown(_ name: String, line: Int) -> Bool {
        if PACEtomoVariables.kinds[name] != nil { return true }
        warnings.append("line \(line): PACEtomo has no variable '\(name)'")
        return false
    }

    /// What `_bset` takes for true; any other word is false, 1 among them.
    static func isTrue(_ word: String) -> Bool { ["true", "yes", "y", "on"].contains(word.lowercased()) }

    private mutating func enter(_ key: String, _ value: String, of line: PACEtomoLine) {
        switch line.section {
        case .none, .resume: break
        case .target: targets[targets.count - 1][key] = value
        case .positiveBranch: positiveBranches[targets.count - 1, default: [:]][key] = value
        case .negativeBranch: negativeBranches[targets.count - 1, default: [:]][key] = value
        case .geoPoint: geoPoints[geoPoints.count - 1][key] = PACEtomoLine.number(value)
        }
    }

    /// What PACEtomo needs when it acquires; a missing key stops its script then, hours after the file was written.
    public func checkAcquirable() throws(PACEtomoParseError) {
        guard let first = targets.first else { throw .index(nil, "the file holds no target") }
        for key in ["stageX", "stageY"] where first[key] == nil { throw .key(key, "the first target") }
        for (index, target) in targets.enumerated() {
            for key in ["tsfile", "SSX", "SSY", "skip"] where target[key] == nil {
                throw .key(key, "target \(index + 1)")
            }
            for key in ["SSX", "SSY", "stageX", "stageY"] {
                if let text = target[key], PACEtomoLine.number(text)?.isFinite != true {
                    throw .value(nil, "\(key) of target \(index + 1) is '\(text)', which is no number")
                }
            }
            guard let file = target["tsfile"] else { continue }
            if file.contains("/") || file.contains("\\") {
                throw .value(nil, "tsfile of target \(index + 1) is '\(file)', which must be a file name without a folder")
            }
            if let other = targets[..<index].firstIndex(where: { $0["tsfile"] == file }) {
                throw .value(nil, "tsfile of target \(index + 1) is '\(file)', which is that of target \(other + 1) too")
            }
        }
        guard flags["measureGeo"] == true else { return }
        for (index, point) in geoPoints.enumerated() {
            for key in ["SSX", "SSY"] where point[key] == nil { throw .key(key, "geo point \(index + 1)") }
        }
    }
}

/// Why PACEtomo's parser would stop: the exception that Python raises, and where.
public struct PACEtomoParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the Python exception.
    public enum Kind: String, Hashable, Sendable {
        case indexError = "IndexError"
        case valueError = "ValueError"
        case keyError = "KeyError"
    }
    public let kind: Kind
    /// Counted from 1; nil where no line is to blame.
    public let line: Int?
    public let message: String
    public var description: String { "\(line.map { "line \($0): " } ?? "")\(kind.rawValue): \(message)" }

    static func index(_ line: Int?, _ message: String) -> Self { Self(kind: .indexError, line: line, message: message) }
    static func value(_ line: Int?, _ message: String) -> Self { Self(kind: .valueError, line: line, message: message) }
    static func key(_ key: String, _ owner: String) -> Self {
        Self(kind: .keyError, line: nil, message: "\(owner) has no \(key)")
    }
}
