import Foundation

/// The keys are SPACEtomo's; others are kept.
extension PointsFile {
    private enum Keys: String, CaseIterable {
        case points, scores, settings
        case lowDoseAreas = "ld_areas", geoPoints = "geo_points", metaData = "meta_data"
        var key: NamedKey { NamedKey(rawValue) }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NamedKey.self)
        points = try container.decode(TaggedArray<[[Double]]>.self, forKey: Keys.points.key)
        scores = try container.decode(TaggedArray<[Double]>.self, forKey: Keys.scores.key)
        lowDoseAreas = try container.decodeIfPresent(TaggedArray<[LowDoseArea]>.self, forKey: Keys.lowDoseAreas.key)
        geoPoints = try container.decode(TaggedArray<[[Double]]>.self, forKey: Keys.geoPoints.key)
        settings = try container.decodeIfPresent([String: SettingValue].self, forKey: Keys.settings.key)
        metaData = try container.decodeIfPresent(MetaData.self, forKey: Keys.metaData.key)
        let known = Set(Keys.allCases.map(\.rawValue))
        for key in container.allKeys where !known.contains(key.stringValue) {
            otherKeys[key.stringValue] = try container.decode(KeptValue.self, forKey: key)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NamedKey.self)
        try container.encode(points, forKey: Keys.points.key)
        try container.encode(scores, forKey: Keys.scores.key)
        try container.encodeIfPresent(lowDoseAreas, forKey: Keys.lowDoseAreas.key)
        try container.encode(geoPoints, forKey: Keys.geoPoints.key)
        try container.encodeIfPresent(settings, forKey: Keys.settings.key)
        try container.encodeIfPresent(metaData, forKey: Keys.metaData.key)
        for (name, value) in otherKeys { try container.encode(value, forKey: NamedKey(name)) }
    }
}

/// What a decoder says of a file, as one part of a sentence: the key and what is wrong with it.
func words(for error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return path.isEmpty ? "the whole of it" : "'\(path.hasPrefix(".") ? String(path.dropFirst()) : path)'"
    }
    switch error {
    case .keyNotFound(let key, _): return "it has no '\(key.stringValue)'"
    case .valueNotFound(_, let context): return "\(place(context)) is empty"
    case .typeMismatch(_, let context): return "\(place(context)) is of another kind than it should be"
    case .dataCorrupted(let context): return context.codingPath.isEmpty ? "it is no JSON" : "\(place(context)) has a value that is not known"
    @unknown default: return "it cannot be read"
    }
}
