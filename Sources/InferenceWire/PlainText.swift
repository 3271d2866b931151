extension String {
    /// Whether it is one line without anything that would disturb a terminal: no control characters, and none that turn the direction of reading.
    public var isPlain: Bool { unicodeScalars.allSatisfy(Self.isPlain) }

    /// As it can be shown where it comes from a file or from somebody else: what would disturb stands as its number, such as `\u{1B}`.
    public var plain: String {
        isPlain ? self : unicodeScalars.map { Self.isPlain($0) ? String($0) : "\\u{\(String($0.value, radix: 16, uppercase: true))}" }.joined()
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
