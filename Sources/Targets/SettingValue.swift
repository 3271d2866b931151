/// The value of an acquisition setting in a points or targets file.
public enum SettingValue: Codable, Hashable, Sendable {
    case flag(Bool)
    case number(Double)
    case text(String)

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

/// An array or matrix in the files that SPACEtomo exchanges: `{"$array": ...}`. A plain array is read too.
public struct TaggedArray<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    public var value: Value
    public init(_ value: Value) { self.value = value }

    private enum CodingKeys: String, CodingKey { case array = "$array" }

    public init(from decoder: any Decoder) throws {
        if let tagged = try? decoder.container(keyedBy: CodingKeys.self), tagged.contains(.array) {
            value = try tagged.decode(Value.self, forKey: .array)
        } else {
            value = try Value(from: decoder)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(value, forKey: .array)
    }
}
