/// Everything that is wrong with a settings file, all of it at once.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        /// The line of the file, counted from 1; nil where nothing is there (a missing key).
        public let line: Int?
        /// What is wrong and what would be right, in one sentence.
        public let message: String
        public var description: String { line.map { "line \($0): \(message)" } ?? message }
    }

    /// The file, as the operator named it.
    public let file: String
    /// The problems, by line.
    public let problems: [Problem]

    /// Twenty are enough to begin with; a file that is none has one in every line.
    static let shown = 20

    public var description: String {
        let first = problems.first.map(\.description) ?? "nothing is wrong"
        guard problems.count > 1 else { return "\(file), \(first)" }
        let shown = problems.prefix(Self.shown).map { "  \($0)" }
        let rest = problems.count > shown.count ? ["  and \(problems.count - shown.count) more"] : []
        return "\(file) has \(problems.count) problems:\n" + (shown + rest).joined(separator: "\n")
    }
}

extension SettingsError.Problem {
    static func unreadable(line: Int?, reason: String) -> Self {
        Self(line: line, message: "this is not YAML (\(reason)); write one 'key: value' per line")
    }
    static var noMapping: Self {
        Self(line: nil, message: "the file holds no settings; 'tomopilot init' writes one with every key explained")
    }
    static func unknownKey(_ key: String, line: Int?, nearest: String?) -> Self {
        let hint = nearest.map { "; did you mean '\($0)'?" } ?? "; 'tomopilot init' writes all that are known"
        return Self(line: line, message: "unknown key '\(SettingsReader.short(key))'\(hint)")
    }
    static func unsupportedKey(_ key: String, line: Int?, reason: String) -> Self {
        Self(line: line, message: "'\(key)' is known from SPACEtomo but \(reason); remove the line")
    }
    static func mustBeFalse(_ key: String, found: String, line: Int?, reason: String) -> Self {
        Self(line: line, message: "'\(key)' is \(found); it must be false, because \(reason)")
    }
    static func repeatedKey(_ key: String, line: Int?) -> Self {
        Self(line: line, message: "'\(key)' is given twice; keep one")
    }
    static func missing(_ key: String, expected: String) -> Self {
        Self(line: nil, message: "'\(key)' is missing; it must be \(expected)")
    }
    static func wrong(_ key: String, found: String, expected: String, line: Int?) -> Self {
        Self(line: line, message: "'\(key)' is \(found); it must be \(expected)")
    }
}
