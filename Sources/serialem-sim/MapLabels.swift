import Geometry
import ImageFiles
import Raster
import Specimen

/// The segmentation of one lamella map and the true labels of the same field.
struct MapLabels {
    let seen: Raster<UInt8>
    private let field: Raster<UInt8>
    private let shift: (x: Int, y: Int)
    /// How far the true labels reach beyond the map, in pixels.
    private static let margin = 100

    /// Nil for a map that does not say where it lies.
    init?(map: String, comparison: GridComparison) throws {
        seen = try PNGFile.readGrey("\(comparison.maps)/\(map)_seg.png")
        let toMap = try comparison.stageToMap("\(comparison.maps)/\(map).json")
        guard seen.width > 1, let toStage = toMap.inverse, let stageToGrid = comparison.stageToGrid() else { return nil }
        let middle = toStage(Point(x: Double(seen.width) / 2, y: Double(seen.height) / 2))
        field = comparison.specimen.labels(of: FieldOfView(
            width: seen.width + 2 * Self.margin, height: seen.height + 2 * Self.margin, center: stageToGrid(middle),
            pixelToGrid: toStage.linear.then(stageToGrid.linear)))
        shift = Self.bestShift(seen, within: field, margin: Self.margin)
    }

    /// The true label at a pixel of the map.
    func real(_ x: Int, _ y: Int) -> UInt8 { field[x + shift.x, y + shift.y] }

    /// The shift at which most pixels of the segmentation agree with the truth, searched coarsely and then finely.
    private static func bestShift(_ seen: Raster<UInt8>, within real: Raster<UInt8>, margin: Int) -> (x: Int, y: Int) {
        func agreement(_ dx: Int, _ dy: Int) -> Int {
            var same = 0
            for y in stride(from: 0, to: seen.height, by: 6) {
                for x in stride(from: 0, to: seen.width, by: 6) where seen[x, y] == real[x + dx, y + dy] { same += 1 }
            }
            return same
        }
        var best = (x: margin, y: margin)
        for (step, reach) in [(10, 100), (3, 9), (1, 2)] {
            let around = best
            var most = -1
            for dy in stride(from: -reach, through: reach, by: step) {
                for dx in stride(from: -reach, through: reach, by: step) {
                    let x = max(0, min(2 * margin, around.x + dx))
                    let y = max(0, min(2 * margin, around.y + dy))
                    let count = agreement(x, y)
                    if count > most { most = count; best = (x, y) }
                }
            }
        }
        return best
    }
}
