import Geometry
import Raster

/// Tells which positions lie on avoided pixels or close to one.
///
/// The border of a segmented region is uncertain, and what is to be avoided does not belong into the middle of the picture:
/// the circle in the camera's field, half its shorter side about the centre of a target, is free of it.
struct AvoidedSurroundings {
    /// In map pixels, at most 255.
    let radius: Int
    /// Distance of each pixel to the nearest avoided one of its row, at most 255; nil where nothing is avoided.
    private let alongRow: Raster<UInt8>?

    init(labels: Raster<UInt8>, avoided: [Bool], columns: Int, rows: Int) {
        radius = min(255, max(0, min(columns, rows) / 2))
        guard labels.pixels.contains(where: { avoided[Int($0)] }) else {
            alongRow = nil
            return
        }
        var distances = Raster<UInt8>(width: labels.width, height: labels.height, filledWith: 255)
        for y in 0 ..< labels.height {
            var before: UInt8 = 255
            for x in 0 ..< labels.width {
                before = avoided[Int(labels[x, y])] ? 0 : before == 255 ? 255 : before + 1
                distances[x, y] = before
            }
            var after: UInt8 = 255
            for x in stride(from: labels.width - 1, through: 0, by: -1) {
                after = distances[x, y] == 0 ? 0 : after == 255 ? 255 : after + 1
                distances[x, y] = min(distances[x, y], after)
            }
        }
        alongRow = distances
    }

    /// Whether a disc about a position, of ``radius`` if none is given, holds an avoided pixel. Beyond the map nothing is known and nothing avoided.
    func touch(_ position: Point<Frame.MapPixels>, within distance: Int? = nil) -> Bool {
        let radius = distance ?? radius
        guard let alongRow, radius >= 0 else { return false }
        let column = min(alongRow.width - 1, max(0, Int(position.x)))
        let row = min(alongRow.height - 1, max(0, Int(position.y)))
        return (max(0, row - radius) ... min(alongRow.height - 1, row + radius)).contains { y in
            let across = y - row
            let distance = Int(alongRow[column, y])
            return distance < 255 && distance * distance + across * across <= radius * radius
        }
    }
}
