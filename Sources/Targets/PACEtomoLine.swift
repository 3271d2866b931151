/// One line of a targets file and what PACEtomo's parser takes it for (PACEtomo 1.9.2c).
///
/// Lines are split at single blanks and only the third token is a value; what begins with a blank is ignored; keywords
/// are prefixes, tested in the order `_set`, `_bset`, `_spos`, `_tgt`, `_pbr`, `_nbr`, `_geo`.
struct PACEtomoLine: Hashable, Sendable {
    enum Meaning: Hashable, Sendable {
        case nothing
        /// `_set`: the name of a variable and its number.
        case number(String, Double)
        /// `_bset`: the name of a variable and a word.
        case flag(String, String)
        case resume(PACEtomoTargets.Resume)
        case target, positiveBranch, negativeBranch, geoPoint
        /// `key = value` of the section that was opened last.
        case entry(String, String)
        /// Here the script stops.
        case failure(PACEtomoParseError)
    }
    /// What is open: entries go to the section that was opened last.
    enum Section: Hashable, Sendable { case none, resume, target, positiveBranch, negativeBranch, geoPoint }

    /// Counted from 1.
    let number: Int
    /// Without its end.
    let text: String
    let tokens: [String]
    /// Open after the line.
    let section: Section
    /// The target that was opened last, counted from 0; nil before the first.
    let target: Int?
    /// The geo point that was opened last, counted from 0; nil before the first.
    let geoPoint: Int?
    let meaning: Meaning

    /// All lines of a text, whatever PACEtomo would do at the first that it cannot read.
    static func lines(of text: String) -> [Self] {
        var found: [Self] = []
        var (section, target, geoPoint) = (Section.none, Int?.none, Int?.none)
        for (index, line) in split(text).enumerated() {
            let tokens = line.text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            let meaning = meaning(of: line.text, tokens, number: index + 1, in: section, hasTarget: target != nil)
            switch meaning {
            case .resume: section = .resume
            case .target: (section, target) = (.target, (target ?? -1) + 1)
            case .positiveBranch: section = .positiveBranch
            case .negativeBranch: section = .negativeBranch
            case .geoPoint: (section, geoPoint) = (.geoPoint, (geoPoint ?? -1) + 1)
            case .nothing, .number, .flag, .entry, .failure: break
            }
            found.append(
                Self(
                    number: index + 1, text: line.text, tokens: tokens, section: section, target: target, geoPoint: geoPoint,
                    meaning: meaning))
        }
        return found
    }

    private static func meaning(
        of line: String, _ tokens: [String], number: Int, in section: Section, hasTarget: Bool
    ) -> Meaning {
        guard let first = line.unicodeScalars.first, first != " " else { return .nothing }
        func starts(_ keyword: String) -> Bool { line.utf8.starts(with: keyword.utf8) }
        if tokens.count == 4, starts("_set") {
            guard let value = Self.number(tokens[3]) else {
                return .failure(.value(number, "'\(tokens[3])' is no number, and _set takes numbers only"))
            }
            return .number(tokens[1], value)
        }
        if tokens.count == 4, starts("_bset") { return .flag(tokens[1], tokens[3]) }
        if starts("_spos") { return resume(tokens, number: number) }
        if starts("_tgt") { return .target }
        if starts("_pbr") || starts("_nbr") {
            guard hasTarget else { return .failure(.index(number, "a branch record before the first target")) }
            return starts("_pbr") ? .positiveBranch : .negativeBranch
        }
        if starts("_geo") { return .geoPoint }
        return entry(tokens, number: number, in: section)
    }

    private static func resume(_ tokens: [String], number: Int) -> Meaning {
        guard tokens.count > 2 else { return .failure(.index(number, "_spos needs ' = section,position'")) }
        let parts = tokens[2].split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count > 1 else {
            return .failure(.index(number, "_spos needs two numbers with a comma and no blank"))
        }
        guard let section = parts[0], let position = parts[1] else {
            return .failure(.value(number, "_spos needs two whole numbers"))
        }
        return .resume(.init(section: section, position: position))
    }

    private static func entry(_ tokens: [String], number: Int, in section: Section) -> Meaning {
        let text = tokens.joined(separator: " ")
        guard tokens.count > 2 else { return .failure(.index(number, "'\(text)' is not of the form 'key = value'")) }
        switch section {
        case .none, .resume: return .failure(.index(number, "'\(text)' stands before the first target"))
        case .target, .positiveBranch, .negativeBranch: return .entry(tokens[0], tokens[2])
        case .geoPoint:
            guard Self.number(tokens[2]) != nil else {
                return .failure(.value(number, "'\(tokens[2])' is no number, and a geo point holds numbers only"))
            }
            return .entry(tokens[0], tokens[2])
        }
    }

    /// The lines with their ends, which together are the text.
    ///
    /// By bytes, because Swift takes CR LF for one character and would join a byte order mark to the next letter.
    static func split(_ text: String) -> [(text: String, end: String)] {
        var lines: [(text: String, end: String)] = []
        var line: [UInt8] = []
        let bytes = Array(text.utf8)
        var place = 0
        func close(_ end: String) {
            lines.append((String(decoding: line, as: UTF8.self), end))
            line = []
        }
        while place < bytes.count {
            switch bytes[place] {
            case 0x0A: close("\n")
            case 0x0D where place + 1 < bytes.count && bytes[place + 1] == 0x0A:
                close("\r\n")
                place += 1
            case 0x0D: close("\r")
            default: line.append(bytes[place])
            }
            place += 1
        }
        if !line.isEmpty { close("") }
        return lines
    }

    /// What Python's float() reads: unlike Swift no hexadecimal numbers, but single underscores between digits.
    static func number(_ text: String) -> Double? {
        let lowercased = text.lowercased()
        guard !lowercased.contains("x"), !lowercased.contains("(") else { return nil }
        guard lowercased.contains("_") else { return Double(text) }
        let letters = Array(text)
        for (place, letter) in letters.enumerated() where letter == "_" {
            guard place > 0, place + 1 < letters.count, letters[place - 1].isNumber, letters[place + 1].isNumber else { return nil }
        }
        return Double(String(letters.filter { $0 != "_" }))
    }
}
