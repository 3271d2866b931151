import Foundation
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
        /// Images of the tilt series, and how many it should have; nil before its area is begun, and where nobody tells.
        var images: Int?
        var planned: Int?
        var total: Double { before + (series ?? 0) + (besides ?? 0) }
    }

    /// The autofocus at the geo points of an area, which lie beside its targets.
    struct GeoPoints: Codable, Sendable, Hashable {
        let area: String
        let points: Int
        let images: Int
        /// On each of them.
        let dose: Double
    }

    let number: Int
    let entries: [Entry]
    let targets: [Target]
    /// Of areas that were begun.
    var geoPoints: [GeoPoints] = []

    /// At its centre, before tilt series.
    var beforeAcquisition: Dose { Dose(entries.reduce(0) { $0 + $1.dose }) }
    var isCertain: Bool { entries.allSatisfy(\.isCertain) }

    /// `0.34 e/Å²`, or `at least` so much.
    var words: String { (isCertain ? "" : "at least ") + Self.words(beforeAcquisition) }

    static func words(_ dose: Dose) -> String { "\((clamped(dose.value) * 1000).rounded() / 1000) e/Å²" }

    /// The most that a lamella of a grid got for some purposes, by the sidecars in the grid's folder of maps.
    static func largest(of purposes: Set<String>, inSidecarsBelow maps: String) -> Dose {
        // A folder that cannot be listed, and a sidecar that cannot be read, tell nothing.
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: maps)) ?? []).filter { $0.hasSuffix("_dose.json") }
        let sums = files.map { file in
            ((try? JSONValue.read("\(maps)/\(file)"))?["exposures"]?.array ?? []).filter { purposes.contains($0["purpose"]?.string ?? "") }
                .reduce(0) { $0 + ($1["dose_at_centre"]?.double ?? 0) }
        }
        return Dose(sums.max() ?? 0)
    }

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
                    if let images = target.images { line["images"] = .integer(images) }
                    if let planned = target.planned { line["planned_images"] = .integer(planned) }
                    if let besides = target.besides { line["pacetomo_images"] = number(besides) }
                    return .object(line)
                }),
            "geo_points": .array(
                geoPoints.map {
                    .object(["area": .string($0.area), "points": .integer($0.points), "images": .integer($0.images), "dose_at_each": number($0.dose)])
                }),
            "estimated": "geo_points, and pacetomo_images: View, Preview, focus and tracking images of PACEtomo, by its settings and the exposure times",
        ]
        if limit > .zero { out["maximum_dose_before_acquisition"] = number(limit.value) }
        return .object(out)
    }
}
