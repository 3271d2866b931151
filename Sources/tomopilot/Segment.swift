import Analysis
import ArgumentParser
import Foundation
import InferenceWire
import Raster
import Segmentation

struct Segment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Segments images of lamellae: PNG, TIFF, or MRC, also SerialEM's montages in pieces.",
        discussion: """
            Beside each image, or in --out, it writes <name>_seg.png (grey level = index of the class) and <name>_areas.json, as a session does, \
            and a picture to look at, <name>_seg_overview.png. Images of another pixel size than the model's are resampled for it, and the result is at \
            their own. A model with several channels takes <name>_0000, <name>_0001 and so on, the colours of a PNG, or one image for all.
            """)

    @OptionGroup var images: AnalysedImages

    @Option(help: "How much is calculated: fast, balanced or accurate (all folds and mirror images, as the model was made).", transform: profile(named:))
    var profile = SegmentationProfile.accurate

    @Flag(help: "Also writes the probabilities of all classes, a section each, to <name>_probabilities.mrc.")
    var probabilities = false

    @Flag(help: "Takes grey levels of more than 8 bits as they are instead of bringing them to 8 bits, as nnU-Net's own programs do.")
    var raw = false

    func run() async throws {
        try await images.run(.segmenter, option: "MM_model") { folder, worker in
            let segmenter = try LamellaSegmenter(folder: folder, predictor: worker, profile: profile)
            let job = SegmentationJob(segmenter: segmenter, place: try images.place(), writesProbabilities: probabilities, isRaw: raw)
            return { path, progress in
                let result = try await job.run(path, progress: progress)
                let segmentation = result.segmentation
                let all = segmentation.labels.pixels.count
                let largest = zip(segmentation.classes, segmentation.pixelCounts).filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(4)
                return (largest.map { "\($0.0) \(($0.1 * 1000 / all + 5) / 10) %" }.joined(separator: ", "), result.files)
            }
        }
    }

    private static func profile(named name: String) throws -> SegmentationProfile {
        guard let profile = SegmentationProfile(rawValue: name) else {
            throw ValidationError("it must be one of \(SegmentationProfile.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return profile
    }
}
