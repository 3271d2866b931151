public import AnalysisJobs
import Foundation
import Geometry
import ImageFiles
public import InferenceWire
import Pictures
import Raster
public import Segmentation
import Targets
import Units

/// Segments one image and writes what a session would write about it: `<stem>_seg.png` and `<stem>_areas.json`, with a picture,
/// `<stem>_seg_overview.png`, and, if they are asked for, the probabilities of all classes, a section each, `<stem>_probabilities.mrc`.
public struct SegmentationJob: Sendable {
    private let segmenter: LamellaSegmenter
    private let place: AnalysisPlace
    private let writesProbabilities: Bool
    private let isRaw: Bool
    private let model: ModelFolder
    private let analysis: any MapAnalysis
    private let report: @Sendable (JobEvent) -> Void

    /// - Parameters:
    ///   - model: the folder of the segmenter.
    ///   - isRaw: whether grey levels of more than eight bits stay as they are.
    ///   - analysis: who does it; what is no map of grey bytes is done in this program.
    ///   - report: told what a person should read.
    public init(
        segmenter: LamellaSegmenter, model: ModelFolder, place: AnalysisPlace, writesProbabilities: Bool = false, isRaw: Bool = false,
        analysis: any MapAnalysis = LocalAnalysis(), report: @escaping @Sendable (JobEvent) -> Void = { _ in }
    ) {
        self.segmenter = segmenter
        self.model = model
        self.analysis = analysis
        self.report = report
        self.place = place
        self.writesProbabilities = writesProbabilities
        self.isRaw = isRaw
    }

    public struct Result: Sendable, Hashable {
        public let segmentation: SegmentationResult
        public let files: [String]
    }

    /// - Parameters:
    ///   - planned: told how often the network is going to run, before it does.
    ///   - progress: told the finished part, 0 ... 1.
    public func run(
        _ path: String, planned: (_ passes: Int) async -> Void = { _ in }, progress: @escaping @Sendable (Double) async -> Void = { _ in }
    ) async throws -> Result {
        let model = segmenter.description
        let read = try place.read(path, isRaw: isRaw, channels: model.channels, montageAt: model.pixelSize, ending: "")
        var files = [read.stem + "_seg.png", read.stem + "_areas.json", read.stem + "_seg_overview.png"]
        var writer: MRCRowWriter?
        WholeFile.removeAbandoned(of: files + [read.stem + "_probabilities.mrc"])
        if writesProbabilities {
            files.append(read.stem + "_probabilities.mrc")
            writer = try MRCRowWriter(
                path: files[3], width: read.image.width, height: read.image.height, sections: model.outputs, pixelSize: read.pixelSize,
                labels: ["Probabilities: \((model.regions?.map { model.classes[$0] } ?? model.classes).joined(separator: ", "))"])
        }
        // Less than a thousandth is below what a map's pixel size is known to.
        let pixelSize = abs(read.pixelSize / model.pixelSize - 1) < 0.001 ? nil : read.pixelSize
        switch read.image.pixels {
        case .grey(let image): await planned(segmenter.passes(for: [image], pixelSize: pixelSize))
        case .levels(let images): await planned(segmenter.passes(for: images, pixelSize: pixelSize))
        }
        let row: LamellaSegmenter.ProbabilityRow? = writer.map { writer in { try writer.append($0) } }
        let found =
            switch read.image.pixels {
            case .grey(let image):
                try await analysis.segment(
                    SegmentationTask(
                        title: (read.stem as NSString).lastPathComponent, map: image, pixelSize: pixelSize, zeroIsUnacquired: false, segmenter: segmenter, model: self.model,
                        report: report, progress: progress), probabilities: row)
            case .levels(let images): try await segmenter.segment(channels: images, pixelSize: pixelSize, progress: progress, probabilities: row)
            }
        try writer?.finish()
        let result = SegmentationResult(labels: found.labels, classes: found.classes, pixelSize: read.pixelSize)
        try PNGFile.write(result.labels, to: files[0])
        try JSONValue.areas(result.areasInSquareMicrometers).write(to: files[1])
        let scene = LamellaScene(
            map: try read.image.grey(path: path), labels: result.labels, classes: result.classes, areas: [],
            geometry: LamellaGeometry(
                mapPixelSize: read.pixelSize, beamDiameter: Micrometers(0), recordFieldWidth: Micrometers(0), recordFieldHeight: Micrometers(0),
                mapToStage: AffineMap(linear: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1), sending: Point(x: 0, y: 0), to: Point(x: 0, y: 0)),
                stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1)),
            maximumTilt: .zero, colours: model.colours.mapValues { RGB(red: $0.red, green: $0.green, blue: $0.blue) }, heading: [(read.stem as NSString).lastPathComponent, "\(model.name), \(timestamp())"])
        try place.write(OverviewPicture.lamella(scene), to: files[2])
        return Result(segmentation: result, files: files)
    }
}
