import Detection
import Geometry
import Units

/// A lamella found on the grid map. Its number stays with it through all levels and files.
struct FoundLamella: Codable, Sendable, Hashable {
    let number: Int
    let box: Rectangle<Frame.MapPixels>
    let className: String
    let classIndex: Int
    let score: Double
    let stage: Point<Frame.Stage>
    /// The corners of its box on the stage, from its centre.
    let stageCorners: [Vector<Frame.Stage>]
    let widthMicrometers: Double
    let heightMicrometers: Double
}

/// A lamella found again at intermediate magnification.
struct RecentredLamella: Codable, Sendable, Hashable {
    /// What the intermediate images showed.
    enum Outcome: String, Codable, Sendable { case found, duplicate, absent }
    let number: Int
    let outcome: Outcome
    /// What level 1 knew of it.
    let onGridMap: FoundLamella
    /// The centre, as the stage reads it at intermediate magnification.
    let stage: Point<Frame.Stage>
    let z: Micrometers
    let className: String
    let score: Double
    let images: Int
}

/// A lamella's medium-magnification map.
struct LamellaMap: Codable, Sendable, Hashable {
    let number: Int
    let picture: MapPicture
    /// The centre measured on the map, as the stage reads it in View.
    let stage: Point<Frame.Stage>
    let center: Point<Frame.MapPixels>
    let score: Double
    /// Whether the lamella was detected on the map; otherwise the centre is the map's.
    let measured: Bool
}

/// What segmentation says of a lamella.
struct SegmentedLamella: Codable, Sendable, Hashable {
    let number: Int
    let labelsFile: String
    let areas: [String: Double]
    /// SHA-256 of a labels file that somebody drew; nil for the network's.
    var checksum: String?
}

/// How many targets a lamella has, by area.
struct TargetedLamella: Codable, Sendable, Hashable {
    let number: Int
    /// Area names with the number of their targets.
    let areas: [Area]
    struct Area: Codable, Sendable, Hashable {
        let name: String
        let pointsFile: String
        let targets: Int
        /// Of the positions and scores, so that whoever works with them notices that they are others.
        let digest: String
    }
}
