public import Units

/// Where pixels of one class do not count because of another class (`class_rules`).
///
/// A class *claims* a pixel where its probability reaches ``probability`` if the segmentation kept probabilities, and
/// where the pixel has its label if it did not. A pixel that a rule takes from its class is neither wanted nor avoided.
/// All rules look at the segmentation as it was before any of them: their order means nothing.
public struct ClassRule: Codable, Hashable, Sendable {
    /// What the other class does.
    public enum Kind: Hashable, Sendable {
        /// `suppressed_by`, competition: a pixel does not count where the other class claims one within ``distance``. On labels, where
        /// only one class can claim a pixel, a distance of 0 takes nothing away.
        case suppressed
        /// `only_near`, colocalization: a pixel counts only where the other class claims one within ``distance``.
        case dependent
    }

    /// `class`: the class whose pixels do not count.
    public var className: String
    /// By the key that names the other class.
    public var kind: Kind
    /// The class that decides.
    public var other: String
    /// `within`: on the specimen, 0 to 100.
    public var distance: Micrometers
    /// `probability`: from which on the other class claims a pixel, above 0 to 1.
    public var probability: Double

    public init(
        _ className: String, _ kind: Kind, _ other: String, within distance: Micrometers = .zero,
        probability: Double = 0.3
    ) {
        self.className = className
        self.kind = kind
        self.other = other
        self.distance = distance
        self.probability = probability
    }

    private enum CodingKeys: String, CodingKey {
        case className = "class", suppressed = "suppressed_by", dependent = "only_near", distance = "within", probability
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        className = try container.decode(String.self, forKey: .className)
        if let suppressor = try container.decodeIfPresent(String.self, forKey: .suppressed) {
            (kind, other) = (.suppressed, suppressor)
        } else {
            (kind, other) = (.dependent, try container.decode(String.self, forKey: .dependent))
        }
        distance = try container.decode(Micrometers.self, forKey: .distance)
        probability = try container.decode(Double.self, forKey: .probability)
    }

    /// Writes the rule as it stands in a settings file.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(className, forKey: .className)
        try container.encode(other, forKey: kind == .suppressed ? .suppressed : .dependent)
        try container.encode(distance, forKey: .distance)
        try container.encode(probability, forKey: .probability)
    }

    var classes: [String] { [className, other] }

    func validate() throws(TargetsError) {
        guard className != other else { throw .ruleAboutItself(className) }
        guard (0 ... 100).contains(distance.value) else {
            throw .invalidSetting("'within' of the class rule for \(className)", distance.value, range: "between 0 and 100")
        }
        guard probability > 0, probability <= 1 else {
            throw .invalidSetting(
                "'probability' of the class rule for \(className)", probability, range: "above 0 and at most 1")
        }
    }
}
