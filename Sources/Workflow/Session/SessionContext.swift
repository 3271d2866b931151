public import AnalysisJobs
import Detection
import Foundation
public import InferenceWire
import Microscope
import Raster
import Segmentation
import Units

/// What every level of a session works with.
struct SessionContext: Sendable {
    let settings: SessionSettings
    let engine: Engine
    let microscope: any Microscope
    let models: SessionModels
    let facts: MicroscopeFacts
    let progress: ProgressCounter
    let gate: Gate
}

/// The two models of a session, opened and checked against the settings before anything is sent to a microscope.
public struct SessionModels: Sendable {
    let detector: LamellaDetector
    let segmenter: LamellaSegmenter?
    let detectorDescription: ModelDescription
    let segmenterDescription: ModelDescription?
    /// What the operator should know of settings and models before the session starts.
    package let remarks: [RunEvent]
    private let detectorFolder: String
    private let segmenterFolder: String
    private let detectorModel: ModelFolder
    private let segmenterModel: ModelFolder?
    /// Who analyses whole maps.
    let analysis: any MapAnalysis

    /// Opens the models that the level needs; they run through a predictor.
    ///
    /// - Parameter analysis: who analyses whole maps; what else there is to detect is done at once, in this program.
    /// - Throws: a model folder's own error, or ``WorkflowError`` where a class of the settings is not a class of a model.
    public init(settings: SessionSettings, predictor: any Predicting, analysis: any MapAnalysis = LocalAnalysis()) throws {
        self.analysis = analysis
        detectorFolder = settings.detectorFolder
        segmenterFolder = settings.segmenterFolder
        let folder = try ModelFolder.open(settings.detectorFolder)
        guard folder.description.kind == .detector else {
            throw WorkflowError.badModel("WG_model is '\(settings.detectorFolder)', which is not a lamella detector.")
        }
        detector = try LamellaDetector(folder: folder, predictor: predictor, confidence: settings.detectionThreshold)
        detectorDescription = folder.description
        detectorModel = folder
        let all = [settings] + settings.gridList.map { settings.of(grid: $0) }
        for settings in all {
            try Self.require(settings.excludedLamellaClasses, of: folder.description, key: "exclude_lamella_classes")
        }
        let level = settings.highestLevel
        let opened: ModelFolder?
        var problem: [RunEvent] = []
        do {
            opened = level >= 2 ? try Self.openSegmenter(settings.segmenterFolder) : nil
        } catch where level < 3 {
            // Level 2 only tells other programs of the model.
            opened = nil
            problem = [.warning("tgt_params.json is not written: \(error)")]
        }
        segmenterModel = opened
        guard let second = opened else {
            segmenter = nil
            segmenterDescription = nil
            remarks = problem
            return
        }
        segmenter = level >= 3 ? try LamellaSegmenter(folder: second, predictor: predictor, profile: settings.segmentationProfile ?? .accurate) : nil
        segmenterDescription = second.description
        for settings in all {
            try Self.require(settings.targetClasses.filter { $0 != "lamella" }, of: second.description, key: "target_list")
            for (key, classes) in settings.targetWishes?.namedClasses ?? [] { try Self.require(classes, of: second.description, key: key) }
            let strange = Self.strange(in: settings, to: second.description)
            try Self.require(strange.filter { !Self.spacetomoClasses.contains($0) }, of: second.description, key: "avoid_list")
        }
        var told: Set<[String]> = []
        remarks = all.map { Self.strange(in: $0, to: second.description) }.filter { told.insert($0).inserted }
            .flatMap { Self.remarks(onAvoided: $0, model: second.description) }
    }

    /// What ``init(settings:predictor:analysis:)`` would refuse; nothing is run.
    package static func check(_ settings: SessionSettings) throws { _ = try SessionModels(settings: settings, predictor: Unused()) }

    /// Whoever only looks at models runs none.
    private struct Unused: Predicting {
        func predict(model: String, input: Tensor) throws -> Tensor { throw WorkflowError.badModel("The model \(model) is only looked at and was not to be run.") }
    }

    /// Finds the lamellae of a whole map.
    func detect(in map: Raster<UInt8>, pixelSize: PixelSize, of title: String, _ report: @escaping @Sendable (RunEvent) -> Void) async throws -> [DetectedLamella] {
        try await analysis.detect(
            DetectionTask(title: title, map: map, pixelSize: pixelSize, detector: detector, model: detectorModel) { report(RunEvent($0)) })
    }

