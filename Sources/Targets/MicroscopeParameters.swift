public import Foundation
public import Geometry
public import Units

/// The calibration under which maps were taken: `mic_params.json`.
public struct MicroscopeParameters: Hashable, Sendable, Codable {
    /// An imaging state by SerialEM's number or by name.
    public enum ImagingState: Codable, Hashable, Sendable {
        case number(Int)
        case name(String)

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .name(try container.decode(String.self))
            }
        }
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .name(let name): try container.encode(name)
            }
        }
    }

    /// What was read while one Low Dose area was active.
    public struct Area: Hashable, Sendable {
        /// Unbinned.
        public var pixelSize: PixelSize
        /// Micrometres per unbinned pixel.
        public var cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>
        public var specimenToImageShift: LinearMap<Frame.Specimen, Frame.ImageShift>
        public var beamDiameter: Micrometers

        public init(
            pixelSize: PixelSize, cameraToSpecimen: LinearMap<Frame.Camera, Frame.Specimen>,
            specimenToImageShift: LinearMap<Frame.Specimen, Frame.ImageShift>, beamDiameter: Micrometers
        ) {
            self.pixelSize = pixelSize
            self.cameraToSpecimen = cameraToSpecimen
            self.specimenToImageShift = specimenToImageShift
            self.beamDiameter = beamDiameter
        }

        /// 90 degrees less the direction of the camera's x against the tilt axis, in 0 to 180.
        public var tiltAxisRotation: Degrees {
            let (xpx, xpy) = (cameraToSpecimen.xpx, cameraToSpecimen.xpy)
            return Degrees(xpx == 0 ? (xpy > 0 ? 0 : 180) : 90 - atan(xpy / xpx) * 180 / .pi)
        }
    }

    public var wholeGridState: ImagingState
    public var intermediateState: ImagingState
    public var mediumStates: [ImagingState]
    public var imageShiftLimit: Micrometers
    /// Unbinned camera pixels, x and y.
    public var cameraSize: [Int]
    public var wholeGridPixelSize: PixelSize?
    public var intermediatePixelSize: PixelSize?
    public var stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>
    public var view: Area
    public var record: Area
    /// nil: as Record.
    public var focus: Area?
    /// nil: as View; absent in files from before mid-2025.
    public var search: Area?

    public init(
        wholeGridState: ImagingState, intermediateState: ImagingState, mediumStates: [ImagingState],
        imageShiftLimit: Micrometers, cameraSize: [Int], wholeGridPixelSize: PixelSize?,
        intermediatePixelSize: PixelSize?, stageToSpecimen: LinearMap<Frame.Stage, Frame.Specimen>, view: Area,
        record: Area, focus: Area? = nil, search: Area? = nil
    ) {
        self.wholeGridState = wholeGridState
        self.intermediateState = intermediateState
        self.mediumStates = mediumStates
        self.imageShiftLimit = imageShiftLimit
        self.cameraSize = cameraSize
        self.wholeGridPixelSize = wholeGridPixelSize
        self.intermediatePixelSize = intermediatePixelSize
        self.stageToSpecimen = stageToSpecimen
        self.view = view
        self.record = record
        self.focus = focus
        self.search = search
    }

    public init(data: Data) throws(TargetsError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw TargetsError(.unreadableFile, "This is no mic_params.json: \(words(for: error)).")
        }
    }

    public func data() throws(TargetsError) -> Data { try encoded(self, name: "file mic_params.json") }
}
