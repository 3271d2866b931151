internal import Geometry
internal import Specimen
internal import Units

/// What lies where, for the tests and for judging a session afterwards.
public struct SimulatorTruth: Codable, Sendable {
    /// A place in micrometres.
    public struct Place: Codable, Sendable, Hashable {
        public let x: Double
        public let y: Double
    }
    public struct Lamella: Codable, Sendable {
        public let id: Int
        /// The detector's class, by name and number.
        public let className: String
        public let classIndex: Int
        /// What the stage reads when the centre is in the middle of a Record without image shift.
        public let stage: Place
        /// Corners of the band in stage coordinates.
        public let stageOutline: [Place]
        /// The centre in the coordinates of the grid.
        public let grid: Place
        public let widthMicrometers: Double
        public let heightMicrometers: Double
        public let eucentricZ: Double
        /// Mitochondria and other bodies, in stage coordinates.
        public let organelles: [Organelle]
    }
    public struct Organelle: Codable, Sendable {
        public let label: String
        public let stage: Place
        public let halfLength: Double
    }
    public struct Grid: Codable, Sendable {
        public let slot: Int
        public let name: String
        public let seed: UInt64
        public let lamellae: [Lamella]
    }
    public let seed: UInt64
    public let loadedSlot: Int?
    public let grids: [Grid]
}

extension SimulatorTruth.Grid {
    init(_ grid: LoadedGrid) {
        func place(_ p: Point<Frame.Grid>) -> SimulatorTruth.Place {
            let s = grid.gridToStage(p)
            return SimulatorTruth.Place(x: s.x, y: s.y)
        }
        slot = grid.slot
        name = grid.name
        seed = grid.specimen.seed
        lamellae = grid.specimen.lamellae.map { lamella in
            let c = cosine(Degrees(lamella.angle))
            let s = sine(Degrees(lamella.angle))
            let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map { u, v in
                place(
                    Point(
                        x: lamella.center.x + c * u * lamella.width - s * v * lamella.height,
                        y: lamella.center.y + s * u * lamella.width + c * v * lamella.height))
            }
            return SimulatorTruth.Lamella(
                id: lamella.id, className: "\(lamella.kind)", classIndex: lamella.kind.rawValue, stage: place(lamella.center),
                stageOutline: corners, grid: SimulatorTruth.Place(x: lamella.center.x, y: lamella.center.y),
                widthMicrometers: lamella.width, heightMicrometers: lamella.height,
                eucentricZ: grid.eucentricHeight(grid.gridToStage(lamella.center)).value,
                organelles: lamella.organelles.map {
                    SimulatorTruth.Organelle(label: "\($0.label)", stage: place($0.center), halfLength: $0.halfLength)
                })
        }
    }
}
