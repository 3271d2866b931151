/// How the grey values of one channel become a network's input; all but ``unit`` as nnU-Net v2 does it, on the part of an image that is not 0.
public enum Normalisation: Sendable, Hashable {
    /// 0 ... 255 becomes 0 ... 1. `unit`.
    case unit
    /// Mean 0 and standard deviation 1 over the image. `zscore`.
    case zScore
    /// The same over pixels at which some channel is not 0; the others become 0. `zscore-filled`.
    case zScoreOfFilled
    /// As they are. `none`.
    case asIs
    /// The smallest becomes 0, the largest 1. `range`.
    case range
    /// Cut to two limits, then mean and standard deviation of the training's images are taken off. `{"scheme": "fixed", …}`.
    case fixed(Levels)

    /// Grey levels of the training's images, keys of the same names.
    public struct Levels: Sendable, Hashable, Codable {
        public let lower: Double
        public let upper: Double
        public let mean: Double
        public let deviation: Double
        public init(lower: Double, upper: Double, mean: Double, deviation: Double) {
            self.lower = lower
            self.upper = upper
            self.mean = mean
            self.deviation = deviation
        }
    }

    /// What it is called in a model's description.
    public var name: String {
        switch self {
        case .unit: "unit"
        case .zScore: "zscore"
        case .zScoreOfFilled: "zscore-filled"
        case .asIs: "none"
        case .range: "range"
        case .fixed: "fixed"
        }
    }

    /// Whether it can be calculated.
    var isUsable: Bool {
        guard case .fixed(let levels) = self else { return true }
        return [levels.lower, levels.upper, levels.mean, levels.deviation].allSatisfy(\.isFinite) && levels.lower <= levels.upper && levels.deviation >= 0
    }
}

extension Normalisation: Codable {
    private enum Key: String, CodingKey { case scheme }

    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            let known: [Normalisation] = [.unit, .zScore, .zScoreOfFilled, .asIs, .range]
            guard let found = known.first(where: { $0.name == name }) else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no normalisation is called \(name)"))
            }
            self = found
        } else {
            guard try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .scheme) == "fixed" else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "the scheme of a group of levels is fixed"))
            }
            self = .fixed(try Levels(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if case .fixed(let levels) = self {
            var values = encoder.container(keyedBy: Key.self)
            try values.encode(name, forKey: .scheme)
            try levels.encode(to: encoder)
        } else {
            var value = encoder.singleValueContainer()
            try value.encode(name)
        }
    }
}
