public import Foundation

/// A points file of anybody, which is the same byte for byte when it is written again unchanged.
///
/// SPACEtomo's programs write such files with and without `settings`, `ld_areas` and `meta_data`, by their versions and
/// by whether a person looked at them; ``lacks`` says what one of them goes without.
public struct PointsDocument: Hashable, Sendable {
    /// What the file says; may be changed.
    public var file: PointsFile
    private let read: PointsFile
    private let bytes: Data

    /// - Throws: ``TargetsError`` where it is no points file.
    public init(_ data: Data) throws(TargetsError) {
        read = try PointsFile(data: data)
        file = read
        bytes = data
    }

    /// The content of the file: as it was read, or with what was changed and with the keys that nobody knows.
    public func data() throws(TargetsError) -> Data { file == read ? bytes : try file.data() }

    /// What the file does not tell, and what is taken in its place; each a sentence without its point.
    public var lacks: [String] {
        var found: [String] = []
        if file.metaData == nil { found.append("it has no meta_data, so its positions are taken for pixels of the map at the pixel size of the model") }
        if file.lowDoseAreas == nil { found.append("it has no ld_areas, so every target is taken for one in Record") }
        if file.settings?["measureGeo"] == nil {
            let count = file.geoPoints.value.count
            found.append("it does not say measureGeo, so PACEtomo \(count >= 3 ? "would leave its \(count) geo points unused" : "goes by the script's pretilt and rotation")")
        }
        if file.points.value.isEmpty { found.append("it holds no target") }
        if (1 ... 2).contains(file.geoPoints.value.count) { found.append("it has \(file.geoPoints.value.count) of the 3 geo points that a plane needs") }
        return found
    }
}
