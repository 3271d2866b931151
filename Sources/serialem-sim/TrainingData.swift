import ArgumentParser
import Specimen

/// `serialem-sim training-data`: images with known truth for training the networks.
struct TrainingData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training-data",
        abstract: "Write images of simulated grids with their truth, for training the networks.",
        discussion: """
            Images are binary PGM files. Labels of the detector are text files in YOLO's format; labels of the \
            segmenter are PGM files with the values 0 to 8.
            """)

    @Option(help: "What the images are for: detector or segmenter.")
    var kind: String

    @Option(help: "Seeds of the grids, as a list (1000,1001), a range (1000-1040) or a mixture.")
    var seeds: String

    @Option(name: .customLong("out"), help: "Folder for images/ and labels/; it is made if needed.")
    var directory: String

    private func trainingSet() throws -> TrainingSet {
        guard let kind = TrainingSet.Kind(rawValue: self.kind) else {
            throw ValidationError("--kind is \"\(self.kind)\"; it can be detector or segmenter.")
        }
        guard let seeds = TrainingSet.seeds(from: self.seeds) else {
            throw ValidationError("--seeds is \"\(self.seeds)\"; write numbers like 1000,1001 or a range like 1000-1040.")
        }
        return TrainingSet(kind: kind, seeds: seeds, directory: directory)
    }

    func validate() throws { _ = try trainingSet() }

    func run() throws {
        let count = try trainingSet().write()
        print("\(count) images written to \(directory)")
    }
}
