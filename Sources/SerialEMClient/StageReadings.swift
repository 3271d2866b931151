public import Units

/// A position of the stage.
public struct StagePosition: Sendable, Hashable {
    /// Along the first axis of the stage.
    public var x: Micrometers
    /// Along the second axis of the stage.
    public var y: Micrometers
    /// Height.
    public var z: Micrometers

    /// Makes a position.
    public init(x: Micrometers, y: Micrometers, z: Micrometers) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// The offset between the tilt axis and the optical axis.
public struct TiltAxisOffset: Sendable, Hashable {
    /// The offset.
    public let offset: Micrometers
    /// The offset as a stage movement in X.
    public let stageX: Micrometers
    /// The offset as a stage movement in Y.
    public let stageY: Micrometers
    /// The offset as an image shift in X, in the microscope's units.
    public let imageShiftX: Double
    /// The offset as an image shift in Y, in the microscope's units.
    public let imageShiftY: Double
    /// Whether image shifts are counted from the tilt axis.
    public let isApplied: Bool
}

/// The image shift in three systems.
public struct ImageShift: Sendable, Hashable {
    /// X in the microscope's units.
    public let x: Double
    /// Y in the microscope's units.
    public let y: Double
    /// The same along X of the camera, unbinned; zero without calibration.
    public let cameraX: Pixels
    /// The same along Y of the camera, unbinned; zero without calibration.
    public let cameraY: Pixels
    /// The stage movement in X that would do the same; zero without calibration.
    public let stageX: Micrometers
    /// The stage movement in Y that would do the same; zero without calibration.
    public let stageY: Micrometers
}

/// The shift that an alignment found for the image in buffer A.
public struct AlignShift: Sendable, Hashable {
    /// Along X, in the smallest pixels of the camera.
    public let x: Pixels
    /// Along Y, in the smallest pixels of the camera.
    public let y: Pixels
    /// On the specimen along the tilt axis.
    public let specimenX: Nanometers
    /// On the specimen across the tilt axis.
    public let specimenY: Nanometers
}
