public import Units

/// An area of Low Dose.
public enum LowDoseArea: Int, Sendable, Hashable, CaseIterable {
    case view = 0
    case focus = 1
    case trial = 2
    case record = 3
    case search = 4

    /// The letter of the area; SerialEM takes upper case only.
    public var letter: String {
        switch self {
        case .view: "V"
        case .focus: "F"
        case .trial: "T"
        case .record: "R"
        case .search: "S"
        }
    }
}

/// Whether Low Dose is on, and where.
public struct LowDoseState: Sendable, Hashable {
    /// Whether Low Dose is on.
    public let isOn: Bool
    /// The current area; `nil` until one has been used.
    public let area: LowDoseArea?

    /// Makes a state.
    public init(isOn: Bool, area: LowDoseArea?) {
        self.isOn = isOn
        self.area = area
    }
}

/// An imaging state of SerialEM's list.
public struct ImagingState: Sendable, Hashable {
    /// Its place in the list, from 1.
    public let number: Int
    /// 0 to 4 the Low Dose areas, 5 Record with the Mont-map set, -1 Record and -2 Mont-map outside Low Dose.
    public let type: Int
    /// The number of its camera.
    public let camera: Int
    /// The index of its magnification.
    public let magIndex: Int
    /// Its name, possibly empty.
    public let name: String
}

/// A camera as SerialEM sees it.
public struct CameraProperties: Sendable, Hashable {
    /// Columns at binning 1.
    public let width: Int
    /// Rows at binning 1.
    public let height: Int
    /// SerialEM's number for rotation and flip of the image.
    public let rotationFlip: Int
    /// The size of a pixel of the chip.
    public let chipPixel: Micrometers
    /// The size of a pixel on the specimen at the magnification; `nil` if unknown.
    public let pixelSize: PixelSize?
    /// The number of the camera.
    public let number: Int
}

/// A linear calibration between two systems: xOut = xpx x + xpy y, yOut = ypx x + ypy y.
public struct CalibrationMatrix: Sendable, Hashable {
    /// X out for X in.
    public let xpx: Double
    /// X out for Y in.
    public let xpy: Double
    /// Y out for X in.
    public let ypx: Double
    /// Y out for Y in.
    public let ypy: Double
}

/// What SerialEM knows of the image in a buffer.
public struct ImageProperties: Sendable, Hashable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// The binning, as SerialEM shows it.
    public let binning: Double
    /// The exposure time.
    public let exposure: Seconds
    /// The size of a pixel of this image on the specimen; `nil` if unknown.
    public let pixelSize: PixelSize?
    /// 0 View, 1 Focus, 2 Trial, 3 Record, 4 Preview, 5 Search, 6 Mont-map, 8 montage; -1 when read from a file.
    public let parameterSet: Int
}

/// The outcome of the last autofocus.
public struct AutoFocusResult: Sendable, Hashable {
    /// The measured defocus; underfocus is negative.
    public let defocus: Micrometers
    /// 0 good, 1 inconsistent, 2 beyond the absolute limit, 3 beyond the limit of change, -1 other failures.
    public let status: Int
    /// Whether the focus can be trusted.
    public var succeeded: Bool { status == 0 }
}
