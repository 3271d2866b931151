extension Unicode.Scalar {
    /// Whether it shows or is a blank: control and format characters, and those that begin a new line, can hide or exchange
    /// what people read in a name.
    public var isPrinted: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

/// File names that begin with the name of a grid or a session.
enum NameLength {
    /// A file name may have 255 bytes (NAME_MAX), whatever its letters; the longest endings, those of virtual maps while they are
    /// being written, take up to 70.
    static let most = 180

    /// The name as far as it may be the beginning of file names.
    static func cut(_ name: String) -> String {
        var cut = name
        while cut.utf8.count > most { cut.removeLast() }
        return cut
    }
}

extension SettingsReader {
    /// A folder whose files begin with its name.
    mutating func folder(_ key: String, expected: String) -> String? {
        guard let path = text(key, default: nil, expected: expected) else { return nil }
        let names = path.split(separator: "/")
        if let name = names.first(where: { $0.utf8.count > 255 }) ?? names.last.flatMap({ $0.utf8.count > NameLength.most ? $0 : nil }) {
            refuse(
                "'\(key)' has the name '\(Self.short(String(name)))' of \(name.utf8.count) bytes in it; the session's files begin with its "
                    + "name, which may have \(NameLength.most)", line: nil)
        }
        return path
    }
}
