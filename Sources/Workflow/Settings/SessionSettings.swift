public import Segmentation
public import Targets
public import Units

/// What the operator asks for, read from a YAML file with the names that SPACEtomo users know.
///
/// The initialiser checks everything and reports all problems at once; a value of this type is always usable.
public struct SessionSettings: Codable, Hashable, Sendable {
    /// `session_dir`: the folder that holds one folder per grid; SerialEM must see it under the same path.
    public private(set) var sessionFolder: String
    /// `serialem_host`: where SerialEM listens.
    public internal(set) var host: String
    /// `serialem_port`: 48888 unless SerialEM's property line `SocketServerPort 8 <port>` says otherwise.
    public internal(set) var port: Int
    /// `automation_level`: the last level to do, 1 to 5.
    public internal(set) var automationLevel: Int
    /// `grid_list`: cassette slots in order.
    public let gridList: [Int]
    /// `exclude_lamella_classes`: classes of the detector that are not processed further.
    public internal(set) var excludedLamellaClasses: [String]
    /// `WG_distance_threshold`: two lamellae nearer than this are one.
    public let duplicateDistance: Micrometers
    /// `WG_image_state`: imaging state of the whole-grid map.
    public let wholeGridState: String
    /// `IM_image_state`: imaging state at intermediate magnification.
    public let intermediateState: String
    /// `MM_image_state`: Low Dose imaging states, set in order.
    public let mediumStates: [String]
    /// `WG_model`: folder of the lamella detector; before it is looked up a name in the store too, and empty for the one in use.
    public private(set) var detectorFolder: String
    /// `MM_model`: the same of the segmentation model.
    public private(set) var segmenterFolder: String
    /// `segmentation_profile`: how much is calculated for a map; nil is all that the model was made for.
    public internal(set) var segmentationProfile: SegmentationProfile?
    /// `target_list`: classes to aim at.
    public internal(set) var targetClasses: [String]
    /// `avoid_list`: classes that a target must not lie in. One that SPACEtomo knows and the model does not is left out.
    public internal(set) var avoidedClasses: [String]
    /// `target_score_threshold`: the least score of a target, 0 to 1.
    public internal(set) var scoreThreshold: Double
    /// `sparse_targets`: targets placed per object rather than on a rigid grid.
    public internal(set) var sparseTargets: Bool
    /// `target_edge`: aim at the edges of the classes.
    public internal(set) var targetEdge: Bool
    /// `penalty_weight`: how much an avoided class takes from a score.
    public internal(set) var penaltyWeight: Double
    /// `extra_tracking`: a tracking target of its own.
    public internal(set) var extraTracking: Bool
    /// `max_tilt`: the tilt at which beams must not overlap.
    public internal(set) var maximumTilt: Degrees
    /// `IS_limit`: the largest image shift from the tracking target; nil for as far as SerialEM and PACEtomo shift.
    public let imageShiftLimit: Micrometers?
    /// `target_order`: how image shift goes through the targets of an area; nil for the shortest way.
    public let targetOrder: TargetOrder?
    /// `target_seed`: where the random numbers of the search for targets begin; nil for the usual ones.
    public let targetSeed: UInt64?
    /// `class_weights`, `class_rules`, `minimum_object`, `per_instance`, `max_targets`, `min_distance`; nil where none of them says anything.
    public internal(set) var targetWishes: TargetWishes?
    /// `pretilt`, `auto_start_tilt`, `penalty_window`, `clear_centre`; nil is as by default.
    public internal(set) var placement: PlacementSettings?
    /// `script_numbers`: SerialEM script slots of run, prepareTargets and PACEtomo.
    public let scriptNumbers: [Int]
    /// `acquisition`: who acquires the tilt series; nil is PACEtomo.
    public internal(set) var acquisition: AcquisitionProgram?
    /// `WG_montage_overlap`: fraction of a frame.
    public let wholeGridOverlap: Double
    /// `WG_detection_threshold`: boxes below this score are dropped.
    public let detectionThreshold: Double
    /// `MM_montage_overlap`: fraction of the shorter camera side.
    public let mediumOverlap: Double
    /// `MM_padding_factor`: enlargement of a lamella's box for its map.
    public let paddingFactor: Double
    /// `aperture_control`: take the objective aperture out for the grid map and in for medium magnification.
    public let controlsObjectiveAperture: Bool
    /// `c2_apertures`: condenser aperture in micrometres for whole grid, intermediate and medium; 0 leaves it alone.
    public let condenserApertures: [Int]
    /// `objective_aperture`: size in micrometres at medium magnification.
    public let objectiveAperture: Int
    /// `stage_limit`: the stage is never sent further than this from its centre in x or y.
    public let stageLimit: Micrometers
    /// `acquisition_hours`: how long Acquire at Items may take for one grid.
    public let acquisitionHours: Double
    /// `uncertain_steps`: what to do about an exposure that was begun and cannot be settled.
    public internal(set) var uncertainSteps: UncertainSteps

