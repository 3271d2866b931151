public import AnalysisJobs
public import Detection
import Foundation
import ImageFiles
public import InferenceWire
import Pictures
import Raster

/// Finds lamellae on one image and writes what a session would write about it: `<stem>_boxes.json`, and a picture, `<stem>_boxes_overview.png`.
public struct DetectionJob: Sendable {
    private let detector: LamellaDetector
    private let place: AnalysisPlace
    private let model: ModelFolder
    private let analysis: any MapAnalysis
    private let report: @Sendable (JobEvent) -> Void

    /// - Parameters:
    ///   - model: the folder of the detector.
    ///   - analysis: who does it.
    ///   - report: told what a person should read.
    public init(
        detector: LamellaDetector, model: ModelFolder, place: AnalysisPlace, analysis: any MapAnalysis = LocalAnalysis(), report: @escaping @Sendable (JobEvent) -> Void = { _ in }
    ) {
        self.detector = detector
        self.model = model
        self.place = place
        self.analysis = analysis
        self.report = report
    }

    public struct Result: Sendable, Hashable {
        public let lamellae: [DetectedLamella]
        public let files: [String]
    }

    /// Lamellae that are shown enlarged below the map, those that the detector lists first: one that finds thousands finds no lamellae, and its picture would take gigabytes.
    private static let mostEnlarged = 200

    /// - Parameter progress: told the finished part, 0 ... 1.
    public func run(_ path: String, progress: @escaping @Sendable (Double) async -> Void = { _ in }) async throws -> Result {
        let read = try place.read(path, montageAt: detector.description.pixelSize, ending: "_wg")
        let map = try read.image.grey(path: path)
        let lamellae = try await analysis.detect(
            DetectionTask(
                title: (read.stem as NSString).lastPathComponent, map: map, pixelSize: read.pixelSize, detector: detector, model: model, report: report, progress: progress))
        let boxes = BoxesFile(lamellae: lamellae, pixelSize: read.pixelSize, imageRows: map.height, imageColumns: map.width, date: timestamp())
        let files = [read.stem + "_boxes.json", read.stem + "_boxes_overview.png"]
        try WholeFile.write(try boxes.encoded(), to: files[0])
        let colours = detector.description.colours.mapValues { RGB(red: $0.red, green: $0.green, blue: $0.blue) }
        let drawn = lamellae.enumerated().map { number, found in
            GridBox(
                rectangle: found.box, className: found.className, score: found.score, label: number < Self.mostEnlarged ? number < 9 ? "L0\(number + 1)" : "L\(number + 1)" : "",
                classColour: colours[found.className])
        }
        let heading = ["\(lamellae.count) \(lamellae.count == 1 ? "lamella" : "lamellae")", "\(detector.description.name), \(timestamp())"]
        try place.write(OverviewPicture.grid(map: map, pixelSize: read.pixelSize, boxes: drawn, heading: heading), to: files[1])
        return Result(lamellae: lamellae, files: files)
    }
}
