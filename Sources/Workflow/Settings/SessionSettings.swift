public import Units

/// What the operator asks for, read from a YAML file with the names that SPACEtomo users know.
///
/// The initialiser checks everything and reports all problems at once; a value of this type is always usable.
public struct SessionSettings: Codable, Hashable, Sendable {
    /// `session_dir`: the folder that holds one folder per grid; SerialEM must see it under the same path.
    public private(set) var sessionFolder: String
    /// `serialem_host`: where SerialEM listens.
    public let host: String
    /// `serialem_port`: 48888 unless SerialEM's property line `SocketServerPort 8 <port>` says otherwise.
    public let port: Int
    /// `automation_level`: the last level to do, 1 to 5.
    public private(set) var automationLevel: Int
    /// `grid_list`: cassette slots in order.
    public let gridList: [Int]
    /// `exclude_lamella_classes`: classes of the detector that are not processed further.
    public let excludedLamellaClasses: [String]
    /// `WG_distance_threshold`: two lamellae nearer than this are one.
    public let duplicateDistance: Micrometers
    /// `WG_image_state`: imaging state of the whole-grid map.
    public let wholeGridState: String
    /// `IM_image_state`: imaging state at intermediate magnification.
    public let intermediateState: String
    /// `MM_image_state`: Low Dose imaging states, set in order.
    public let mediumStates: [String]
    /// `WG_model`: folder of the lamella detector.
    public private(set) var detectorFolder: String
    /// `MM_model`: folder of the segmentation model.
    public private(set) var segmenterFolder: String
    /// `target_list`: classes to aim at.
    public let targetClasses: [String]
    /// `avoid_list`: classes that a target must not lie in. One that SPACEtomo knows and the model does not is left out.
    public private(set) var avoidedClasses: [String]
    /// `target_score_threshold`: the least score of a target, 0 to 1.
    public let scoreThreshold: Double
    /// `sparse_targets`: targets placed per object rather than on a rigid grid.
    public let sparseTargets: Bool
    /// `target_edge`: aim at the edges of the classes.
    public let targetEdge: Bool
    /// `penalty_weight`: how much an avoided class takes from a score.
    public let penaltyWeight: Double
    /// `extra_tracking`: a tracking target of its own.
    public let extraTracking: Bool
    /// `max_tilt`: the tilt at which beams must not overlap.
    public let maximumTilt: Degrees
    /// `script_numbers`: SerialEM script slots of run, prepareTargets and PACEtomo.
    public let scriptNumbers: [Int]
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
    public private(set) var uncertainSteps: UncertainSteps

    /// What is watched, and how the microscope is left.
    public let safety: SafetySettings
    /// `maximum_dose_before_acquisition`: what a lamella may get before its tilt series, in electrons per square angstrom; 0
    /// is no limit.
    public let maximumDose: Dose
    /// Where people look before the session goes on.
    public private(set) var inspection: InspectionSettings

    /// Reads settings from YAML text; `file` is only for messages.
    ///
    /// - Throws: ``SettingsError`` with every problem of the text.
    public init(yaml: String, file: String) throws(SettingsError) {
        var reader = SettingsReader(text: yaml)
        let folder = reader.text("session_dir", default: nil, expected: "the folder to write the session into")
        host = reader.text("serialem_host", default: "127.0.0.1", expected: "a host name or address") ?? ""
        port = reader.integer("serialem_port", default: 48888, in: 1 ... 65535) ?? 0
        automationLevel = reader.integer("automation_level", default: 4, in: 1 ... 5) ?? 0
        gridList = reader.integers(
            "grid_list", default: [1], count: 1 ... 100, in: 1 ... 100, expected: "a list of cassette slots, such as [1, 3]")
        excludedLamellaClasses = reader.texts(
            "exclude_lamella_classes", default: ["gone"], expected: "a list of lamella classes, such as [gone]")
        duplicateDistance = Micrometers(reader.number("WG_distance_threshold", default: 5, in: 0 ... 100, unit: " µm"))
        wholeGridState = reader.text("WG_image_state", default: "1", expected: Self.oneState) ?? ""
        intermediateState = reader.text("IM_image_state", default: "2", expected: Self.oneState) ?? ""
        mediumStates = reader.texts(
            "MM_image_state", default: ["3"], expected: "a list of Low Dose imaging states, such as [3]", mayBeEmpty: false)
        let detector = reader.text("WG_model", default: nil, expected: "the folder of a lamella detection model")
        let segmenter = reader.text("MM_model", default: nil, expected: "the folder of a segmentation model")
        targetClasses = reader.texts(
            "target_list", default: ["mitos"], expected: "a list of classes of the segmentation model", mayBeEmpty: false)
        avoidedClasses = reader.texts(
            "avoid_list", default: ["black", "white", "ice", "crack", "dynabeads"],
            expected: "a list of classes of the segmentation model")
        scoreThreshold = reader.number("target_score_threshold", default: 0.01, in: 0 ... 1)
        sparseTargets = reader.flag("sparse_targets", default: true)
        targetEdge = reader.flag("target_edge", default: false)
        penaltyWeight = reader.number("penalty_weight", default: 0.3, in: 0 ... 1)
        extraTracking = reader.flag("extra_tracking", default: false)
        maximumTilt = Degrees(reader.number("max_tilt", default: 60, in: 0 ... 75, unit: " degrees"))
        scriptNumbers = reader.integers(
            "script_numbers", default: [10, 11, 13], count: 3 ... 3, in: 1 ... 80,
            expected: "three script numbers from 1 to 80, such as [10, 11, 13]")
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
        let decision = reader.text("uncertain_steps", default: "stop", expected: Self.oneDecision) ?? ""
        uncertainSteps = UncertainSteps(rawValue: decision) ?? .stop
        safety = SafetySettings(&reader)
        maximumDose = Dose(reader.number("maximum_dose_before_acquisition", default: 0, in: 0 ... 1000, unit: " e/Å²"))
        inspection = InspectionSettings(&reader)
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
        if UncertainSteps(rawValue: decision) == nil {
            problems.append(.init(line: nil, message: "'uncertain_steps' is '\(decision)'; it must be \(Self.oneDecision)"))
        }
        let both = targetClasses.filter(avoidedClasses.contains)
        if !both.isEmpty {
            problems.append(
                .init(
                    line: nil,
                    message: "'\(both.joined(separator: ", "))' is in target_list and in avoid_list; it must be in one of them"))
        }
        if wholeGridState == intermediateState {
            problems.append(
                .init(line: nil, message: "'IM_image_state' is '\(intermediateState)', as WG_image_state is; it must be another"))
        }
        guard problems.isEmpty else {
            throw SettingsError(file: file, problems: problems.sorted { ($0.line ?? .max, $0.message) < ($1.line ?? .max, $1.message) })
        }
    }

    mutating func setLevel(_ level: Int) { automationLevel = level }

    mutating func setUncertainSteps(_ decision: UncertainSteps) { uncertainSteps = decision }

    mutating func setInspection(_ inspection: InspectionSettings) { self.inspection = inspection }

    mutating func setAvoidedClasses(_ classes: [String]) { avoidedClasses = classes }

    mutating func setFolders(_ change: (String) -> String) {
        sessionFolder = change(sessionFolder)
        detectorFolder = change(detectorFolder)
        segmenterFolder = change(segmenterFolder)
    }

    private static let oneDecision = "stop, skip or repeat"
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
