public import Geometry
public import Units

/// What an imaging state stores, and how its magnification is calibrated. It is read without setting the state.
public struct StateCalibration: Sendable, Hashable, Codable {
    /// The settings key that names the state, and what it says there.
    public let key: String
    public let state: String
    /// The state's own name; two states may have swapped their numbers.
    public let name: String
    /// SerialEM's numbers for its kind, camera and magnification.
    public let type: Int
    public let camera: Int
    public let magIndex: Int
    /// At binning 1; this and the maps are nil where SerialEM has no calibration.
    public let pixelSize: PixelSize?
    public let cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>?
    public let imageShiftToSpecimen: LinearMap<Frame.ImageShift, Frame.Specimen>?
    public let stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>?
    public init(
        key: String, state: String, name: String, type: Int, camera: Int, magIndex: Int, pixelSize: PixelSize?,
        cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>?, imageShiftToSpecimen: LinearMap<Frame.ImageShift, Frame.Specimen>?,
        stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>?
    ) {
        self.key = key
        self.state = state
        self.name = name
        self.type = type
        self.camera = camera
        self.magIndex = magIndex
        self.pixelSize = pixelSize
        self.cameraToSpecimen = cameraToSpecimen
        self.imageShiftToSpecimen = imageShiftToSpecimen
        self.stageToSpecimen = stageToSpecimen
    }
}

/// What a session relies on between its maps and its targets.
public struct Calibrations: Sendable, Hashable, Codable {
    public var states: [StateCalibration]
    /// Between the tilt axis and the optical axis; nil where it is not told.
    public var tiltAxisOffset: Micrometers?
    public init(states: [StateCalibration], tiltAxisOffset: Micrometers?) {
        self.states = states
        self.tiltAxisOffset = tiltAxisOffset
    }
}
