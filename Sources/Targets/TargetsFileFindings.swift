/// Findings as they are collected; the looks at the parts of a file are extensions.
struct TargetsFileFindings {
    let file: String
    private var all: [TargetsFileFinding] = []

    init(file: String) { self.file = file }

    mutating func add(_ rule: TargetsFileRule, _ line: Int?, _ words: String) {
        all.append(TargetsFileFinding(rule: rule, file: file, line: line, words: words))
    }

    /// In the order of the lines; what is found first of one line comes first.
    var sorted: [TargetsFileFinding] {
        all.enumerated().sorted { ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset) }.map(\.element)
    }

    /// What a sentence shows of a value: not too long, and nothing that moves a terminal's cursor.
    static func shown(_ text: String) -> String {
        let plain = text.prefix(60).unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "·" : String($0) }.joined()
        return "'\(plain)\(text.count > 60 ? "…" : "")'"
    }
}

// MARK: The text

extension TargetsFileFindings {
    mutating func look(atText text: String, lines: [PACEtomoLine]) {
        if text.unicodeScalars.first == "\u{FEFF}" {
            add(.noByteOrderMark, 1, "the file begins with a byte order mark, and PACEtomo stops at its first line; save it as UTF-8 without one")
        }
        var seen: Set<[String]> = []
        for line in lines {
            look(atForm: line)
            look(atRepetition: line, &seen)
        }
    }

    private mutating func look(atForm line: PACEtomoLine) {
        let number = line.number
        if line.text.utf8.contains(where: { $0 > 0x7E || $0 < 0x20 && $0 != 0x09 }), !line.text.hasPrefix("\u{FEFF}") {
            add(.plainLetters, number, "letters other than those of English depend on the code page of SerialEM's Windows; write the line without them")
        }
        switch line.meaning {
        case .failure(let error):
            if number == 1, line.text.hasPrefix("\u{FEFF}") { return }
            add(.readableLines, number, "PACEtomo stops here with \(error.kind.rawValue): \(error.message)")
        case .nothing:
            guard line.text.contains(where: { $0 != " " }) else { return }
            add(.noIndentedLines, number, "the line begins with a blank, and PACEtomo ignores it; write it from the margin")
        case .target, .geoPoint, .positiveBranch, .negativeBranch:
            guard let keyword = line.tokens.first, keyword.utf8.count > 4 else { return }
            let section = line.meaning == .target ? "target" : line.meaning == .geoPoint ? "geo point" : "branch record"
            add(.exactKeywords, number, "\(Self.shown(keyword)) opens a \(section), because PACEtomo looks at its first four letters; write '\(keyword.prefix(4))', or take the line out")
        case .entry(let key, let value):
            if key.hasPrefix("#") {
                add(.noComments, number, "PACEtomo knows no comments and takes this for the key \(Self.shown(key)); take the line out")
            } else if line.tokens.count > 3 {
                add(.oneWordValues, number, "PACEtomo reads \(Self.shown(value)) only, because a value ends at a blank; write one word, and nothing behind it")
            } else if value.isEmpty, line.section == .target {
                add(.oneWordValues, number, "\(Self.shown(key)) has no value, because PACEtomo takes what stands after one blank; write 'key = value' with single blanks")
            }
        case .number, .flag, .resume: break
        }
    }

    /// In a run file a branch has the keys of its target again, in a section of its own.
    private mutating func look(atRepetition line: PACEtomoLine, _ seen: inout Set<[String]>) {
        let place: [String]
        let name: String
        switch line.meaning {
        case .number(let variable, _), .flag(let variable, _): (place, name) = (["setting", variable], variable)
        case .entry(let key, _):
            let owner = line.section == .geoPoint ? line.geoPoint : line.target
            (place, name) = (["\(line.section)", "\(owner ?? -1)", key], key)
        case .nothing, .resume, .target, .positiveBranch, .negativeBranch, .geoPoint, .failure: return
        }
        guard !name.hasPrefix("#"), !seen.insert(place).inserted else { return }
        add(.noRepetitions, line.number, "\(Self.shown(name)) stands a second time, and the last one counts; leave one of them")
    }
}
