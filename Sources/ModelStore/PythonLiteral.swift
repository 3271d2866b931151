/// A plain value as Python writes it: a number, also a quotient or product of two, a text, a list or tuple of such. Everything else is none.
indirect enum PythonLiteral: Sendable, Hashable {
    case number(Double)
    case text(String)
    case list([PythonLiteral])

    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
    var elements: [PythonLiteral]? { if case .list(let values) = self { values } else { nil } }

    /// - Parameter source: the value, and a comment after it.
    init?(_ source: String) {
        var reader = Reader(rest: source[...])
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        guard reader.rest.isEmpty || reader.rest.first == "#" else { return nil }
        self = value
    }

    private struct Reader {
        var rest: Substring

        mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }

        mutating func value(depth: Int) -> PythonLiteral? {
            guard var found = operand(depth: depth) else { return nil }
            while true {
                skipSpace()
                guard let sign = rest.first, sign == "/" || sign == "*" else { return found }
                rest.removeFirst()
                guard case .number(let left) = found, case .number(let right)? = operand(depth: depth), sign == "*" || right != 0 else { return nil }
                found = .number(sign == "*" ? left * right : left / right)
            }
        }

        private mutating func operand(depth: Int) -> PythonLiteral? {
            skipSpace()
            guard depth < 10, let first = rest.first else { return nil }
            switch first {
            case "'", "\"":
                rest.removeFirst()
                guard let end = rest.firstIndex(of: first) else { return nil }
                let text = rest[..<end]
                rest = rest[rest.index(after: end)...]
                return text.contains("\\") ? nil : .text(String(text))
            case "[", "(":
                rest.removeFirst()
                let close: Character = first == "[" ? "]" : ")"
                var values: [PythonLiteral] = []
                while true {
                    skipSpace()
                    if rest.first == close {
                        rest.removeFirst()
                        return .list(values)
                    }
                    guard let element = value(depth: depth + 1) else { return nil }
                    values.append(element)
                    skipSpace()
                    if rest.first == "," { rest.removeFirst() } else if rest.first != close { return nil }
                }
            default:
                let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+" || $0 == "e" || $0 == "E") }
                guard let number = Double(digits) else { return nil }
                rest = rest.dropFirst(digits.count)
                return .number(number)
            }
        }
    }
}
