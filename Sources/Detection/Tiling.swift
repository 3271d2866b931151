/// Where the detector's input lies on a map.
///
/// Tiles are never scaled. The last one is shifted inwards instead of padded, and neighbours overlap by more than a
/// lamella, so that each lamella lies whole in at least one tile. A network that takes any size gets tiles of the sides
/// that look at the fewest pixels twice: a few pixels more a tile spare a row of tiles.
public struct Tiling: Sendable, Hashable {
    /// A tile's upper left corner, pixels of the map.
    public struct Origin: Sendable, Hashable {
        public var x: Int
        public var y: Int
    }
    /// Sides of each tile, pixels.
    public let width: Int
    public let height: Int
    /// Row by row.
    public let origins: [Origin]

    /// - Parameters:
    ///   - mapWidth: pixels of the map, at least 1; so is `mapHeight`.
    ///   - side: side of the detector's input.
    ///   - overlap: pixels that neighbours share at least; at most half the side is used.
    ///   - acceptsAnySize: whether a tile may be of any multiple of 32 instead of `side`.
    public init(mapWidth: Int, mapHeight: Int, side: Int, overlap: Int, acceptsAnySize: Bool) {
        let shared = Swift.max(0, Swift.min(overlap, side / 2))
        let length = { acceptsAnySize ? Self.length(map: $0, side: side, overlap: shared) : side }
        width = length(mapWidth)
        height = length(mapHeight)
        let columns = Self.positions(length: mapWidth, side: width, overlap: shared)
        let rows = Self.positions(length: mapHeight, side: height, overlap: shared)
        origins = rows.flatMap { y in columns.map { x in Origin(x: x, y: y) } }
    }

    /// The length of tiles along one axis with which the fewest pixels are looked at, a multiple of 32; the shortest such.
    ///
    /// None is longer than the network's own input: layers that look at all of a tile at once know no larger ones, and memory grows with
    /// the tile.
    private static func length(map: Int, side: Int, overlap: Int) -> Int {
        let longest = side / 32 * 32
        var best = (total: Int.max, length: side)
        for count in 1 ... Swift.max(1, positions(length: map, side: side, overlap: overlap).count) {
            // Tiles of this length share exactly the overlap, or what rounding up to 32 adds.
            let length = ((map + (count - 1) * overlap + count - 1) / count + 31) / 32 * 32
            if length <= longest, length * count <= best.total { best = (length * count, length) }
        }
        return best.length
    }

    /// First pixels of tiles along one axis, evenly spread, the last one ending with the map.
    static func positions(length: Int, side: Int, overlap: Int) -> [Int] {
        guard length > side else { return [0] }
        let free = length - side
        let step = side - overlap
        let count = (free + step - 1) / step
        return (0 ... count).map { $0 * free / count }
    }
}
