internal import ImageFiles

/// Why a description of faults cannot be used, one sentence.
public struct FaultError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Reads the keys of one JSON object, each within its limits, and at the end complains about those that nobody read.
struct FaultFields {
    /// Where the object stands, for messages: "faults.json, fault 2".
    let place: String
    private let object: JSONObject
    private var known: [String] = []

    init(_ value: JSONValue, place: String) throws(FaultError) {
        guard let object = value.object else {
            throw FaultError("\(place): \(Self.shown(value)) stands where an object in braces must be.")
        }
        self.place = place
        self.object = object
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .array: "a list"
        case .object: "an object"
        case .string(let text): "\"\(text.prefix(40))\""
        default: value.text
        }
    }

    func wrong(_ key: String, _ wanted: String) -> FaultError {
        guard let value = object[key] else { return FaultError("\(place): the key '\(key)' is missing; it must be \(wanted).") }
        return FaultError("\(place): '\(key)' is \(Self.shown(value)); it must be \(wanted).")
    }

    mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        return object[key]
    }

    /// A number within limits; nil only if it is missing.
    mutating func number(_ key: String, _ range: ClosedRange<Double>) throws(FaultError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double, range.contains(number) else {
            throw wrong(key, "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))")
        }
        return number
    }

    mutating func integer(_ key: String, _ range: ClosedRange<Int>) throws(FaultError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func flag(_ key: String) throws(FaultError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.bool else { throw wrong(key, "true or false") }
        return flag
    }

    mutating func text(_ key: String) throws(FaultError) -> String? {
        guard let value = value(key) else { return nil }
        // The wire ends texts with a zero byte.
        guard let text = value.string, !text.isEmpty, text.utf8.count <= 2000, !text.utf8.contains(0) else {
            throw wrong(key, "a text of 1 to 2000 bytes without a zero byte")
        }
        return text
    }

    mutating func required<Value>(
        _ key: String, _ wanted: String, _ read: (inout FaultFields) throws(FaultError) -> Value?
    ) throws(FaultError) -> Value {
        guard let value = try read(&self) else { throw wrong(key, wanted) }
        return value
    }

    /// Every key must have been read.
    func finish() throws(FaultError) {
        guard let stranger = object.keys.first(where: { !known.contains($0) }) else { return }
        throw FaultError("\(place): the key '\(stranger.prefix(40))' is not known here; possible are \(known.joined(separator: ", ")).")
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(clamped: number))" : "\(number)"
    }
}
