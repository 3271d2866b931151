public import Geometry

/// The known truth of a grid, as it is written beside the results of a session that ran on it.
public struct GroundTruth: Codable, Sendable {
    /// A lamella with its box and class.
    public struct Entry: Codable, Sendable {
        public let lamella: Lamella
        /// The axis-parallel box about the band.
        public let box: Rectangle<Frame.Grid>
        /// The name of the class.
        public let className: String
    }

    public let seed: UInt64
    public let lamellae: [Entry]

    public init(_ grid: SpecimenGrid) {
        seed = grid.seed
        lamellae = grid.lamellae.map { Entry(lamella: $0, box: $0.box, className: "\($0.kind)") }
    }
}
