internal import Geometry
internal import Raster
internal import Units

/// What each place of a grid has been exposed to: the sum over all exposures whose beam covered it.
struct DoseMap: Sendable {
    private struct Exposure: Sendable {
        var center: Point<Frame.Stage>
        let radius: Double
        let dose: Double
    }
    /// Exposures of one place with one beam.
    private struct Spot: Sendable {
        var center: Point<Frame.Stage>
        let radius: Double
        var dose: Double
    }
    /// Exposures nearer than this are of one place, in micrometres.
    private static let samePlace = 0.25
    /// Exposures below this leave nothing that could be seen, in electrons per square angstrom.
    private static let leastDose = 1.0

    private var exposures: [Exposure] = []
    private var spots: [Spot] = []

    mutating func add(_ dose: Dose, at center: Point<Frame.Stage>, beamDiameter: Micrometers) {
        let radius = beamDiameter.value / 2
        exposures.append(Exposure(center: center, radius: radius, dose: dose.value))
        guard dose.value >= Self.leastDose else { return }
        let known = spots.firstIndex { $0.radius == radius && $0.center.distance(to: center) < Self.samePlace }
        if let known { spots[known].dose += dose.value } else { spots.append(Spot(center: center, radius: radius, dose: dose.value)) }
    }
    /// Where the beam has left a film on the specimen, and the share of the electrons that it takes away: up to a twentieth,
    /// after 300 electrons per square angstrom.
    var darkSpots: [(center: Point<Frame.Stage>, radius: Double, contamination: Double)] {
        spots.map { ($0.center, $0.radius, 0.05 * min(1, $0.dose / 300)) }
    }
    /// The grid lies differently now.
    mutating func move(_ map: (Point<Frame.Stage>) -> Point<Frame.Stage>) {
        for index in exposures.indices { exposures[index].center = map(exposures[index].center) }
        for index in spots.indices { spots[index].center = map(spots[index].center) }
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
