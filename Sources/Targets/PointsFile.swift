public import Foundation
import Geometry
public import Units

/// The targets of one area as SPACEtomo's programs exchange them: `<map>_points<k>.json`, positions as (row, column).
public struct PointsFile: Codable, Hashable, Sendable {
    public var points: TaggedArray<[[Double]]>
    public var scores: TaggedArray<[Double]>
    /// Missing in files from before 2026-03: all Record.
    public var lowDoseAreas: TaggedArray<[LowDoseArea]>?
    public var geoPoints: TaggedArray<[[Double]]>
    /// Overrides for PACEtomo; empty by default.
    public var settings: [String: SettingValue]?
    public var metaData: MetaData?
    /// What other programs have written besides, by its key.
    public internal(set) var otherKeys: [String: KeptValue] = [:]

    /// On which map the positions are pixels.
    public struct MetaData: Codable, Hashable, Sendable {
        /// Nanometres per pixel.
        public var pixelSize: Double
        /// Rows, columns.
        public var imageSize: [Int]
        /// Local time as `2026-03-02 15:40:12`.
        public var datetime: String

        public init(pixelSize: PixelSize, rows: Int, columns: Int, datetime: String) {
            self.pixelSize = pixelSize.value
            imageSize = [rows, columns]
            self.datetime = datetime
        }
        private enum CodingKeys: String, CodingKey {
            case pixelSize = "pix_size", imageSize = "img_size", datetime
        }
    }

    /// - Parameter settings: without an own `measureGeo` it says whether there are geo points.
    public init(area: TargetArea, settings: [String: SettingValue] = [:], metaData: MetaData?) {
        points = TaggedArray(area.targets.map { [$0.position.y, $0.position.x] })
        scores = TaggedArray(area.targets.map(\.score))
        lowDoseAreas = TaggedArray(area.targets.map(\.lowDoseArea))
        geoPoints = TaggedArray(area.geoPoints.map { [$0.y, $0.x] })
        self.settings = settings.merging(["measureGeo": .flag(!area.geoPoints.isEmpty)]) { own, _ in own }
        self.metaData = metaData
    }

    /// Says that a map was looked at and nothing was found.
    public static var empty: Self {
        var file = Self(area: TargetArea(targets: []), metaData: nil)
        file.settings = nil
        return file
    }

    public init(data: Data) throws(TargetsError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw TargetsError(.unreadableFile, "This is no points file: \(words(for: error)).")
        }
        let positions = points.value + geoPoints.value
        guard positions.allSatisfy({ $0.count == 2 }), scores.value.count == points.value.count,
            lowDoseAreas.map({ $0.value.count == points.value.count }) ?? true
        else {
            throw TargetsError(
                .unreadableFile,
                "The points file is inconsistent: it needs a row, a column, a score and an area per point.")
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "points file") }

    /// The area in pixels of the map that `metaData` describes.
    public var area: TargetArea {
        let areas = lowDoseAreas?.value ?? points.value.map { _ in .record }
        let targets = points.value.indices.map {
            Target(
                position: Point(x: points.value[$0][1], y: points.value[$0][0]), score: scores.value[$0],
                lowDoseArea: areas[$0])
        }
        return TargetArea(targets: targets, geoPoints: geoPoints.value.map { Point(x: $0[1], y: $0[0]) })
    }

    /// `<map>_points<index>.json`; without an index the file that says that nothing was found.
    public static func name(map: String, index: Int?) -> String {
        "\(map)_points\(index.map { String($0) } ?? "").json"
    }
}

/// JSON with sorted keys, so that the same content is the same bytes.
func encoded(_ value: some Encodable, name: String) throws(TargetsError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
        return try encoder.encode(value)
    } catch {
        throw TargetsError(.invalidValue, "The \(name) cannot be written: \(error).")
    }
}
