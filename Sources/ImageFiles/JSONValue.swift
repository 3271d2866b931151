/// A JSON object that keeps the order of its keys.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
    public private(set) var keys: [String] = []
    private var values: [String: JSONValue] = [:]

    public init() {}

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    public var count: Int { keys.count }
    public var isEmpty: Bool { keys.isEmpty }

    /// A new key goes to the end; nil removes one.
    public subscript(key: String) -> JSONValue? {
        get { values[key] }
        set {
            let isThere = values[key] != nil
            if newValue == nil, isThere { keys.removeAll { $0 == key } }
            if newValue != nil, !isThere { keys.append(key) }
            values[key] = newValue
        }
    }

    public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
        var remaining = keys[...]
        return AnyIterator {
            guard let key = remaining.popFirst(), let value = values[key] else { return nil }
            return (key, value)
        }
    }
}

/// A JSON value whose objects keep their order, so that a file that is written twice is the same twice.
public indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONValue {
    /// Any number.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A whole number, also if it is written with a point.
    public var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The value of a key of an object.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// A list of numbers, tagged or not; a number in quotes counts (stage coordinates are written so).
    public var doubles: [Double]? {
        guard let values = untagged.array else { return nil }
        let numbers = values.compactMap { $0.double ?? $0.string.flatMap { Double($0) } }
        return numbers.count == values.count ? numbers : nil
    }

    /// A list of lists of numbers, tagged or not.
    public var doubles2D: [[Double]]? {
        guard let rows = untagged.array else { return nil }
        let numbers = rows.compactMap(\.doubles)
        return numbers.count == rows.count ? numbers : nil
    }
}

/// The two tags of the field's session files: an array is `{"$array": ...}`, a path `{"$path": ...}`.
extension JSONValue {
    /// An array of any depth, tagged.
    public static func tagged(array: JSONValue) -> JSONValue { ["$array": array] }
    /// A list of numbers, tagged.
    public static func tagged(array: [Double]) -> JSONValue { tagged(array: .array(array.map { .number($0) })) }
    /// A matrix, row by row, tagged.
    public static func tagged(array: [[Double]]) -> JSONValue {
        tagged(array: .array(array.map { .array($0.map { .number($0) }) }))
    }
    /// A path, tagged, with forward slashes.
    public static func tagged(path: String) -> JSONValue {
        ["$path": .string(String(path.map { $0 == "\\" ? "/" : $0 }))]
    }

    /// Without tags, at any depth.
    public var untagged: JSONValue {
        switch self {
        case .array(let values): return .array(values.map(\.untagged))
        case .object(let object):
            if object.count == 1, let inner = object["$array"] ?? object["$path"] { return inner.untagged }
            var out = JSONObject()
            for (key, value) in object { out[key] = value.untagged }
            return .object(out)
        default: return self
        }
    }
}
