import Geometry
import InferenceWire

/// A box of one tile before neighbours, classes and tiles are merged; pixels of the map.
struct Candidate: Sendable, Hashable {
    var box: Rectangle<Frame.MapPixels>
    var classIndex: Int
    var score: Double
    /// Whether the box ends at a border of its tile that is not a border of the map. Another tile then shows it whole.
    var isCut: Bool
}

extension Candidate {
    /// Decodes the output [1, 4 + classes, boxes] of a detector with centre, size and one probability per class.
    /// - Parameters:
    ///   - origin: where the tile lies on the map.
    ///   - tiling: sizes of the tiles.
    static func decode(
        _ output: Tensor, classes: Int, confidence: Double, origin: Tiling.Origin, tiling: Tiling, mapWidth: Int, mapHeight: Int
    ) throws(DetectionError) -> [Candidate] {
        let shape = output.shape
        guard shape.count == 3, shape[0] == 1, shape[1] == 4 + classes else {
            throw .unexpectedOutput(shape: shape, expectedRows: 4 + classes)
        }
        // Else a damaged network would find nothing, and a grid pass for empty.
        guard output.values.allSatisfy(\.isFinite) else { throw .notFinite }
        let count = shape[2]
        let values = output.values
        var found: [Candidate] = []
        for i in 0 ..< count {
            var best = 0
            var score = -Float.infinity
            for k in 0 ..< classes where values[(4 + k) * count + i] > score {
                best = k
                score = values[(4 + k) * count + i]
            }
            guard score.isFinite, Double(score) >= confidence else { continue }
            let x = Double(values[i])
            let y = Double(values[count + i])
            let w = Double(values[2 * count + i])
            let h = Double(values[3 * count + i])
            guard x.isFinite, y.isFinite, w.isFinite, h.isFinite, w > 0, h > 0 else { continue }
            let tile = (minX: x - w / 2, minY: y - h / 2, maxX: x + w / 2, maxY: y + h / 2)
            // Within two pixels: the network rounds a cut edge to about one.
            let isCut =
                (origin.x > 0 && tile.minX < 2) || (origin.y > 0 && tile.minY < 2)
                || (origin.x + tiling.width < mapWidth && tile.maxX > Double(tiling.width) - 2)
                || (origin.y + tiling.height < mapHeight && tile.maxY > Double(tiling.height) - 2)
            let minX = max(0, tile.minX + Double(origin.x))
            let minY = max(0, tile.minY + Double(origin.y))
            let maxX = min(Double(mapWidth), tile.maxX + Double(origin.x))
            let maxY = min(Double(mapHeight), tile.maxY + Double(origin.y))
            guard maxX > minX, maxY > minY else { continue }
            found.append(
                Candidate(
                    box: Rectangle(minX: minX, minY: minY, maxX: maxX, maxY: maxY), classIndex: best,
                    score: min(1, Double(score)), isCut: isCut))
        }
        return found
    }
}
