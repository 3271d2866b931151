import Foundation
import Geometry
import Raster
import Targets
import Units

/// A made-up map with settings and a calibration: everything that a file or a person may bring, small enough for thousands.
struct RandomCase {
    let labels: Raster<UInt8>
    let acquired: Raster<Bool>?
    let geometry: LamellaGeometry
    let settings: TargetSettings
    let acquisition: [TargetsFile.Setting]
    /// Record's field in whole pixels.
    let columns: Int
    let rows: Int

    static let classes = SampleMaps.classes

    init(seed: UInt64) {
        var random = RandomSource(seed: seed)
        let width = Self.side(&random)
        let height = random.uniform() < 0.1 ? Self.side(&random) * 2 : Self.side(&random)
        labels = Self.labels(&random, width: width, height: height)
        acquired = random.uniform() < 0.3 ? Self.acquired(&random, width: width, height: height) : nil
        let geometry = Self.geometry(&random, pixelSize: random.uniform(30 ... 250))
        self.geometry = geometry
        settings = Self.settings(&random)
        acquisition = Self.acquisition(&random)
        func pixels(_ field: Micrometers) -> Int { max(1, Int((field.inNanometers / geometry.mapPixelSize).value.rounded(.down))) }
        columns = pixels(geometry.recordFieldWidth)
        rows = pixels(geometry.recordFieldHeight)
    }

    private static func side(_ random: inout RandomSource) -> Int {
        random.uniform() < 0.05 ? Int(random.uniform(1 ... 4)) : Int(random.uniform(6 ... 34))
    }

    /// One label everywhere, single pixels, blobs, stripes or noise.
    private static func labels(_ random: inout RandomSource, width: Int, height: Int) -> Raster<UInt8> {
        func label() -> UInt8 { UInt8(random.uniform() * Double(classes.count)) }
        var map = Raster<UInt8>(width: width, height: height, filledWith: random.uniform() < 0.6 ? 5 : label())
        let kind = random.uniform()
        for _ in 0 ..< Int(random.uniform(0 ... 6)) {
            let wanted = label()
            let (x, y) = (Int(random.uniform() * Double(width)), Int(random.uniform() * Double(height)))
            let (rx, ry) = kind < 0.2 ? (0, 0) : kind < 0.4 ? (0, height) : (Int(random.uniform(0 ... 12)), Int(random.uniform(0 ... 12)))
            for row in max(0, y - ry) ... min(height - 1, y + ry) {
                for column in max(0, x - rx) ... min(width - 1, x + rx) { map[column, row] = wanted }
            }
        }
        if kind > 0.9 {
            for _ in 0 ..< width * height / 4 { map[Int(random.uniform() * Double(width)), Int(random.uniform() * Double(height))] = label() }
        }
        return map
    }

    /// A part of the map without an image, or nothing but that.
    private static func acquired(_ random: inout RandomSource, width: Int, height: Int) -> Raster<Bool> {
        let first = random.uniform() < 0.1 ? 0 : Int(random.uniform(0.3 ... 1) * Double(width))
        var map = Raster<Bool>(width: width, height: height, filledWith: true)
        for row in 0 ..< height {
            for column in first ..< width { map[column, row] = false }
        }
        return map
    }

    /// The axis in any direction, the stage mirrored or not and turned against the specimen.
    private static func geometry(_ random: inout RandomSource, pixelSize: Double) -> LamellaGeometry {
        let (axis, turn) = (Degrees(random.uniform(-180 ... 180)), Degrees(random.uniform(-180 ... 180)))
        let mirrored = random.uniform() < 0.5 ? -1.0 : 1.0
        let (s, c) = (sine(axis) * pixelSize / 1000, cosine(axis) * pixelSize / 1000)
        let mapToSpecimen = LinearMap<Frame.MapPixels, Frame.Specimen>(xpx: -s, xpy: c, ypx: c * mirrored, ypy: s * mirrored)
        let stageToSpecimen = LinearMap<Frame.Stage, Frame.Specimen>(xpx: cosine(turn), xpy: sine(turn), ypx: -sine(turn), ypy: cosine(turn))
        let back = LinearMap<Frame.Specimen, Frame.Stage>(xpx: cosine(turn), xpy: -sine(turn), ypx: sine(turn), ypy: cosine(turn))
        let field = pixelSize * random.uniform(0.5 ... 8) / 1000
        return LamellaGeometry(
            mapPixelSize: PixelSize(pixelSize), beamDiameter: Micrometers(pixelSize * random.uniform(4 ... 20) / 1000), recordFieldWidth: Micrometers(field),
            recordFieldHeight: Micrometers(field * random.uniform(0.5 ... 1.5)),
            mapToStage: AffineMap(
                linear: mapToSpecimen.then(back), sending: .origin, to: Point(x: random.uniform(-900 ... 900), y: random.uniform(-900 ... 900))),
            stageToSpecimen: stageToSpecimen)
    }

    private static func settings(_ random: inout RandomSource) -> TargetSettings {
        let lists = [["mitos"], ["cell"], ["lamella"], ["lamella"], ["cell", "mitos", "nucleus"], ["lipiddroplets"], ["background"]]
        var settings = TargetSettings(targetClasses: lists[Int(random.uniform() * Double(lists.count))])
        settings.avoidedClasses = [["black", "white", "ice", "crack"], [], ["ice"]][Int(random.uniform() * 3)]
        settings.scoreThreshold = random.uniform() < 0.5 ? 0.01 : random.uniform(0 ... 0.9)
        settings.penaltyWeight = random.uniform()
        settings.sparse = random.uniform() < 0.5
        settings.edge = random.uniform() < 0.15
        settings.maximumTilt = Degrees(random.uniform() < 0.1 ? 0 : random.uniform(0 ... 80))
        // Down to less than a beam.
        settings.imageShiftLimit = Micrometers(random.uniform() < 0.3 ? random.uniform(0.1 ... 1) : random.uniform(1 ... 19.5))
        settings.extraTracking = random.uniform() < 0.15
        settings.beamMargin = Micrometers(random.uniform() < 0.5 ? 0 : random.uniform(0 ... 0.5))
        return settings
    }

    /// What SPACEtomo's GUI lets people say of an area.
    private static func acquisition(_ random: inout RandomSource) -> [TargetsFile.Setting] {
        guard random.uniform() < 0.4 else { return [] }
        let step = [1.0, 1.5, 2, 3][Int(random.uniform() * 4)]
        let start = Double(Int(random.uniform(-5 ... 5))) * step
        let steps = Double(Int(random.uniform(5 ... 20)))
        return [
            .init("startTilt", .number(start)), .init("minTilt", .number(start - steps * step)), .init("maxTilt", .number(start + steps * step)),
            .init("step", .number(step)), .init("pretilt", .number(-start * random.uniform())), .init("rotation", .number(random.uniform(-180 ... 180))),
            .init("autoStartTilt", .flag(random.uniform() < 0.5)),
        ]
    }
}
