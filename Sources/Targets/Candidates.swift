import Geometry
import Raster

/// Positions to choose from.
struct Candidates {
    let sites: [PlacementField.Site]
    /// Map pixels between neighbouring ones.
    let pitch: Int
    /// nil where they lie on no raster.
    let raster: CandidateRaster?
}

/// Where candidates lie on a raster of positions.
struct CandidateRaster {
    let width: Int
    let height: Int
    /// By place of the raster: the candidate, -1 where none is.
    let candidates: [Int32]
    /// By candidate: its place in the raster.
    private(set) var places: [Int32]
    /// In places, in either direction.
    let reach: Int

    /// The same raster with more sites, which lie anywhere in its places.
    func adding(_ sites: [PlacementField.Site], of field: PlacementField, pitch: Int) -> Self {
        var copy = self
        for site in sites {
            let x = Int((site.position.x - Double(field.scores.columns) / 2) / Double(pitch))
            let y = Int((site.position.y - Double(field.scores.rows) / 2) / Double(pitch))
            copy.places.append(Int32(min(height - 1, max(0, y)) * width + min(width - 1, max(0, x))))
        }
        return copy
    }

    /// Another candidate within reach, nil where the place that was drawn has none.
    func neighbour(of candidate: Int, _ random: inout RandomSource) -> Int? {
        let bits = random.next()
        let side = UInt64(2 * reach + 1)
        let place = Int(places[candidate])
        let x = place % width + Int(bits % side) - reach
        let y = place / width + Int((bits >> 32) % side) - reach
        guard x >= 0, y >= 0, x < width, y < height else { return nil }
        let found = Int(candidates[y * width + x])
        return found >= 0 && found != candidate ? found : nil
    }
}
