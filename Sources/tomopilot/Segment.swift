import Analysis
import ArgumentParser
import Foundation
import InferenceWire
import ModelStore
import Raster
import Segmentation
import Workflow

struct Segment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Segments images of lamellae: PNG, TIFF, or MRC, also SerialEM's montages in pieces.",
        discussion: """
            Beside each image, or in --out, it writes <name>_seg.png (grey level = index of the class) and <name>_areas.json, as a session does, \
            and a picture to look at, <name>_seg_overview.png. Images of another pixel size than the model's are resampled for it, and the result is at \
            their own. A model with several channels takes <name>_0000, <name>_0001 and so on, the colours of a PNG, or one image for all.
            """)

    @OptionGroup var images: AnalysedImages

    @Option(help: "How much is calculated: fast, balanced, accurate (all folds and mirror images, as the model was made), or reference (with nnU-Net's 16-bit sums, for comparisons).", transform: profile(named:))
    var profile = SegmentationProfile.accurate

    @Flag(help: "Also writes the probabilities of all classes, a section each, to <name>_probabilities.mrc.")
    var probabilities = false

    @Flag(help: "Takes grey levels of more than 8 bits as they are instead of bringing them to 8 bits, as nnU-Net's own programs do.")
    var raw = false

    func run() async throws {
        try await images.run(.segmenter, option: "MM_model") { folder, worker, analysis, report in
            let timed = TimedPredictor(worker)
            let segmenter = try LamellaSegmenter(folder: folder, predictor: timed, profile: profile)
            let job = SegmentationJob(segmenter: segmenter, model: folder, place: try images.place(), writesProbabilities: probabilities, isRaw: raw, analysis: analysis, report: report)
            let clock = PassClock(segmenter: segmenter, timed: timed, threads: images.usedThreads, calibration: ModelStore.standard.calibration)
            return { path, terminal, progress in
                let result = try await job.run(
                    path,
                    planned: { count in
                        // How long it takes elsewhere is not known here.
                        guard images.analysis == nil, count > 0 else { return }
                        if let seconds = await clock.secondsPerPass() { terminal.show("\(path)  about \(Self.time(seconds * Double(count))): \(count) runs of the network, \(Self.time(seconds)) each") }
                    }, progress: progress)
                await clock.record()
                let segmentation = result.segmentation
                let all = segmentation.labels.pixels.count
                let largest = zip(segmentation.classes, segmentation.pixelCounts).filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(4)
                return (largest.map { "\($0.0) \(($0.1 * 1000 / all + 5) / 10) %" }.joined(separator: ", "), result.files)
            }
        }
    }

    /// `0.35 s`, `12 s`, `5 min`.
    private static func time(_ seconds: Double) -> String {
        seconds < 1 ? String(format: "%.2f s", seconds) : seconds < 120 ? String(format: "%.0f s", seconds) : String(format: "%.0f min", seconds / 60)
    }

    private static func profile(named name: String) throws -> SegmentationProfile {
        guard let profile = SegmentationProfile(rawValue: name) else {
            throw ValidationError("it must be one of \(SegmentationProfile.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return profile
    }
}

/// How long one run of a network takes here: as it was measured before, or by two runs on nothing.
struct PassClock {
    let segmenter: LamellaSegmenter
    /// What the segmenter runs its networks with.
    let timed: TimedPredictor
    let threads: Int
    let calibration: Calibration

    func secondsPerPass() async -> Double? {
        if let known = calibration.seconds(model: segmenter.description.sha256, threads: threads) { return known }
        do {
            // The first run loads the network.
            try await segmenter.runOnce()
            try await segmenter.runOnce()
        } catch {
            // The work itself will say what is wrong.
            return nil
        }
        return await record()
    }

    /// Keeps what runs took since the last time; nothing where there were none, as on an image that is empty.
    @discardableResult func record() async -> Double? {
        guard let seconds = await timed.takeSeconds() else { return nil }
        calibration.record(seconds, model: segmenter.description.sha256, threads: threads)
        return seconds
    }
}
