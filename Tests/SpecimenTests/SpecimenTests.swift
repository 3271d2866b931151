import Geometry
import Raster
import Specimen
import Testing
import Units

@Suite struct SpecimenGridTests {
    @Test func oneSeedMakesOneGrid() {
        let a = SpecimenGrid(seed: 7)
        let b = SpecimenGrid(seed: 7)
        #expect(a.lamellae.map(\.center) == b.lamellae.map(\.center))
        let field = FieldOfView(width: 200, height: 150, center: a.lamellae[0].center, pixelSize: PixelSize(100))
        let first = a.image(of: field, electronsPerPixel: 60, defocus: .zero, damage: 0, noiseSeed: 3)
        let second = b.image(of: field, electronsPerPixel: 60, defocus: .zero, damage: 0, noiseSeed: 3)
        #expect(first == second)
    }

    @Test func otherSeedsMakeOtherGrids() {
        #expect(SpecimenGrid(seed: 7).lamellae.map(\.center) != SpecimenGrid(seed: 8).lamellae.map(\.center))
    }

    @Test func otherNoiseSeedsChangeOnlyTheNoise() {
        let grid = SpecimenGrid(seed: 7)
        let field = FieldOfView(width: 100, height: 80, center: grid.lamellae[0].center, pixelSize: PixelSize(100))
        let a = grid.image(of: field, electronsPerPixel: 1000, defocus: .zero, damage: 0, noiseSeed: 1)
        let b = grid.image(of: field, electronsPerPixel: 1000, defocus: .zero, damage: 0, noiseSeed: 2)
        #expect(a != b)
        #expect(abs(a.mean - b.mean) < 0.01 * a.mean)
    }

    @Test(arguments: UInt64(0) ..< 40) func lamellaeKeepTheirNumberPlaceSizeAndSpacing(seed: UInt64) {
        let lamellae = SpecimenGrid(seed: seed).lamellae
        #expect((4 ... 20).contains(lamellae.count))
        #expect(lamellae.contains { $0.kind == .good })
        for a in lamellae {
            #expect(abs(a.center.x) <= 600 && abs(a.center.y) <= 600)
            #expect((9 ... 16).contains(a.width) && (6 ... 12).contains(a.height) && abs(a.angle) <= 8)
            for b in lamellae where b.id != a.id { #expect(a.center.distance(to: b.center) > 40) }
        }
    }

    @Test func allClassesOccur() {
        let kinds = Set((UInt64(0) ..< 10).flatMap { SpecimenGrid(seed: $0).lamellae.map(\.kind) })
        #expect(kinds.count == LamellaClass.allCases.count)
    }

    @Test(arguments: [UInt64(3), 11, 12]) func theTruthBoxHoldsTheBandAndTouchesIt(seed: UInt64) {
        for lamella in SpecimenGrid(seed: seed).lamellae {
            let box = lamella.box
            let c = cosine(Degrees(lamella.angle))
            let s = sine(Degrees(lamella.angle))
            let corners = [(-1.0, -1.0), (1, -1), (-1, 1), (1, 1)].map { sign in
                let u = sign.0 * lamella.width / 2
                let v = sign.1 * lamella.height / 2
                return Point<Frame.Grid>(x: lamella.center.x + c * u - s * v, y: lamella.center.y + s * u + c * v)
            }
            #expect(abs((corners.map(\.x).max() ?? 0) - box.maxX) < 1e-9)
            #expect(abs((corners.map(\.y).min() ?? 0) - box.minY) < 1e-9)
        }
    }

    @Test func everyLamellaThatIsThereHasThreeToEightCellsAndMitochondria() {
        for seed in UInt64(0) ..< 12 {
            for lamella in SpecimenGrid(seed: seed).lamellae {
                let cells = lamella.organelles(.cell).count
                #expect(lamella.kind == .gone ? cells == 0 : (3 ... 8).contains(cells))
                #expect(lamella.kind == .gone || !lamella.organelles(.mitos).isEmpty)
            }
        }
    }
}

@Suite struct SpecimenImagingTests {
    /// The lamellae of some grids with the mean transmission of the middle of their bands.
    private static func means(pixel: Double) -> [(kind: LamellaClass, mean: Double)] {
        (UInt64(0) ..< 6).flatMap { seed in
            let grid = SpecimenGrid(seed: seed)
            return grid.lamellae.map { lamella in
                let field = FieldOfView(
                    width: Int(lamella.width * 0.7 / pixel), height: Int(lamella.height * 0.7 / pixel),
                    center: lamella.center, pixelSize: PixelSize(pixel * 1000), rotation: Degrees(lamella.angle))
                return (lamella.kind, grid.transmission(of: field).mean)
            }
        }
    }

    @Test(arguments: [0.05, 0.36]) func thickIsDarkerThanGoodAndGoodDarkerThanGone(pixel: Double) throws {
        let means = Self.means(pixel: pixel)
        let thick = means.filter { $0.kind == .thick }.map(\.mean)
        let good = means.filter { $0.kind == .good }.map(\.mean)
        let gone = means.filter { $0.kind == .gone }.map(\.mean)
        #expect(try #require(thick.max()) < 0.7 * (try #require(good.min())))
        #expect(try #require(good.max()) < 0.8 * (try #require(gone.min())))
    }

