internal import Geometry
internal import Raster
internal import Specimen
internal import Units

/// A grid as it lies on the stage after one loading: turned, displaced, and at a height of its own.
struct LoadedGrid: Sendable {
    let slot: Int
    /// The cartridge that lies in the slot.
    let cartridge: Int
    let name: String
    let specimen: SpecimenGrid
    /// Where each place of the grid is centred by a Record without image shift.
    let gridToStage: AffineMap<Frame.Grid, Frame.Stage>
    let stageToGrid: AffineMap<Frame.Stage, Frame.Grid>
    private let height: Double
    private let slope: (x: Double, y: Double)

    /// The cartridge never sits twice in the same way, which the number of its loading decides.
    init(slot: Int, cartridge: Int, name: String, seed: UInt64, seating: Cassette.Seating) {
        self.slot = slot
        self.cartridge = cartridge
        self.name = name
        specimen = SpecimenGrid(seed: seed &* 100 &+ UInt64(cartridge))
        let offset = seating.offset ?? Cassette.Displacement(micrometers: 0, degrees: 0)
        var grid = RandomSource(seed: seed).fork(UInt64(cartridge))
        let angle = grid.uniform(-12 ... 12)
        height = grid.uniform(-35 ... 35)
        slope = (grid.uniform(-0.012 ... 0.012), grid.uniform(-0.012 ... 0.012))
        var load = grid.fork(UInt64(seating.loading))
        let turn = LinearMap<Frame.Grid, Frame.Stage>.rotation(Degrees(180 + angle + load.uniform(-1.5 ... 1.5) + offset.degrees))
        let place = Point<Frame.Stage>(x: load.uniform(-40 ... 40) + offset.micrometers, y: load.uniform(-40 ... 40))
        let map = AffineMap<Frame.Grid, Frame.Stage>(linear: turn, sending: .origin, to: place)
        gridToStage = map
        stageToGrid = AffineMap<Frame.Stage, Frame.Grid>(
            linear: LinearMap(xpx: turn.xpx, xpy: turn.ypx, ypx: turn.xpy, ypy: turn.ypy), sending: place, to: .origin)
    }

    /// The height at which the tilt axis runs through the specimen.
    func eucentricHeight(_ s: Point<Frame.Stage>) -> Micrometers { Micrometers(height + slope.x * s.x + slope.y * s.y) }
}
