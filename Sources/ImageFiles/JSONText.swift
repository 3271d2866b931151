import Foundation

/// Why text is not JSON.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes from the beginning of the text.
    public var offset: Int
    public var message: String
    public var description: String { "Not JSON at byte \(offset): \(message)." }
}

extension JSONValue {
    /// Reads text. Python's NaN and Infinity are accepted and become null.
    public init(text: String) throws(JSONError) { self = try JSONValue(bytes: Array(text.utf8)) }

    init(bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    public static func read(_ path: String) throws(ImageFileError) -> JSONValue {
        let bytes = try contents(of: path)
        do throws(JSONError) {
            return try JSONValue(bytes: bytes)
        } catch { throw .damaged(path, "it is not JSON at byte \(error.offset): \(error.message)") }
    }

    /// Writes the file; it appears whole.
    public func write(to path: String) throws(ImageFileError) { try AtomicFile.write(text + "\n", to: path) }

    /// Indented by four blanks, keys in the order of their insertion. A number that is not finite becomes null.
    public var text: String {
        var out = ""
        append(to: &out, indent: 0)
        return out
    }

    private func append(to out: inout String, indent: Int) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .number(let value): out += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.append(string: value, to: &out)
        case .array(let values):
            Self.append(values, open: "[", close: "]", to: &out, indent: indent) { value, out in
                value.append(to: &out, indent: indent + 1)
            }
        case .object(let object):
            Self.append(Array(object), open: "{", close: "}", to: &out, indent: indent) { entry, out in
                Self.append(string: entry.key, to: &out)
                out += ": "
                entry.value.append(to: &out, indent: indent + 1)
            }
        }
    }

    private static func append<Element>(
        _ elements: [Element], open: String, close: String, to out: inout String, indent: Int,
        _ body: (Element, inout String) -> Void
    ) {
        out += open
        for (index, element) in elements.enumerated() {
            out += (index > 0 ? ",\n" : "\n") + String(repeating: "    ", count: indent + 1)
            body(element, &out)
        }
        if !elements.isEmpty { out += "\n" + String(repeating: "    ", count: indent) }
        out += close
    }

    private static func append(string: String, to out: inout String) {
        out += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 32 {
                    out += String(format: "\\u%04x", scalar.value)
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        out += "\""
    }
}

/// Reads JSON from left to right; depth is limited, so that no file can exhaust the stack.
private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw failure("text after the end of the value") }
        return value
    }

    private func failure(_ message: String) -> JSONError { JSONError(offset: position, message: message) }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || (0x09 ... 0x0D).contains(byte) { position += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < 200 else { throw failure("more than 200 levels of nesting") }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case nil: throw failure("the text ends early")
        default:
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            if take("null") || take("NaN") || take("Infinity") || take("-Infinity") { return .null }
            return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var out = JSONObject()
        skipBlanks()
        if take("}") { return .object(out) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw failure("a key in quotes expected") }
            let key = try string()
            skipBlanks()
            guard take(":") else { throw failure("a colon expected") }
            out[key] = try value(depth: depth + 1)
            skipBlanks()
            if take("}") { return .object(out) }
            guard take(",") else { throw failure("a comma or } expected") }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var out: [JSONValue] = []
        skipBlanks()
        if take("]") { return .array(out) }
        while true {
            out.append(try value(depth: depth + 1))
            skipBlanks()
            if take("]") { return .array(out) }
            guard take(",") else { throw failure("a comma or ] expected") }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        while let byte = next, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start ..< position], as: UTF8.self)
        if let whole = Int(text) { return .integer(whole) }
        guard let value = Double(text) else {
            position = start
            throw failure("a value expected")
        }
        return .number(value)
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var out: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): out += try escape()
            default: out.append(byte)
            }
        }
        throw failure("a string without its closing quote")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = next else { throw failure("the text ends early") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), take("\\u") { units.append(try codeUnit()) }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: throw failure("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[position ..< position + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits expected") }
        position += 4
        return unit
    }
}
