internal import Geometry
internal import Raster
internal import Units

/// What each place of a grid has been exposed to: the sum over all exposures whose beam covered it.
struct DoseMap: Sendable {
    private struct Exposure: Sendable {
        let center: Point<Frame.Stage>
        let radius: Double
        let dose: Double
    }
    private var exposures: [Exposure] = []

    mutating func add(_ dose: Dose, at center: Point<Frame.Stage>, beamDiameter: Micrometers) {
        exposures.append(Exposure(center: center, radius: beamDiameter.value / 2, dose: dose.value))
    }
    func dose(at place: Point<Frame.Stage>) -> Dose {
        Dose(exposures.reduce(0) { $0 + ($1.center.distance(to: place) <= $1.radius ? $1.dose : 0) })
    }
}

/// One line of the exposure log.
public struct ExposureRecord: Codable, Sendable, Hashable {
    /// Simulated time, ISO 8601 without zone.
    public let time: String
    /// Slot of the grid under the beam, 0 for none.
    public let slot: Int
    /// Parameter set letter, V F T R P S or M.
    public let area: String
    public let magnification: Double
    /// What the stage read, in micrometres, and the tilt in degrees.
    public let stageX: Double
    public let stageY: Double
    public let stageZ: Double
    public let tilt: Double
    /// Where the beam really went, in stage coordinates.
    public let trueX: Double
    public let trueY: Double
    public let exposureSeconds: Double
    /// Electrons per square angstrom.
    public let dose: Double
    /// The sum at the centre of this exposure, this one included.
    public let accumulatedDose: Double
    /// The file that was open, or empty.
    public let file: String
}
