import Foundation

/// The `key = value` lines of one block of an autodoc, in order, other lines among them.
public struct AutodocEntries: Sendable, Hashable {
    package struct Line: Sendable, Hashable {
        /// The line as it stands in the file, without its end.
        package var text: String
        package var key: String?

        package init(text: String) {
            self.text = text
            guard !text.hasPrefix("["), let equals = text.firstIndex(of: "=") else { return }
            key = text[..<equals].trimmingCharacters(in: .whitespaces)
        }
    }

    package var lines: [Line] = []

    public init() {}

    /// The keys in the order of the file.
    public var keys: [String] { lines.compactMap(\.key) }

    /// The text after the equals sign. Setting changes the line in place or adds one; nil removes it.
    public subscript(key: String) -> String? {
        get {
            guard let line = lines.first(where: { $0.key == key }), let equals = line.text.firstIndex(of: "=") else {
                return nil
            }
            return line.text[line.text.index(after: equals)...].trimmingCharacters(in: .whitespacesAndNewlines)
        }
        set {
            let index = lines.firstIndex { $0.key == key }
            guard let newValue else {
                if let index { lines.remove(at: index) }
                return
            }
            let line = Line(text: "\(key) = \(singleLine(newValue))")
            if let index {
                lines[index] = line
            } else {
                let last = lines.lastIndex { $0.key != nil }
                lines.insert(line, at: last.map { $0 + 1 } ?? 0)
            }
        }
    }

    /// The numbers of a value; nil unless all of it is numbers.
    public func doubles(_ key: String) -> [Double]? {
        guard let words = self[key]?.split(whereSeparator: \.isWhitespace), !words.isEmpty else { return nil }
        let numbers = words.compactMap { Double($0) }
        return numbers.count == words.count ? numbers : nil
    }

    /// The first number of a value.
    public func double(_ key: String) -> Double? { doubles(key)?.first }

    /// The first number of a value, if it is whole.
    public func integer(_ key: String) -> Int? { double(key).flatMap { Int(exactly: $0) } }

    /// Writes numbers as SerialEM does: six significant digits, whole numbers in full.
    public mutating func set(_ key: String, _ numbers: [Double]) {
        self[key] = numbers.map(autodocNumber).joined(separator: " ")
    }
}

/// A number as SerialEM prints it: `%g`, whole numbers in full.
package func autodocNumber(_ value: Double) -> String {
    if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
    return String(format: "%.6g", value)
}

/// A line break in a value or a name would start another entry.
package func singleLine(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }

/// The text of an autodoc: entries, then sections that start with `[Kind = name]`. What is read is written back byte for
/// byte: unknown lines, order, line ends and the encoding stay.
package struct Autodoc: Sendable, Hashable {
    package struct Section: Sendable, Hashable {
        package var headLine: String
        package var kind: String
        package var name: String
        package var entries = AutodocEntries()
        /// Made here, not read: needs a blank line before it.
        let isNew: Bool

        package init(kind: String, name: String) {
            self.kind = kind
            self.name = singleLine(name)
            isNew = true
            headLine = "[\(kind) = \(self.name)]"
        }

        /// Nil where the line does not start a section.
        package init?(headLine: String) {
            let trimmed = headLine.trimmingCharacters(in: .whitespacesAndNewlines)
            guard trimmed.hasPrefix("["), trimmed.hasSuffix("]"), let equals = trimmed.firstIndex(of: "=") else {
                return nil
            }
            self.headLine = headLine
            isNew = false
            kind = trimmed[..<equals].dropFirst().trimmingCharacters(in: .whitespaces)
            name = trimmed[trimmed.index(after: equals)...].dropLast().trimmingCharacters(in: .whitespaces)
        }
    }

    package var head = AutodocEntries()
    package var sections: [Section] = []
    /// Windows writes CR LF.
    package var endsLinesWithCR = false
    package var endsWithNewline = true
    /// Old files come in the code page of the microscope's Windows, read here as Latin-1.
    private var isUTF8 = true

    package init() {}

    /// Cuts text into blocks; `kinds` are the sections to tell apart, other bracketed lines are plain lines.
    package init(bytes: [UInt8], kinds: Set<String>) {
        isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        endsWithNewline = parts.last?.isEmpty ?? true
        if endsWithNewline, !parts.isEmpty { parts.removeLast() }
        let ended = endsWithNewline ? parts[...] : parts.dropLast()
        endsLinesWithCR = !ended.isEmpty && ended.allSatisfy { $0.last == 0x0D }
        for (index, part) in parts.enumerated() {
            let hasEnd = endsWithNewline || index < parts.count - 1
            let text = decoded(endsLinesWithCR && hasEnd ? part.dropLast() : part)
            if let section = Section(headLine: text), kinds.contains(section.kind) {
                sections.append(section)
            } else if sections.isEmpty {
                head.lines.append(AutodocEntries.Line(text: text))
            } else {
                sections[sections.count - 1].entries.lines.append(AutodocEntries.Line(text: text))
            }
        }
    }

    package var bytes: [UInt8] {
        var texts = head.lines.map(\.text)
        for section in sections {
            // A blank line before each section, unless the file has its own way.
            if let last = texts.last, !last.isEmpty, !last.allSatisfy(\.isWhitespace), section.isNew { texts.append("") }
            texts.append(section.headLine)
            texts += section.entries.lines.map(\.text)
        }
        var out: [UInt8] = []
        for (index, text) in texts.enumerated() {
            out += encoded(text)
            guard index < texts.count - 1 || endsWithNewline else { break }
            if endsLinesWithCR { out.append(0x0D) }
            out.append(0x0A)
        }
        return out
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        if isUTF8 { return String(decoding: bytes, as: UTF8.self) }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private func encoded(_ text: String) -> [UInt8] {
        if isUTF8 { return Array(text.utf8) }
        return text.unicodeScalars.map { $0.value < 256 ? UInt8($0.value) : 0x3F }
    }
}
