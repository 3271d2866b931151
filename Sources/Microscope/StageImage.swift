public import Geometry
public import Raster
public import Units

/// An image with the place on the stage of each of its pixels.
public struct StageImage: Sendable {
    public let image: Raster<Float>
    /// Of the image as it is, binning included.
    public let pixelSize: PixelSize
    /// Where the stage was.
    public let stage: StageLocation
    /// From a pixel (top left corner is the origin) to the stage position that would centre it.
    public let pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>
    public init(
        image: Raster<Float>, pixelSize: PixelSize, stage: StageLocation,
        pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>
    ) {
        self.image = image
        self.pixelSize = pixelSize
        self.stage = stage
        self.pixelToStage = pixelToStage
    }
}

/// Matrices, pixel sizes and beams of the Low Dose areas, read while each is set.
public struct LowDoseGeometry: Sendable, Hashable, Codable {
    /// One Low Dose area.
    public struct Area: Sendable, Hashable, Codable {
        /// At binning 1.
        public let pixelSize: PixelSize
        public let cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>
        public let specimenToImageShift: LinearMap<Frame.Specimen, Frame.ImageShift>
        /// On the specimen, untilted.
        public let beamDiameter: Micrometers
        /// SerialEM's number of its magnification, and its spot size; nil in journals of earlier builds.
        public let magIndex: Int?
        public let spotSize: Int?
        public init(
            pixelSize: PixelSize, cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>,
            specimenToImageShift: LinearMap<Frame.Specimen, Frame.ImageShift>, beamDiameter: Micrometers,
            magIndex: Int? = nil, spotSize: Int? = nil
        ) {
            self.magIndex = magIndex
            self.spotSize = spotSize
            self.pixelSize = pixelSize
            self.cameraToSpecimen = cameraToSpecimen
            self.specimenToImageShift = specimenToImageShift
            self.beamDiameter = beamDiameter
        }
    }
    public let cameraWidth: Int
    public let cameraHeight: Int
    public let view: Area
    public let record: Area
    public let stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>
    public init(
        cameraWidth: Int, cameraHeight: Int, view: Area, record: Area,
        stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>
    ) {
        self.cameraWidth = cameraWidth
        self.cameraHeight = cameraHeight
        self.view = view
        self.record = record
        self.stageToSpecimen = stageToSpecimen
    }
}