    /// What is watched, and how the microscope is left.
    public internal(set) var safety: SafetySettings
    /// `maximum_dose_before_acquisition`: what a lamella may get before its tilt series, in electrons per square angstrom; 0
    /// is no limit.
    public internal(set) var maximumDose: Dose

    /// `on_grid_failure`: what becomes of the session when a grid fails; nil is to stop.
    public internal(set) var onGridFailure: FailurePolicy?
    /// `grids`: what is said of single grids, by slot; nil where nothing is.
    public internal(set) var grids: [Int: GridSettings]?
    /// Where people look before the session goes on.
    public internal(set) var inspection: InspectionSettings
    /// `analysis` and what belongs to it: where maps are analysed; nil is in this program.
    public internal(set) var analysis: AnalysisSettings?

    /// Reads settings from YAML text; `file` is only for messages.
    ///
    /// - Throws: ``SettingsError`` with every problem of the text.
    public init(yaml: String, file: String) throws(SettingsError) {
        var reader = SettingsReader(text: yaml)
        let folder = reader.folder("session_dir", expected: "the folder to write the session into")
        host = reader.text("serialem_host", default: "127.0.0.1", expected: "a host name or address") ?? ""
        port = reader.integer("serialem_port", default: 48888, in: 1 ... 65535) ?? 0
        automationLevel = reader.automationLevel()
        gridList = reader.integers(
            "grid_list", default: [1], count: 1 ... 100, in: 1 ... 100, expected: "a list of cassette slots, such as [1, 3]")
        excludedLamellaClasses = reader.excludedLamellaClasses()
        duplicateDistance = Micrometers(reader.number("WG_distance_threshold", default: 5, in: 0 ... 100, unit: " µm"))
        wholeGridState = reader.text("WG_image_state", default: "1", expected: Self.oneState) ?? ""
        intermediateState = reader.text("IM_image_state", default: "2", expected: Self.oneState) ?? ""
        mediumStates = reader.texts(
            "MM_image_state", default: ["3"], expected: "a list of Low Dose imaging states, such as [3]", mayBeEmpty: false)
        let detector = reader.text("WG_model", default: "", expected: "the folder of a lamella detection model, or its name in the store")
        let segmenter = reader.text("MM_model", default: "", expected: "the folder of a segmentation model, or its name in the store")
        let profile = reader.name("segmentation_profile", default: SegmentationProfile.accurate)
        segmentationProfile = profile == .accurate ? nil : profile
        targetClasses = reader.targetClasses()
        avoidedClasses = reader.avoidedClasses()
        scoreThreshold = reader.scoreThreshold()
        sparseTargets = reader.flag("sparse_targets", default: true)
        targetEdge = reader.flag("target_edge", default: false)
        penaltyWeight = reader.penaltyWeight()
        extraTracking = reader.flag("extra_tracking", default: false)
        maximumTilt = reader.maximumTilt()
        imageShiftLimit = reader.imageShiftLimit()
        targetOrder = reader.targetOrder()
        targetSeed = reader.targetSeed()
        targetWishes = TargetWishes(&reader).sayingSomething
        placement = PlacementSettings(&reader)
        scriptNumbers = reader.integers(
            "script_numbers", default: [10, 11, 13], count: 3 ... 3, in: 1 ... 80,
            expected: "three script numbers from 1 to 80, such as [10, 11, 13]")
        let program = reader.name("acquisition", default: AcquisitionProgram.pacetomo)
        acquisition = program == .pacetomo ? nil : program
        wholeGridOverlap = reader.number("WG_montage_overlap", default: 0.15, in: 0.01 ... 0.5)
        detectionThreshold = reader.number("WG_detection_threshold", default: 0.25, in: 0 ... 1)
        mediumOverlap = reader.number("MM_montage_overlap", default: 0.25, in: 0.05 ... 0.5)
        paddingFactor = reader.number("MM_padding_factor", default: 1.5, in: 1 ... 3)
        controlsObjectiveAperture = reader.flag("aperture_control", default: true)
        condenserApertures = reader.integers(
            "c2_apertures", default: [0, 0, 0], count: 3 ... 3, in: 0 ... 2000,
            expected: "three sizes in µm for whole grid, intermediate and medium, such as [0, 0, 0]")
        objectiveAperture = reader.integer("objective_aperture", default: 100, in: 0 ... 2000) ?? 0
        stageLimit = Micrometers(reader.number("stage_limit", default: 990, in: 1 ... 1500, unit: " µm"))
        acquisitionHours = reader.number("acquisition_hours", default: 48, in: 0.01 ... 500, unit: " hours")
        uncertainSteps = reader.name("uncertain_steps", default: .stop)
        safety = SafetySettings(&reader)
        maximumDose = reader.maximumDose()
        let policy = reader.name("on_grid_failure", default: FailurePolicy.stop)
        onGridFailure = policy == .stop ? nil : policy
        let groups = reader.grids("grids", of: gridList)
        grids = groups.isEmpty ? nil : groups
        inspection = InspectionSettings(&reader)
        analysis = AnalysisSettings(&reader)
        let lamella = reader.flag("lamella", default: true)
        sessionFolder = folder ?? ""
        detectorFolder = detector ?? ""
        segmenterFolder = segmenter ?? ""
        for (key, reason) in Self.neverTrue { reader.refuseTrue(key, reason: reason) }
        reader.refuseTheRest(unsupported: Self.unsupported)
        var problems = reader.problems
        if !lamella {
            problems.append(.init(line: nil, message: "'lamella' is false; only lamella sessions are supported, so it must be true"))
        }
        if Set(gridList).count != gridList.count {
            problems.append(.init(line: nil, message: "'grid_list' names a slot twice; it must name each slot once"))
        }
        problems += classesWantedAndAvoided()
        if let placement {
            var tilts = TargetSettings(maximumTilt: maximumTilt)
            placement.change(&tilts)
            do { try tilts.validate() } catch { problems.append(.init(line: nil, message: error.summary)) }
        }
        if wholeGridState == intermediateState {
            problems.append(
                .init(line: nil, message: "'IM_image_state' is '\(intermediateState)', as WG_image_state is; it must be another"))
        }
        guard problems.isEmpty else {
            throw SettingsError(file: file, problems: problems.sorted { ($0.line ?? .max, $0.message) < ($1.line ?? .max, $1.message) })
        }
    }

