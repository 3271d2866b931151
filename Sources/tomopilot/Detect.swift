import Analysis
import ArgumentParser
import Detection
import Foundation
import InferenceWire
import ModelStore
import Units
import Workflow

struct Detect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds lamellae on images: PNG, TIFF, or MRC, also SerialEM's montages in pieces.",
        discussion: """
            Beside each image, or in --out, it writes <name>_boxes.json, as a session does, and a picture to look at, <name>_boxes_overview.png. \
            Images of more than 8 bits are brought to 8 bits. The pixel size is that of the MRC file, of <name>.json as a session writes it, or \
            --pixel-size.
            """)

    @OptionGroup var images: AnalysedImages

    @Option(help: "Boxes with a lower score are left out, 0 to 1.")
    var confidence = 0.25

    @Flag(help: "Searches as SPACEtomo does, for comparisons: its tiles, its scaling at the border, its merging.")
    var reference = false

    @Flag(help: .hidden)
    var unmerged = false

    func run() async throws {
        try await images.run(.detector, option: "WG_model") { folder, worker, analysis, report in
            let detector = try LamellaDetector(folder: folder, predictor: worker, confidence: confidence, mode: reference ? unmerged ? .unmergedReference : .reference : .standard)
            let job = DetectionJob(detector: detector, model: folder, place: try images.place(), analysis: analysis, report: report)
            return { path, _, progress in
                let result = try await job.run(path, progress: progress)
                let classes = Dictionary(grouping: result.lamellae, by: \.className).map { "\($0.value.count) \($0.key)" }.sorted()
                let count = "\(result.lamellae.count) \(result.lamellae.count == 1 ? "lamella" : "lamellae")"
                return (classes.isEmpty ? count : "\(count) (\(classes.joined(separator: ", ")))", result.files)
            }
        }
    }
}