    /// Segments the map of a lamella, on which 0 says that nothing was acquired.
    func segment(_ map: Raster<UInt8>, of title: String, by segmenter: LamellaSegmenter, _ report: @escaping @Sendable (RunEvent) -> Void) async throws -> SegmentationResult {
        guard let segmenterModel else { return try await segmenter.segment(map, acquired: map.map { $0 != 0 }) }
        return try await analysis.segment(
            SegmentationTask(title: title, map: map, pixelSize: nil, zeroIsUnacquired: true, segmenter: segmenter, model: segmenterModel) { report(RunEvent($0)) })
    }

    /// The avoided classes that a model does not have.
    private static func strange(in settings: SessionSettings, to model: ModelDescription) -> [String] {
        settings.avoidedClasses.filter { !model.classes.contains($0) }
    }

    private static func openSegmenter(_ path: String) throws -> ModelFolder {
        guard !path.isEmpty else { throw WorkflowError.badModel("MM_model is missing, and no model that segments lamellae is in use.") }
        let folder = try ModelFolder.open(path)
        guard folder.description.kind == .segmenter else {
            throw WorkflowError.badModel("MM_model is '\(path)', which is not a segmentation model.")
        }
        return folder
    }

    /// The classes of SPACEtomo's own model. Lists of classes to avoid travel from one session to the next, and what a model
    /// does not know it cannot avoid; any other name is a slip.
    private static let spacetomoClasses: Set<String> = [
        "background", "white", "black", "crack", "coating", "cell", "cellwall", "nucleus", "vacuole", "mitos", "lipiddroplets",
        "vesicles", "multivesicles", "membranes", "dynabeads", "ice", "cryst",
    ]

    private static func remarks(onAvoided strange: [String], model: ModelDescription) -> [RunEvent] {
        guard !strange.isEmpty else { return [] }
        let text = "the model \(model.name) does not know \(strange.joined(separator: ", ")), which avoid_list names, and so cannot avoid them"
        // Dynabeads are in the default list: nobody asked for them.
        return [strange == ["dynabeads"] ? .note(text) : .warning(text)]
    }

    /// The settings without avoided classes that the model does not have.
    package func settled(_ settings: SessionSettings) -> SessionSettings {
        guard let model = segmenterDescription else { return settings }
        var settled = settings
        settled.avoidedClasses.removeAll { !model.classes.contains($0) }
        return settled
    }

    /// Runs each model once on an empty image: one that cannot be loaded, or that returns something else than its
    /// model.json says, is found out before the microscope is touched.
    public func check() async throws {
        do {
            let side = detectorDescription.sideLength ?? 32
            let empty = Raster<UInt8>(width: side, height: side, filledWith: 0)
            _ = try await detector.detect(in: empty, pixelSize: detectorDescription.pixelSize)
        } catch let error as DetectionError {
            throw WorkflowError.badModel("The model in \(detectorFolder), which WG_model names, cannot be used: \(error)")
        }
        guard let segmenter, let model = segmenterDescription else { return }
        do {
            // Not 0, which means that nothing was acquired and that no network needs to run.
            _ = try await segmenter.segment(
                Raster(width: model.patchColumns ?? 8, height: model.patchRows ?? 8, filledWith: 1))
        } catch let error as SegmentationError {
            throw WorkflowError.badModel("The model in \(segmenterFolder), which MM_model names, cannot be used: \(error)")
        }
    }

    private static func require(_ classes: [String], of model: ModelDescription, key: String) throws {
        for name in classes where !model.classes.contains(name) {
            throw WorkflowError.badModel(
                "'\(key)' names '\(name)', which the model \(model.name) does not know; it knows \(model.classes.joined(separator: ", ")).")
        }
    }
}

/// Counts work that is done against work that is planned, for the time left, in one phase after another: preparing a grid
/// and acquiring it take times that say nothing about each other.
actor ProgressCounter {
    private var phase = ""
    private var done = 0.0
    private var total = 0.0
    private let report: @Sendable (RunEvent) -> Void

    init(report: @escaping @Sendable (RunEvent) -> Void) { self.report = report }

    /// A phase begins with this much work.
    func begin(_ phase: String, total: Double) {
        self.phase = phase
        self.total = total
        done = 0
        report(.progress(phase: phase, done: 0, total: total))
    }
    /// More work, or less, has become known.
    func plan(_ work: Double) { total += work }
    /// Some of it is done.
    func finish(_ work: Double) {
        done += work
        report(.progress(phase: phase, done: done, total: max(total, done)))
    }
}

/// Rough shares of the time of preparing a grid, in seconds on a simulated microscope; they only weigh the progress line.
enum Work {
    static let wholeGrid = 12.0
    static let recentring = 1.0
    static let mediumMap = 3.0
    static let segmentation = 4.0
    static let targets = 1.0
}

extension RunEvent {
    package init(_ event: JobEvent) {
        self = switch event {
        case .note(let text): .note(text)
        case .warning(let text): .warning(text)
        }
    }
}
