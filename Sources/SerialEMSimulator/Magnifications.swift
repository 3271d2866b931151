internal import Geometry
internal import Units

/// One step of the magnification table, with what the calibration knows about it and what it does not.
struct Magnification: Sendable, Hashable {
    let index: Int
    let value: Double
    let isLowMag: Bool
    /// Nanometres on the specimen per unbinned camera pixel.
    let pixelSize: PixelSize
    /// Angle of the tilt axis in the image, counter-clockwise from the x axis of the camera.
    let rotation: Degrees
    /// Where the field centre lies, in stage coordinates, less where it lies at the Record magnification.
    ///
    /// SerialEM does not know it: stage positions read off a map of another magnification are off by this much.
    let offset: Vector<Frame.Stage>

    var specimenToCamera: LinearMap<Frame.Specimen, Frame.Camera> { .rotation(rotation, scale: 1000 / pixelSize.value) }
    var cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen> { .rotation(-rotation, scale: pixelSize.value / 1000) }
}

/// The magnification table of the virtual column: indices count from 1, the low magnifications first.
enum Magnifications {
    static let wholeGrid = 3
    static let intermediate = 10
    static let view = 16
    static let record = 27

    static let all: [Magnification] = {
        let values: [Double] = [
            46, 58, 82, 115, 145, 190, 260, 360, 500,
            740, 1150, 1500, 1900, 2250, 2900, 3600, 4800, 6500, 8700, 11500, 15000, 19500, 22500, 26000, 33000, 42000,
            53000, 64000, 81000, 105_000, 130_000,
        ]
        return values.enumerated().map { place, value in
            let isLowMag = value <= 500
            let scale = isLowMag ? 29_520.0 : value < 1500 ? 29_600 : value < 10000 ? 36_000 : 34_450
            let rotation = isLowMag ? 173.4 : value < 1500 ? 85.6 + 0.2 * Double(place) : 93.1 + 0.15 * Double(place)
            return Magnification(
                index: place + 1, value: value, isLowMag: isLowMag, pixelSize: PixelSize(scale / value),
                rotation: Degrees(rotation), offset: offset(value))
        }
    }()

    private static func offset(_ value: Double) -> Vector<Frame.Stage> {
        switch value {
        case ...500: Vector(dx: 6.3, dy: -4.1)
        case ..<1500: Vector(dx: -3.4, dy: 2.2)
        case ..<10000: Vector(dx: 0.08, dy: -0.06)  // View is aligned to Record before a session, to about a tenth of a micrometre
        default: .zero
        }
    }

    /// The entry of an index, or nil where the table has none.
    static func entry(_ index: Int) -> Magnification? { all.indices.contains(index - 1) ? all[index - 1] : nil }
    /// The entry of a magnification, as SetMag accepts it: within 2 % of a table value.
    static func entry(magnification: Double) -> Magnification? {
        all.first { ($0.value - magnification).magnitude <= 0.02 * $0.value }
    }

    /// Stage to specimen: a rotation by nearly 180 degrees (SerialEM's mean of all stage calibrations).
    static let stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen> = .rotation(Degrees(178.8))
    static let specimenToStage: LinearMap<Frame.Specimen, Frame.Stage> = .rotation(Degrees(-178.8))
    /// Image shift to specimen: the microscope's units are nominally micrometres but turned.
    static let imageShiftToSpecimen: LinearMap<Frame.ImageShift, Frame.Specimen> = .rotation(Degrees(-12), scale: 1.02)
    static let specimenToImageShift: LinearMap<Frame.Specimen, Frame.ImageShift> = .rotation(Degrees(12), scale: 1 / 1.02)
}

extension Magnifications {
    /// Metres, by index.
    static let cameraLengths = [1: 0.29, 2: 0.37, 3: 0.46, 4: 0.58, 5: 0.73, 6: 0.91, 7: 1.15, 8: 1.45, 9: 1.85, 10: 2.35]
}
