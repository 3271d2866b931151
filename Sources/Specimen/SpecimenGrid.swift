import Geometry
import Raster

/// What became of one square of the film.
struct GridSquare: Sendable {
    /// Transmission of the film with its ice.
    var film: Double
    /// How much of the opening has lost its film, 0 for none.
    var broken: Double
}

/// A dark body on the film: a clump of cells, or ice.
struct FilmBody: Sendable {
    let center: Point<Frame.Grid>
    let halfLength: Double
    let halfWidth: Double
    let angle: Double
    let transmission: Double
}

/// A whole grid with milled lamellae; the seed decides all of it.
///
/// Squares are 100 um apart with openings of 75 um, as on a 200-mesh grid.
public struct SpecimenGrid: Sendable {
    public let seed: UInt64
    public let lamellae: [Lamella]
    /// Direction of the bars, in degrees counter-clockwise from x.
    public let barAngle: Double
    let squares: [GridSquare]
    let bodies: [FilmBody]

    static let pitch = 100.0
    static let halfOpening = 37.5
    /// Squares are counted from `-reach` to `reach` in both directions.
    static let reach = 16
    /// Half of the 3.05 mm of a grid, less the rim.
    static let radius = 1420.0

    public init(seed: UInt64) {
        let root = RandomSource(seed: seed)
        var random = root.fork(1)
        self.seed = seed
        let barAngle = random.uniform(-20 ... 20)
        self.barAngle = barAngle
        let bars = LocalFrame(center: .origin, angle: barAngle)
        let side = 2 * Self.reach + 1

        let dirt = (0 ..< 4).map { _ in
            (x: random.uniform(-900 ... 900), y: random.uniform(-900 ... 900), radius: random.uniform(90 ... 220))
        }
        let tears = (0 ..< 3).map { _ in
            (x: random.uniform(-900 ... 900), y: random.uniform(-900 ... 900), radius: random.uniform(90 ... 200))
        }
        var squares: [GridSquare] = []
        for j in -Self.reach ... Self.reach {
            for i in -Self.reach ... Self.reach {
                let c = bars.grid(u: Double(i) * Self.pitch, v: Double(j) * Self.pitch)
                let slow = NoiseTable.shared(c.x / 500 + Double(seed & 255), c.y / 500)
                var square = GridSquare(film: 0.24 + 0.12 * slow + random.uniform(-0.05 ... 0.05), broken: 0)
                if dirt.contains(where: { squared($0.x - c.x) + squared($0.y - c.y) < squared($0.radius) }) {
                    square.film = 0.07
                }
                let torn = tears.contains { squared($0.x - c.x) + squared($0.y - c.y) < squared($0.radius) }
                if random.uniform() < (torn ? 0.8 : 0.04) { square.broken = random.uniform(0.5 ... 1) }
                squares.append(square)
            }
        }

        var lamellaRandom = root.fork(2)
        let places = Self.lamellaSquares(&lamellaRandom)
        let millingAngle = lamellaRandom.uniform(-6 ... 6)
        var lamellae: [Lamella] = []
        for (id, place) in places.enumerated() {
            let c = bars.grid(
                u: Double(place.i) * Self.pitch + lamellaRandom.uniform(-20 ... 20),
                v: Double(place.j) * Self.pitch + lamellaRandom.uniform(-20 ... 20))
            let kind = id == 0 ? .good : Self.drawnClass(&lamellaRandom)
            var maker = LamellaMaker(random: root.fork(1000 + UInt64(id)))
            lamellae.append(maker.lamella(id: id, center: c, kind: kind, millingAngle: millingAngle))
            let index = (place.j + Self.reach) * side + place.i + Self.reach
            squares[index].broken = 0
            squares[index].film = Swift.max(0.12, Swift.min(0.34, squares[index].film))
        }
        self.squares = squares
        self.lamellae = lamellae
        bodies = Self.filmBodies(root.fork(3), bars: bars, squares: squares, lamellae: lamellae)
    }

    /// Different squares near the centre, one lamella in each, so that lamellae stay more than 40 um apart.
    private static func lamellaSquares(_ random: inout RandomSource) -> [(i: Int, j: Int)] {
        let count = 6 + Int(random.uniform() * 15)
        var places: [(i: Int, j: Int)] = []
        while places.count < count {
            let i = Int(random.uniform() * 9) - 4
            let j = Int(random.uniform() * 9) - 4
            if !places.contains(where: { $0.i == i && $0.j == j }) { places.append((i, j)) }
        }
        return places
    }

    private static func drawnClass(_ random: inout RandomSource) -> LamellaClass {
        switch random.uniform() {
        case ..<0.15: .broken
        case ..<0.30: .contaminated
        case ..<0.55: .good
        case ..<0.70: .thick
        case ..<0.86: .wedge
        default: .gone
        }
    }

    private static func filmBodies(
        _ source: RandomSource, bars: LocalFrame, squares: [GridSquare], lamellae: [Lamella]
    ) -> [FilmBody] {
        var random = source
        var bodies: [FilmBody] = []
        var index = 0
        for j in -reach ... reach {
            for i in -reach ... reach {
                let square = squares[index]
                index += 1
                let count = square.film < 0.1 ? 5 : Int(random.uniform() * 4)
                for _ in 0 ..< count {
                    let c = bars.grid(
                        u: Double(i) * pitch + random.uniform(-34 ... 34),
                        v: Double(j) * pitch + random.uniform(-34 ... 34))
                    let halfLength = random.uniform(2.5 ... 9)
                    let body = FilmBody(
                        center: c, halfLength: halfLength, halfWidth: halfLength * random.uniform(0.6 ... 1),
                        angle: random.uniform(0 ... 180), transmission: random.uniform(0.03 ... 0.08))
                    let near = lamellae.contains { $0.center.distance(to: c) < 26 }
                    if square.broken == 0, !near { bodies.append(body) }
                }
            }
        }
        return bodies
    }
}