    @Test(arguments: [UInt64(1), 2]) func labelsAgreeWithTheGeometry(seed: UInt64) throws {
        let grid = SpecimenGrid(seed: seed)
        var hits = 0
        var asked = 0
        for lamella in grid.lamellae where lamella.kind == .good {
            let field = FieldOfView(
                width: 1400, height: 1400, center: lamella.center, pixelSize: PixelSize(20), rotation: Degrees(5))
            let labels = grid.labels(of: field)
            let back = try #require(field.imageToGrid.inverse)
            let ice = lamella.organelles(.ice)
            for body in lamella.organelles(.mitos) {
                let far = ice.allSatisfy { $0.center.distance(to: body.center) > 1.5 }
                let inBand = abs(body.center.y - lamella.center.y) < lamella.height / 2 - 1.5
                    && abs(body.center.x - lamella.center.x) < lamella.width / 2 - 1.5
                guard far, inBand else { continue }
                let p = back(body.center)
                asked += 1
                if labels[Int(p.x), Int(p.y)] == SegmentationLabel.mitos.rawValue { hits += 1 }
            }
            let c = cosine(Degrees(lamella.angle))
            let s = sine(Degrees(lamella.angle))
            let v = lamella.height / 2 + lamella.trenchAbove / 2
            let trench = back(Point(x: lamella.center.x - s * v, y: lamella.center.y + c * v))
            #expect(labels[Int(trench.x), Int(trench.y)] == SegmentationLabel.white.rawValue)
            let u = lamella.width / 2 + 2.2
            let side = back(Point(x: lamella.center.x + c * u, y: lamella.center.y + s * u))
            #expect(labels[Int(side.x), Int(side.y)] == SegmentationLabel.black.rawValue)
        }
        // A crack may run through a few of them.
        #expect(asked > 5 && Double(hits) >= 0.85 * Double(asked), "\(hits) of \(asked)")
    }

    @Test func tiltCompressesAcrossTheAxisOnly() throws {
        let grid = SpecimenGrid(seed: 5)
        let lamella = grid.lamellae[0]
        let flat = FieldOfView(width: 400, height: 400, center: lamella.center, pixelSize: PixelSize(100))
        var tilted = flat
        tilted.tilt = Degrees(60)
        let before = try #require(flat.imageBox(of: lamella))
        let after = try #require(tilted.imageBox(of: lamella))
        #expect(abs(after.height - before.height / 2) < 1e-6)
        #expect(abs(after.width - before.width) < 1e-6)
        #expect(grid.transmission(of: tilted).mean != grid.transmission(of: flat).mean)
        // The open trenches take half as many rows of the middle column.
        let white = SegmentationLabel.white.rawValue
        func rows(_ field: FieldOfView) -> Int {
            let labels = grid.labels(of: field)
            return (0 ..< 400).count { labels[200, $0] == white }
        }
        #expect(abs(Double(rows(tilted)) / Double(rows(flat)) - 0.5) < 0.06)
    }

    @Test func shotNoiseFollowsTheElectronsAndDamageFadesContrast() {
        let grid = SpecimenGrid(seed: 9)
        let lamella = grid.lamellae[0]
        let field = FieldOfView(width: 300, height: 200, center: lamella.center, pixelSize: PixelSize(10))
        let fresh = grid.image(of: field, electronsPerPixel: 4000, defocus: .zero, damage: 0, noiseSeed: 1)
        let worn = grid.image(of: field, electronsPerPixel: 4000, defocus: .zero, damage: 1, noiseSeed: 1)
        #expect(worn.deviation < 0.6 * fresh.deviation)
        let clean = grid.transmission(of: field)
        let image = grid.image(of: field, electronsPerPixel: 50, defocus: .zero, damage: 0, noiseSeed: 1)
        var ratio = 0.0
        for k in clean.pixels.indices {
            let expected = Double(clean.pixels[k]) * 50
            let difference = Double(image.pixels[k]) / SpecimenGrid.countsPerElectron - expected
            ratio += difference * difference / expected
        }
        #expect(abs(ratio / Double(clean.pixels.count) - 1) < 0.05)
    }

    @Test func imagesOfBothMagnificationsAgreeOnBrightness() {
        let grid = SpecimenGrid(seed: 4)
        for lamella in grid.lamellae {
            let coarse = FieldOfView(width: 60, height: 60, center: lamella.center, pixelSize: PixelSize(400))
            let fine = FieldOfView(width: 600, height: 600, center: lamella.center, pixelSize: PixelSize(40))
            #expect(abs(grid.transmission(of: coarse).mean - grid.transmission(of: fine).mean) < 0.02)
        }
    }
}

extension Raster where Pixel: NumericPixel {
    fileprivate var mean: Double { pixels.reduce(0.0) { $0 + Double($1.asFloat) } / Double(pixels.count) }
    fileprivate var deviation: Double {
        let m = mean
        return (pixels.reduce(0.0) { $0 + (Double($1.asFloat) - m) * (Double($1.asFloat) - m) } / Double(pixels.count)).squareRoot()
    }
}
