public import Detection
import ImageFiles
import InferenceWire
import Pictures
import Raster

/// Finds lamellae on one image and writes what a session would write about it: `<stem>_boxes.json`, and a picture, `<stem>_boxes_overview.png`.
public struct DetectionJob: Sendable {
    private let detector: LamellaDetector
    private let place: AnalysisPlace

    public init(detector: LamellaDetector, place: AnalysisPlace) {
        self.detector = detector
        self.place = place
    }

    public struct Result: Sendable, Hashable {
        public let lamellae: [DetectedLamella]
        public let files: [String]
    }

    /// - Parameter progress: told the finished part, 0 ... 1.
    public func run(_ path: String, progress: @Sendable (Double) async -> Void = { _ in }) async throws -> Result {
        let read = try place.read(path, montageAt: detector.description.pixelSize, ending: "_wg")
        let map = try read.image.grey(path: path)
        let lamellae = try await detector.detect(in: map, pixelSize: read.pixelSize, progress: progress)
        let boxes = BoxesFile(lamellae: lamellae, pixelSize: read.pixelSize, imageRows: map.height, imageColumns: map.width, date: timestamp())
        let files = [read.stem + "_boxes.json", read.stem + "_boxes_overview.png"]
        try WholeFile.write(try boxes.encoded(), to: files[0])
        let drawn = lamellae.enumerated().map { number, found in
            GridBox(rectangle: found.box, className: found.className, score: found.score, label: number < 9 ? "L0\(number + 1)" : "L\(number + 1)")
        }
        let heading = ["\(lamellae.count) \(lamellae.count == 1 ? "lamella" : "lamellae")", "\(detector.description.name), \(timestamp())"]
        try place.write(OverviewPicture.grid(map: map, pixelSize: read.pixelSize, boxes: drawn, heading: heading), to: files[1])
        return Result(lamellae: lamellae, files: files)
    }
}
