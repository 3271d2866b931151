import Geometry
import Raster

/// How much of what is wanted the camera sees, counted in whole pixels and without weights.
///
/// A field of view is the map pixels that its score is made of; what of it lies beyond the map, as that of a target set by
/// hand may, sees nothing.
public struct Coverage: Hashable, Sendable {
    /// By target: the share of its field that is of wanted classes.
    public let fields: [Double]
    /// The share of all wanted pixels that lie in at least one field; 0 where nothing is wanted.
    public let wanted: Double

    /// - Parameter target: by label, whether its pixels are wanted.
    init(of positions: [Point<Frame.MapPixels>], labels: Raster<UInt8>, target: [Bool], columns: Int, rows: Int) {
        var seen = [Bool](repeating: false, count: labels.pixels.count)
        var union = 0
        fields = positions.map { position in
            guard abs(position.x) < 1e9, abs(position.y) < 1e9 else { return 0 }
            let left = Int((position.x - Double(columns) / 2).rounded())
            let top = Int((position.y - Double(rows) / 2).rounded())
            var count = 0
            for y in max(0, top) ..< max(0, top, min(labels.height, top + rows)) {
                for x in max(0, left) ..< max(0, left, min(labels.width, left + columns)) {
                    let pixel = y * labels.width + x
                    guard target[Int(labels.pixels[pixel])] else { continue }
                    count += 1
                    if !seen[pixel] {
                        seen[pixel] = true
                        union += 1
                    }
                }
            }
            return Double(count) / Double(columns * rows)
        }
        let all = labels.pixels.reduce(0) { $0 + (target[Int($1)] ? 1 : 0) }
        wanted = all > 0 ? Double(union) / Double(all) : 0
    }
}
