import ImageFiles
import Units

/// What a lamella and its targets have been exposed to, in electrons per square angstrom.
struct LamellaDose: Codable, Sendable, Hashable {
    /// Exposures of one purpose.
    struct Entry: Codable, Sendable, Hashable {
        /// `grid map`, `eucentricity`, `intermediate image`, `realignment` or `lamella map`.
        let purpose: String
        let images: Int
        /// At the lamella's centre.
        let dose: Double
        /// Of all images, wherever their beam was.
        let sum: Double
        let file: String?
        /// Whether SerialEM told the dose of each image, and their number is certain.
        let isCertain: Bool
    }

    /// One target of an area.
    struct Target: Codable, Sendable, Hashable {
        let area: String
        let number: Int
        /// Until its tilt series.
        let before: Double
        /// Of the tilt series, from its mdoc, and of those that were cut short and set aside; nil before it is taken.
        let series: Double?
        /// Of the images that PACEtomo takes besides, as far as they can be estimated; nil before its area is begun, and where nothing
        /// tells how much an image gives.
        var besides: Double?
        var total: Double { before + (series ?? 0) + (besides ?? 0) }
    }

    let number: Int
    let entries: [Entry]
    let targets: [Target]

    /// At its centre, before tilt series.
    var beforeAcquisition: Dose { Dose(entries.reduce(0) { $0 + $1.dose }) }
    var isCertain: Bool { entries.allSatisfy(\.isCertain) }

    /// `0.34 e/Å²`, or `at least` so much.
    var words: String { (isCertain ? "" : "at least ") + Self.words(beforeAcquisition) }

    static func words(_ dose: Dose) -> String { "\((clamped(dose.value) * 1000).rounded() / 1000) e/Å²" }

    /// The sidecar; 0 as a limit is left out.
    func json(limit: Dose) -> JSONValue {
        func number(_ value: Double) -> JSONValue { .number((clamped(value) * 1e6).rounded() / 1e6) }
        var out: JSONObject = [
            "datetime": .string(timestamp()), "unit": "electrons per square angstrom", "lamella": .integer(self.number),
            "dose_before_acquisition": number(beforeAcquisition.value), "certain": .bool(isCertain),
            "exposures": .array(
                entries.map { entry in
                    var line: JSONObject = [
                        "purpose": .string(entry.purpose), "images": .integer(entry.images), "dose_at_centre": number(entry.dose),
                        "sum_of_images": number(entry.sum), "certain": .bool(entry.isCertain),
                    ]
                    if let file = entry.file { line["file"] = .string(file) }
                    return .object(line)
                }),
            "targets": .array(
                targets.map { target in
                    var line: JSONObject = [
                        "area": .string(target.area), "target": .integer(target.number), "dose_before_acquisition": number(target.before),
                        "total": number(target.total),
                    ]
                    if let series = target.series { line["tilt_series"] = number(series) }
                    if let besides = target.besides { line["pacetomo_images"] = number(besides) }
                    return .object(line)
                }),
            "estimated": "pacetomo_images: View, Preview, focus and tracking images of PACEtomo, by its settings and the exposure times",
        ]
        if limit > .zero { out["maximum_dose_before_acquisition"] = number(limit.value) }
        return .object(out)
    }
}
