import Yams

/// Reads values out of a YAML mapping and gathers everything that is wrong, so that the operator mends a file once.
struct SettingsReader {
    private(set) var problems: [SettingsError.Problem] = []
    private var entries: [String: (key: Node, value: Node)] = [:]
    private var asked: Set<String> = []

    /// Parses the text; what is wrong with it as a whole is in ``problems``.
    init(text: String) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            problems.append(Self.problem(of: error))
            return
        }
        guard let mapping = root?.mapping, !mapping.isEmpty else {
            problems.append(.noMapping)
            return
        }
        for (key, value) in mapping { entries[key.string ?? Self.words(for: key)] = (key, value) }
    }

    /// Reads the keys of a group; nil where the node is none, or an empty one.
    init?(group: Node) {
        guard let mapping = group.mapping, !mapping.isEmpty else { return nil }
        for (key, value) in mapping { entries[key.string ?? Self.words(for: key)] = (key, value) }
    }

    /// Whether a key is there; it is known from then on.
    mutating func offers(_ key: String) -> Bool {
        asked.insert(key)
        return entries[key] != nil
    }

    /// The groups below a key with their names and lines, in order; none where the key is absent.
    mutating func groups(_ key: String, expected: String) -> [(name: String, node: Node, line: Int?)] {
        value(key, default: [], expected: expected) { node in
            guard let mapping = node.mapping, !mapping.isEmpty else { return nil }
            return mapping.map { ($0.key.string ?? Self.words(for: $0.key), $0.value, $0.key.mark?.line) }
        } ?? []
    }

    /// Adds a problem.
    mutating func refuse(_ message: String, line: Int?) { problems.append(.init(line: line, message: message)) }
    /// Adds what another reader found wrong in a part of the text.
    mutating func take(problemsOf other: Self) { problems += other.problems }

    private static func problem(of error: any Error) -> SettingsError.Problem {
        guard let yaml = error as? YamlError else { return .unreadable(line: nil, reason: "\(error)") }
        switch yaml {
        case .duplicatedKeysInMapping(let duplicates, let context):
            return .repeatedKey(duplicates.first ?? "a key", line: context.mark.line)
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return .unreadable(line: mark.line, reason: problem)
        case .reader(let problem, let offset, _, let text):
            // The offset counts scalars of the text; a control character is the usual reason.
            let line = offset.map { text.unicodeScalars.prefix($0).count { $0 == "\n" } + 1 }
            return .unreadable(line: line, reason: problem)
        default:
            return .unreadable(line: nil, reason: "\(yaml)".replacing("\n", with: " "))
        }
    }

    /// The value of a key, turned into what is wanted, or the default where the key is absent.
    mutating func value<T>(_ key: String, default absent: T?, expected: String, as convert: (Node) -> T?) -> T? {
        asked.insert(key)
        guard let entry = entries[key] else {
            // A text that is no mapping has one problem, not one for each key.
            if absent == nil, !entries.isEmpty { problems.append(.missing(key, expected: expected)) }
            return absent
        }
        if let value = convert(entry.value) { return value }
        let line = entry.value.mark?.line ?? entry.key.mark?.line
        problems.append(.wrong(key, found: Self.words(for: entry.value), expected: expected, line: line))
        return absent
    }

    /// Reports every key that nobody asked for.
    mutating func refuseTheRest(unsupported: [String: String]) {
        let rest = entries.filter { !asked.contains($0.key) }.map { (name: $0.key, line: $0.value.key.mark?.line) }
        for (index, (name, line)) in rest.sorted(by: { ($0.line ?? .max, $0.name) < ($1.line ?? .max, $1.name) }).enumerated() {
            if let reason = unsupported[name] {
                problems.append(.unsupportedKey(name, line: line, reason: reason))
            } else {
                // Nobody is shown more; a file that is none may have a hundred thousand.
                let nearest = index < SettingsError.shown ? Self.nearest(to: name, among: asked) : nil
                problems.append(.unknownKey(name, line: line, nearest: nearest))
            }
        }
    }

    /// Takes a switch that may only be off.
    mutating func refuseTrue(_ key: String, reason: String) {
        asked.insert(key)
        guard let entry = entries[key], entry.value.bool != false else { return }
        let line = entry.value.mark?.line ?? entry.key.mark?.line
        problems.append(.mustBeFalse(key, found: Self.words(for: entry.value), line: line, reason: reason))
    }

    private static func words(for node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty || isNull(scalar) ? "empty" : "'\(short(scalar.string))'"
        case .sequence(let items): "[\(short(items.prefix(20).map { $0.string ?? "…" }.joined(separator: ", ")))]"
        case .mapping: "a group of keys"
        case .alias: "an alias"
        }
    }

    /// What a message shows of a value: one line, and not too long a one.
    static func short(_ text: String) -> String {
        let line = String(text.prefix(80).map { $0.unicodeScalars.contains(where: isControl) ? "·" : $0 })
        return text.count > 80 ? line + "…" : line
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { !scalar.isPrinted }

    /// Whether YAML takes an unquoted word for no value at all.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A text that can stand in a path, a name or a message.
    static func usable(_ scalar: Node.Scalar) -> String? {
        let text = scalar.string
        return text.isEmpty || text.unicodeScalars.contains(where: isControl) || isNull(scalar) ? nil : text
    }

    /// The known name that needs the fewest changed letters, where it is near enough to be meant.
    static func nearest(to name: String, among known: Set<String>) -> String? {
        // The comparison takes as long as both names together are square.
        guard name.utf8.count <= 200 else { return nil }
        let ranked = known.map { (distance: editDistance($0.lowercased(), name.lowercased()), name: $0) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let ranked, ranked.distance <= max(2, name.count / 3) else { return nil }
        return ranked.name
    }

    private static func editDistance(_ a: String, _ b: String) -> Int {
        let left = Array(a)
        let right = Array(b)
        var row = Array(0 ... right.count)
        for i in left.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let substituted = diagonal + (left[i] == right[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}

extension SettingsReader {
    mutating func integer(_ key: String, default absent: Int?, in range: ClosedRange<Int>) -> Int? {
        value(key, default: absent, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            $0.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func number(_ key: String, default absent: Double, in range: ClosedRange<Double>, unit: String = "") -> Double {
        let words = "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))\(unit)"
        return value(key, default: absent, expected: words) { node in
            (node.float ?? node.int.map(Double.init)).flatMap { range.contains($0) ? $0 : nil }
        } ?? absent
    }

    mutating func flag(_ key: String, default absent: Bool) -> Bool {
        value(key, default: absent, expected: "true or false") { $0.bool } ?? absent
    }

    mutating func text(_ key: String, default absent: String?, expected: String) -> String? {
        value(key, default: absent, expected: expected) { node in
            node.scalar.flatMap(Self.usable)
        }
    }

    mutating func texts(_ key: String, default absent: [String], expected: String, mayBeEmpty: Bool = true) -> [String] {
        value(key, default: absent, expected: expected) { node in
            guard let items = node.sequence else { return nil }
            let texts = items.compactMap { $0.scalar.flatMap(Self.usable) }
            return texts.count == items.count && (mayBeEmpty || !texts.isEmpty) ? texts : nil
        } ?? absent
    }

    mutating func integers(
        _ key: String, default absent: [Int], count: ClosedRange<Int>, in range: ClosedRange<Int>, expected: String
    ) -> [Int] {
        value(key, default: absent, expected: expected) { node in
            let items = node.sequence.map(Array.init) ?? [node]
            let numbers = items.compactMap(\.int)
            guard numbers.count == items.count, count.contains(numbers.count) else { return nil }
            return numbers.allSatisfy(range.contains) ? numbers : nil
        } ?? absent
    }

    private static func short(_ x: Double) -> String { x == x.rounded() ? String(Int(x)) : String(x) }
}
