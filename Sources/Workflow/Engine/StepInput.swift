public import Foundation
import ImageFiles

/// What goes into a step, as the journal keeps it: readable, and with a digest that tells inputs apart.
public struct StepInput: Hashable, Sendable {
    /// JSON with sorted keys; nil in journals of earlier builds.
    public let json: Data?
    /// FNV-1a, 64 bit, of it. It does not protect it.
    public let digest: String

    public init(of input: some Encodable) throws {
        let json = try Self.encoded(input)
        self.init(digest: Self.digest(of: json), json: json)
    }

    public init(digest: String, json: Data?) {
        self.digest = digest
        self.json = json
    }

    fileprivate static func encoded(_ input: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(input)
    }

    fileprivate static func digest(of json: Data) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in json { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3 }
        return String(hash, radix: 16)
    }

    /// How many changes are told one by one.
    private static let most = 4

    /// What another input has instead, such as `overlap: 0.25 -> 0.3`; nil where the journal does not have this one.
    func changes(to other: StepInput) -> String? {
        guard let json, let new = other.json, let old = try? JSONDecoder().decode(ReadableJSON.self, from: json),
            let new = try? JSONDecoder().decode(ReadableJSON.self, from: new)
        else { return nil }
        let (before, after) = (old.leaves, new.leaves)
        let keys = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
        guard !keys.isEmpty else { return nil }
        let told = keys.prefix(Self.most).map { key in
            (key.isEmpty ? "" : "\(key): ") + "\(before[key] ?? "nothing") -> \(after[key] ?? "nothing")"
        }
        return told.joined(separator: ", ") + (keys.count > Self.most ? " and \(keys.count - Self.most) more" : "")
    }
}

/// A digest of an input that tells it from others.
public func inputDigest(of input: some Encodable) throws -> String { StepInput.digest(of: try StepInput.encoded(input)) }

/// Any JSON, for people.
private enum ReadableJSON: Decodable {
    case value(String)
    case list([ReadableJSON])
    case object([String: ReadableJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .value("nothing")
        } else if let flag = try? container.decode(Bool.self) {
            self = .value("\(flag)")
        } else if let number = try? container.decode(Double.self) {
            self = .value(number == number.rounded() && abs(number) < 1e15 ? String(format: "%.0f", number) : "\(number)")
        } else if let text = try? container.decode(String.self) {
            self = .value(text.count > 60 ? "\(text.prefix(57))..." : text)
        } else if let list = try? container.decode([ReadableJSON].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ReadableJSON].self))
        }
    }

    /// Every value by the keys that lead to it, `setup.states.1`.
    var leaves: [String: String] {
        switch self {
        case .value(let text): return ["": text]
        case .list(let list): return Self.joined(list.enumerated().map { ("\($0 + 1)", $1) })
        case .object(let object): return Self.joined(object.map { ($0, $1) })
        }
    }

    private static func joined(_ parts: [(key: String, value: ReadableJSON)]) -> [String: String] {
        var all: [String: String] = [:]
        for (key, value) in parts {
            for (rest, text) in value.leaves { all[rest.isEmpty ? key : "\(key).\(rest)"] = text }
        }
        return all
    }
}
