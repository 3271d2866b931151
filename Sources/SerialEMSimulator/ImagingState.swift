internal import Geometry
internal import Units

/// A named record of what the column was set to.
struct ImagingState: Sendable, Hashable {
    let name: String
    /// SerialEM's type: 0 Low Dose View ... 4 Search, -1 a state outside Low Dose with the Record set, -2 with Mont-map.
    let type: Int
    var magnification: Int
    /// Objective aperture in micrometres, 0 out.
    var objectiveAperture: Int
    var spotSize = 6
    var beamSpread = 1.0

    /// The states that the operator has stored; SerialEM counts them from 1.
    static let stored = [
        ImagingState(name: "WholeGrid", type: -1, magnification: Magnifications.wholeGrid, objectiveAperture: 0),
        ImagingState(name: "Intermediate", type: -1, magnification: Magnifications.intermediate, objectiveAperture: 0),
        ImagingState(name: "LowDoseView", type: 0, magnification: Magnifications.view, objectiveAperture: 70),
        ImagingState(name: "LowDoseSearch", type: 4, magnification: Magnifications.intermediate, objectiveAperture: 70),
        ImagingState(name: "MediumMap", type: -2, magnification: Magnifications.view, objectiveAperture: 70),
    ]
}

/// The column before the first imaging state or map state.
struct StateBefore: Sendable {
    let magnification: Int
    let lowDoseIsOn: Bool
    let area: LowDoseArea?
    let areas: [LowDoseArea: LowDoseSettings]
    let slitIsIn: Bool
    let apertures: Apertures
    let imageShift: Vector<Frame.ImageShift>
    let spotSize: Int
    let beamSpread: Double
    let sets: [ParameterSet: CameraSettings]
    /// Set by SetMapAcquireState; imaging states are refused meanwhile.
    let isForMap: Bool

    init(_ column: Column, isForMap: Bool = false) {
        magnification = column.magnification
        lowDoseIsOn = column.lowDoseIsOn
        area = column.area
        areas = column.areas
        slitIsIn = column.slitIsIn
        apertures = column.apertures
        imageShift = column.imageShift
        spotSize = column.spotSize
        beamSpread = column.beamSpread
        sets = column.sets
        self.isForMap = isForMap
    }
}
