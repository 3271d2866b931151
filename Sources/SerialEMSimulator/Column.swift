internal import Geometry
internal import Units

/// The Low Dose areas by SerialEM's numbers.
enum LowDoseArea: Int, Sendable, Hashable, CaseIterable {
    case view, focus, trial, record, search
    init?(letter: String) {
        guard let place = ["V", "F", "T", "R", "S"].firstIndex(of: letter) else { return nil }
        self.init(rawValue: place)
    }
}

/// The camera parameter sets by SerialEM's numbers; areas count differently (Preview has none, Search is area 4).
enum ParameterSet: Int, Sendable, Hashable, CaseIterable {
    case view, focus, trial, record, preview, search, montageMap

    init?(letter: String) {
        let text = letter.uppercased()
        if let place = ["V", "F", "T", "R", "P", "S", "M"].firstIndex(of: text) { self.init(rawValue: place); return }
        guard let number = Int(text) else { return nil }
        self.init(rawValue: number)
    }
    /// The Low Dose area that an image with this set is taken in.
    var area: LowDoseArea {
        switch self {
        case .view: .view
        case .focus: .focus
        case .trial: .trial
        case .search: .search
        case .record, .preview, .montageMap: .record
        }
    }
}

/// Exposure and binning of one camera parameter set.
struct CameraSettings: Sendable, Hashable {
    var exposure: Seconds
    var settling = Seconds(0)
    var binning = 1.0
    /// Fraction of the chip that is read out along each side.
    var fraction = 1.0
}

/// One Low Dose area: what the column goes to when an image is taken in it.
struct LowDoseSettings: Sendable, Hashable {
    var magnification: Int
    var defocusOffset = Micrometers(0)
    /// Distance from Record along the tilt axis.
    var axisPosition = Micrometers(0)
    var slitIn = true
}

/// A named record of what the column was set to.
struct ImagingState: Sendable, Hashable {
    let name: String
    /// SerialEM's type: 0 Low Dose View ... 4 Search, -1 a state outside Low Dose with the Record set.
    let type: Int
    let magnification: Int
    /// Objective aperture in micrometres, 0 out.
    let objectiveAperture: Int
}

/// Lenses, beam, filter and apertures.
struct Column: Sendable {
    var magnification = Magnifications.record
    var imageShift = Vector<Frame.ImageShift>.zero
    /// Readout; underfocus is negative. Includes the offset of the area while in View or Search.
    var defocus = Micrometers(0)
    var targetDefocus = Micrometers(-5)
    var spotSize = 6
    var percentC2 = 45.0
    var isMicroProbe = true
    var beamIsBlanked = true
    var screenIsDown = false
    var valveIsOpen = true
    var slitIsIn = true
    var slitWidth = 20.0
    var energyLoss = 0.0
    var beamShift = (x: 0.0, y: 0.0)
    var beamTilt = (x: 0.0, y: 0.0)
    /// Sizes in micrometres by Thermo's aperture number (1 C2, 2 objective, 4 selected area); 0 is out.
    var apertures: [Int: Int] = [0: 2000, 1: 50, 2: 70, 3: 2000, 4: 0]
    var retractedApertures: [Int: Int] = [:]

    var lowDoseIsOn = false
    /// Undefined until an area was used.
    var area: LowDoseArea?
    var areas: [LowDoseArea: LowDoseSettings] = [
        .view: LowDoseSettings(magnification: Magnifications.view, defocusOffset: Micrometers(-50)),
        .focus: LowDoseSettings(magnification: Magnifications.record),
        .trial: LowDoseSettings(magnification: Magnifications.record),
        .record: LowDoseSettings(magnification: Magnifications.record),
        .search: LowDoseSettings(magnification: Magnifications.intermediate, defocusOffset: Micrometers(-80), slitIn: false),
    ]
    var sets: [ParameterSet: CameraSettings] = [
        .view: CameraSettings(exposure: Seconds(1)), .focus: CameraSettings(exposure: Seconds(0.5)),
        .trial: CameraSettings(exposure: Seconds(0.3)), .record: CameraSettings(exposure: Seconds(1)),
        .preview: CameraSettings(exposure: Seconds(0.3)), .search: CameraSettings(exposure: Seconds(1)),
        .montageMap: CameraSettings(exposure: Seconds(1)),
    ]

    /// The states that the operator has stored; SerialEM counts them from 1.
    static let imagingStates = [
        ImagingState(name: "WholeGrid", type: -1, magnification: Magnifications.wholeGrid, objectiveAperture: 0),
        ImagingState(name: "Intermediate", type: -1, magnification: Magnifications.intermediate, objectiveAperture: 0),
        ImagingState(name: "LowDoseView", type: 0, magnification: Magnifications.view, objectiveAperture: 70),
    ]

    var currentMagnification: Magnification {
        Magnifications.entry(magnification) ?? Magnifications.all[Magnifications.record - 1]
    }

    /// Electrons per square angstrom and second on the specimen at a magnification.
    func doseRate(_ magnification: Magnification) -> Double {
        switch magnification.pixelSize.value {
        case 100...: 2.5e-5
        case 15...: 2e-3
        case 4...: 0.1
        default: 3
        }
    }
    /// Diameter of the beam at a magnification: what SerialEM reports as the illuminated area and what the dose goes to.
    func beamDiameter(_ magnification: Magnification) -> Micrometers {
        magnification.pixelSize.value < 4 ? Micrometers(2) : Micrometers(magnification.pixelSize.value * 2.0)
    }
}
