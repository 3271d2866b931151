/// What a person decided to leave out of a session.
public struct Skip: Codable, Sendable, Hashable {
    /// Cassette slot.
    public let grid: Int
    /// nil: the whole grid.
    public let lamella: Int?
    public let reason: String
    public init(grid: Int, lamella: Int?, reason: String) {
        self.grid = grid
        self.lamella = lamella
        self.reason = reason
    }

    /// Whether it is decided at a checkpoint: a skipped grid takes its lamellae with it.
    public func covers(_ checkpoint: Checkpoint) -> Bool {
        switch checkpoint {
        case .grid(let slot), .map(let slot), .acquisition(let slot), .inspection(let slot, _): grid == slot && lamella == nil
        case .lamella(let slot, let number, _): grid == slot && (lamella == nil || lamella == number)
        case .question(let step): grid == step.slot && (lamella == nil || lamella == step.lamella)
        }
    }
}
