public import Detection
import Foundation
public import InferenceWire
public import Raster
public import Segmentation
public import Units

/// Who analyses whole maps: this program, or workers elsewhere.
public protocol MapAnalysis: Sendable {
    /// How many maps are usefully handed over at a time.
    var width: Int { get }
    func detect(_ task: DetectionTask) async throws -> [DetectedLamella]
    /// - Parameter probabilities: gets the probabilities of all classes, row by row.
    func segment(_ task: SegmentationTask, probabilities: LamellaSegmenter.ProbabilityRow?) async throws -> SegmentationResult
}

extension MapAnalysis {
    public func segment(_ task: SegmentationTask) async throws -> SegmentationResult { try await segment(task, probabilities: nil) }
}

/// Lamellae are to be found on a map.
public struct DetectionTask: Sendable {
    public let title: String
    public let map: Raster<UInt8>
    public let pixelSize: PixelSize
    public let detector: LamellaDetector
    /// The folder of the detector.
    public let model: ModelFolder
    public let report: @Sendable (JobEvent) -> Void
    public let progress: @Sendable (Double) async -> Void

    public init(
        title: String, map: Raster<UInt8>, pixelSize: PixelSize, detector: LamellaDetector, model: ModelFolder,
        report: @escaping @Sendable (JobEvent) -> Void, progress: @escaping @Sendable (Double) async -> Void = { _ in }
    ) {
        self.title = title.plain
        self.map = map
        self.pixelSize = pixelSize
        self.detector = detector
        self.model = model
        self.report = report
        self.progress = progress
    }

    /// Does it in this program.
    public func here() async throws -> [DetectedLamella] { try await detector.detect(in: map, pixelSize: pixelSize, progress: progress) }
}

/// A map is to be segmented.
public struct SegmentationTask: Sendable {
    public let title: String
    public let map: Raster<UInt8>
    /// nil: it is at the model's.
    public let pixelSize: PixelSize?
    /// Whether a grey level of 0 says that nothing was acquired.
    public let zeroIsUnacquired: Bool
    public let segmenter: LamellaSegmenter
    /// The folder of the segmenter.
    public let model: ModelFolder
    public let report: @Sendable (JobEvent) -> Void
    public let progress: @Sendable (Double) async -> Void

    public init(
        title: String, map: Raster<UInt8>, pixelSize: PixelSize?, zeroIsUnacquired: Bool, segmenter: LamellaSegmenter, model: ModelFolder,
        report: @escaping @Sendable (JobEvent) -> Void, progress: @escaping @Sendable (Double) async -> Void = { _ in }
    ) {
        self.title = title.plain
        self.map = map
        self.pixelSize = pixelSize
        self.zeroIsUnacquired = zeroIsUnacquired
        self.segmenter = segmenter
        self.model = model
        self.report = report
        self.progress = progress
    }

    /// Does it in this program.
    public func here(probabilities: LamellaSegmenter.ProbabilityRow? = nil) async throws -> SegmentationResult {
        try await segmenter.segment(map, pixelSize: pixelSize, acquired: zeroIsUnacquired ? map.map { $0 != 0 } : nil, progress: progress, probabilities: probabilities)
    }
}

/// Everything is done in this program.
public struct LocalAnalysis: MapAnalysis {
    public let width: Int
    public init(width: Int = 2) { self.width = width }
    public func detect(_ task: DetectionTask) async throws -> [DetectedLamella] { try await task.here() }
    public func segment(_ task: SegmentationTask, probabilities: LamellaSegmenter.ProbabilityRow?) async throws -> SegmentationResult {
        try await task.here(probabilities: probabilities)
    }
}

/// Workers elsewhere do it, and what they do not do in time is done here or is an error of that one map.
public struct WorkerAnalysis: MapAnalysis {
    public let width: Int
    private let desk: JobDesk
    private let helpsOut: Bool

    /// - Parameter helpsOut: whether this program does what no worker did.
    public init(desk: JobDesk, width: Int, helpsOut: Bool) {
        self.desk = desk
        self.width = width
        self.helpsOut = helpsOut
    }