    /// Classes that are to be aimed at and avoided, by all grids or by one.
    private func classesWantedAndAvoided() -> [SettingsError.Problem] {
        func problem(_ settings: Self, _ place: String) -> SettingsError.Problem? {
            let both = settings.targetClasses.filter(settings.avoidedClasses.contains)
            guard !both.isEmpty else { return nil }
            return .init(
                line: nil,
                message: "'\(both.joined(separator: ", "))' is in target_list and in avoid_list\(place); it must be in one of them")
        }
        if let general = problem(self, "") { return [general] }
        return (grids ?? [:]).keys.sorted().compactMap { problem(self.of(grid: $0), " for slot \($0)") }
    }

    mutating func setFolders(session: String, detector: String, segmenter: String) {
        sessionFolder = session
        detectorFolder = detector
        segmenterFolder = segmenter
    }

    /// Whether PACEtomo acquires, and not SerialEM itself.
    public var isAcquiredByPACEtomo: Bool { acquisition != .serialem }

    private static let oneState = "the number or the name of an imaging state"

    /// SPACEtomo's switches for what TomoPilot never does; false is what happens.
    private static let neverTrue = [
        "manual_selection": "targets by hand are set in SerialEM after level 3",
    ]

    private static let unsupported = [
        "external_map_dir": "analysis runs where the session runs",
        "rescale_map": "maps are always rescaled to the pixel size of the model",
        "max_iterations": "the placement ends by itself",
    ]
}
