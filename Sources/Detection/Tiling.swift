/// Where the detector's square input lies on a map.
///
/// Tiles are never scaled. The last one is shifted inwards instead of padded, and neighbours overlap by more than a
/// lamella, so that each lamella lies whole in at least one tile.
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
    ///   - acceptsAnySize: whether a small map may be a tile of the next multiple of 32 instead of a whole one.
    public init(mapWidth: Int, mapHeight: Int, side: Int, overlap: Int, acceptsAnySize: Bool) {
        func length(_ map: Int) -> Int { acceptsAnySize ? Swift.min(side, (map + 31) / 32 * 32) : side }
        width = length(mapWidth)
        height = length(mapHeight)
        let shared = Swift.max(0, Swift.min(overlap, side / 2))
        let columns = Self.positions(length: mapWidth, side: side, overlap: shared)
        let rows = Self.positions(length: mapHeight, side: side, overlap: shared)
        origins = rows.flatMap { y in columns.map { x in Origin(x: x, y: y) } }
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
