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

/// One Low Dose area: what the column goes to when an image is taken in it.
struct LowDoseSettings: Sendable, Hashable {
    var magnification: Int
    var defocusOffset = Micrometers(0)
    /// Distance from Record along the tilt axis, and the angle by which the way is turned from the axis.
    var axisPosition = Micrometers(0)
    var axisAngle = Degrees(0)
    /// Of View and Search: how far the field centre is moved to show what Record shows.
    var shiftOffset = Vector<Frame.ImageShift>.zero
    var slitIn = true
    var slitWidth = 20.0
    var energyLoss = 0.0
    var spotSize = 6
    /// Diameter of the beam as a multiple of the one that belongs to the magnification.
    var beamSpread = 1.0
    var isMicroProbe = true
    var doseModulator = 100.0

    /// Where the area lies on the specimen, seen from Record.
    var place: Vector<Frame.Specimen> {
        let axis = Vector<Frame.Specimen>(dx: axisPosition.value * cosine(axisAngle), dy: axisPosition.value * sine(axisAngle))
        return axis + Magnifications.imageShiftToSpecimen(shiftOffset)
    }
}

/// Lenses, beam, filter and apertures, and what stands about them.
struct Column: Sendable {
    var magnification = Magnifications.record
    /// Camera length index in diffraction, else nil.
    var cameraLength: Int?
    /// Relative to the present Low Dose area.
    var imageShift = Vector<Frame.ImageShift>.zero
    /// Readout; underfocus is negative. Includes the offset of the area while in View or Search.
    var defocus = Micrometers(0)
    /// Focus of the lens where the readout is 0, less eucentric focus; resetting the readout moves it.
    var focusAtZero = Micrometers(0)
    var focus: Micrometers { defocus + focusAtZero }
    var targetDefocus = Micrometers(-5)
    var autofocusOffset = Micrometers(0)
    var focusLimits = FocusLimits()
    var savedFocus: Micrometers?
    /// Nanometres per second, if the last autofocus found any.
    var focusDrift: (x: Double, y: Double)?
    var waitForDrift: (rate: Double, code: Int)?
    var spotSize = 6
    /// Diameter of the beam as a multiple of the one that belongs to the magnification.
    var beamSpread = 1.0
    var isMicroProbe = true
    /// JEOL's selector of the convergence angle, from 1 to 5.
    var alpha = 3
    /// Percent of the time that the dose modulator lets the beam through.
    var doseModulator = 100.0
    var beamIsBlanked = false
    var screenIsDown = false
    var valveIsOpen = true
    var slitIsIn = true
    var slitWidth = 20.0
    var energyLoss = 0.0
    /// Where the filter's alignment believes the zero-loss peak, less where it was at the start of the night; eV.
    var zeroLossAlignment = 0.0
    var lastZeroLossRefinement: Double?
    var beamShift = (x: 0.0, y: 0.0)
    var beamTilt = (x: 0.0, y: 0.0)
    var aberrations = Aberrations()
    var comaTiltNeeded: (x: Double, y: Double)?
    var apertures = Apertures()

    var lowDoseIsOn = false
    var lastShiftOffsetChange = Vector<Frame.ImageShift>.zero
    /// Undefined until an area was used.
    var area: LowDoseArea?
    var areas: [LowDoseArea: LowDoseSettings] = [
        .view: LowDoseSettings(magnification: Magnifications.view, defocusOffset: Micrometers(-50)),
        .focus: LowDoseSettings(magnification: Magnifications.record, axisPosition: Micrometers(2.5)),
        .trial: LowDoseSettings(magnification: Magnifications.record, axisPosition: Micrometers(2.5)),
        .record: LowDoseSettings(magnification: Magnifications.record),
        .search: LowDoseSettings(magnification: Magnifications.intermediate, defocusOffset: Micrometers(-80), slitIn: false),
    ]
    /// Areas that follow what commands do to the column while in them.
    var followedAreas: Set<LowDoseArea> = []
    var sets: [ParameterSet: CameraSettings] = [
        .view: CameraSettings(exposure: Seconds(1)), .focus: CameraSettings(exposure: Seconds(0.5)),
        .trial: CameraSettings(exposure: Seconds(0.3)), .record: CameraSettings(exposure: Seconds(1)),
        .preview: CameraSettings(exposure: Seconds(0.3)), .search: CameraSettings(exposure: Seconds(1)),
        .montageMap: CameraSettings(exposure: Seconds(1)),
    ]
    var camera = CameraState()
    var recordDose = RecordDoseAccumulators()

    var imagingStates = ImagingState.stored
    var priorState: StateBefore?

    var vacuum = Vacuum()
    var dewars = Dewars()
    var gun = FieldEmissionGun()
    /// When each long operation was done last, by its first two letters; seconds of the simulated night.
    var longOperations: [String: Double] = [:]
    var endOfControl = EndOfControl()

    var currentMagnification: Magnification {
        Magnifications.entry(magnification) ?? Magnifications.all[Magnifications.record - 1]
    }

    /// What belongs to a Low Dose area takes its present values.
    mutating func storeInArea(_ area: LowDoseArea) {
        areas[area]?.magnification = magnification
        areas[area]?.slitIn = slitIsIn
        areas[area]?.slitWidth = slitWidth
        areas[area]?.energyLoss = energyLoss
        areas[area]?.spotSize = spotSize
        areas[area]?.beamSpread = beamSpread
        areas[area]?.isMicroProbe = isMicroProbe
        areas[area]?.doseModulator = doseModulator
    }
    mutating func adopt(_ settings: LowDoseSettings) {
        magnification = settings.magnification
        slitIsIn = settings.slitIn
        slitWidth = settings.slitWidth
        energyLoss = settings.energyLoss
        spotSize = settings.spotSize
        beamSpread = settings.beamSpread
        isMicroProbe = settings.isMicroProbe
        doseModulator = settings.doseModulator
        cameraLength = nil
    }
}