    public func detect(_ task: DetectionTask) async throws -> [DetectedLamella] {
        guard task.detector.mode == .standard else { return try await task.here() }
        let job = AnalysisJob(
            kind: .detection, title: task.title, width: task.map.width, height: task.map.height, pixelSize: task.pixelSize,
            model: try ModelReference(task.model), confidence: task.detector.confidence)
        switch try await desk.perform(job, image: task.map.pixels, model: task.model, report: task.report) {
        case .done(let result, _):
            guard case .lamellae(let lamellae) = result.found else { throw AnalysisJobError("The result of '\(task.title)' has no boxes.") }
            // The worker's word for the number of a class is not asked.
            return lamellae.map { .init(box: $0.box, classIndex: $0.classIndex, className: task.detector.description.classes[$0.classIndex], score: $0.score) }
        case .missed(let reason):
            try helpOut(task.title, reason, task.report)
            return try await task.here()
        }
    }

    public func segment(_ task: SegmentationTask, probabilities: LamellaSegmenter.ProbabilityRow?) async throws -> SegmentationResult {
        let job = AnalysisJob(
            kind: .segmentation, title: task.title, width: task.map.width, height: task.map.height, pixelSize: task.pixelSize,
            model: try ModelReference(task.model), profile: task.segmenter.profile, zeroIsUnacquired: task.zeroIsUnacquired,
            probabilities: probabilities != nil)
        switch try await desk.perform(job, image: task.map.pixels, model: task.model, report: task.report) {
        case .done(let result, let file):
            defer { if let file { try? FileManager.default.removeItem(atPath: file) } }
            if let file, let probabilities { try ProbabilityFile.read(file, row: task.map.width * task.segmenter.description.outputs, to: probabilities) }
            guard case .labels(let labels) = result.found else { throw AnalysisJobError("The result of '\(task.title)' has no labels.") }
            let description = task.segmenter.description
            return SegmentationResult(labels: labels, classes: description.classes, pixelSize: task.pixelSize ?? description.pixelSize)
        case .missed(let reason):
            try helpOut(task.title, reason, task.report)
            return try await task.here(probabilities: probabilities)
        }
    }

    private func helpOut(_ title: String, _ reason: String, _ report: (JobEvent) -> Void) throws {
        guard helpsOut else { throw AnalysisJobError("\(title) was not analysed: \(reason).") }
        report(.warning("\(title): \(reason); it is analysed on this computer"))
    }
}

/// What a worker does with a job that it has got.
public struct JobRunner: Sendable {
    private let predictor: any Predicting

    public init(predictor: any Predicting) { self.predictor = predictor }

    /// - Parameter file: where the probabilities are put, if they are wanted.
    public func run(_ job: AnalysisJob, image: [UInt8], model: ModelFolder, probabilitiesTo file: String) async throws -> JobResult {
        guard job.isPossible, image.count == job.width * job.height else {
            throw AnalysisJobError("The map of '\(job.title)' has \(image.count) bytes for \(job.width) x \(job.height) pixels.")
        }
        let map = Raster(width: job.width, height: job.height, pixels: image)
        let begin = ContinuousClock.now
        let found: JobResult.Found
        var sum: String?
        switch job.kind {
        case .detection:
            let detector = try LamellaDetector(folder: model, predictor: predictor, confidence: job.confidence ?? 0.25)
            guard let pixelSize = job.pixelSize else { throw AnalysisJobError("The job '\(job.title)' does not say the pixel size of its map.") }
            found = .lamellae(try await detector.detect(in: map, pixelSize: pixelSize))
        case .segmentation:
            let segmenter = try LamellaSegmenter(folder: model, predictor: predictor, profile: job.profile ?? .accurate)
            let acquired = job.zeroIsUnacquired ? map.map { $0 != 0 } : nil
            let writer = job.probabilities ? try ProbabilityFile(path: file) : nil
            let row: LamellaSegmenter.ProbabilityRow? = writer.map { writer in { try writer.append($0) } }
            found = .labels(try await segmenter.segment(map, pixelSize: job.pixelSize, acquired: acquired, probabilities: row).labels)
            sum = try writer?.finish()
        }
        return JobResult(found, seconds: (ContinuousClock.now - begin) / .seconds(1), probabilitiesSha256: sum)
    }
}
