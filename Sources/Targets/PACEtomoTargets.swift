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

    private enum Section { case none, resume, target, positive, negative, geo }

    public init(parsing text: String) throws(PACEtomoParseError) {
        var section = Section.none
        for (index, line) in Self.lines(of: text).enumerated() {
            guard let first = line.unicodeScalars.first, first != " " else { continue }
            let tokens = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            if tokens.count == 4, Self.starts(line, "_set") {
                try set(name: tokens[1], value: tokens[3], line: index + 1)
            } else if tokens.count == 4, Self.starts(line, "_bset") {
                setFlag(name: tokens[1], value: tokens[3], line: index + 1)
            } else if Self.starts(line, "_spos") {
                resume = try Self.resume(tokens, line: index + 1)
                section = .resume
            } else if Self.starts(line, "_tgt") {
                targets.append([:])
                section = .target
            } else if Self.starts(line, "_pbr") || Self.starts(line, "_nbr") {
                guard !targets.isEmpty else { throw .index(index + 1, "a branch record before the first target") }
                section = Self.starts(line, "_pbr") ? .positive : .negative
            } else if Self.starts(line, "_geo") {
                geoPoints.append([:])
                section = .geo
            } else {
                try enter(tokens, into: section, line: index + 1)
            }
        }
    }

    private mutating func set(name: String, value: String, line: Int) throws(PACEtomoParseError) {
        guard let number = Self.number(value) else {
            throw .value(line, "'\(value)' is no number, and _set takes numbers only")
        }
        guard PACEtomoVariables.kinds[name] != nil else {
            warnings.append("line \(line): PACEtomo has no variable '\(name)'")
            return
        }
        settings[name] = number
    }

    private mutating func setFlag(name: String, value: String, line: Int) {
        guard PACEtomoVariables.kinds[name] != nil else {
            warnings.append("line \(line): PACEtomo has no variable '\(name)'")
            return
        }
        // Any other word is false, 1 among them.
        flags[name] = ["true", "yes", "y", "on"].contains(value.lowercased())
    }

    private static func resume(_ tokens: [String], line: Int) throws(PACEtomoParseError) -> Resume {
        guard tokens.count > 2 else { throw .index(line, "_spos needs ' = section,position'") }
        let parts = tokens[2].split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count > 1 else { throw .index(line, "_spos needs two numbers with a comma and no blank") }
        guard let section = parts[0], let position = parts[1] else {
            throw .value(line, "_spos needs two whole numbers")
        }
        return Resume(section: section, position: position)
    }

    private mutating func enter(_ tokens: [String], into section: Section, line: Int) throws(PACEtomoParseError) {
        guard tokens.count > 2 else {
            throw .index(line, "'\(tokens.joined(separator: " "))' is not of the form 'key = value'")
        }
        let (key, value, last) = (tokens[0], tokens[2], targets.count - 1)
        switch section {
        case .none, .resume:
            throw .index(line, "'\(tokens.joined(separator: " "))' stands before the first target")
        case .target: targets[last][key] = value
        case .positive: positiveBranches[last, default: [:]][key] = value
        case .negative: negativeBranches[last, default: [:]][key] = value
        case .geo:
            guard let number = Self.number(value) else {
                throw .value(line, "'\(value)' is no number, and a geo point holds numbers only")
            }
            geoPoints[geoPoints.count - 1][key] = number
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
                if let text = target[key], Self.number(text)?.isFinite != true {
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

    /// By bytes, because Swift takes CR LF for one character and would join a byte order mark to the next letter.
    private static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var current: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x0A || byte == 0x0D {
                if !(byte == 0x0A && previous == 0x0D) {
                    lines.append(String(decoding: current, as: UTF8.self))
                    current = []
                }
            } else {
                current.append(byte)
            }
            previous = byte
        }
        if !current.isEmpty { lines.append(String(decoding: current, as: UTF8.self)) }
        return lines
    }

    private static func starts(_ line: String, _ keyword: String) -> Bool { line.utf8.starts(with: keyword.utf8) }

    /// What Python's float() reads; unlike Swift it knows no hexadecimal numbers.
    private static func number(_ text: String) -> Double? {
        guard !text.lowercased().contains("x") else { return nil }
        return Double(text)
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
