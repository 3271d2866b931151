import Foundation
import InferenceWire
import InferenceWorker
import Logging
import Raster
import Segmentation
import Testing
import Units

@Suite struct SegmentationParityTests {
    @Test(
        "Map to labels agrees with the same steps written in NumPy on 99.99 % of the pixels",
        arguments: [(150, 110), (50, 90)])
    func parity(_ width: Int, _ height: Int) async throws {
        let expected = try [UInt8](Data(contentsOf: URL(fileURLWithPath: golden("segmenter_\(width)x\(height).labels"))))
        var map = Raster<UInt8>(width: width, height: height, filledWith: 0)
        for y in 0 ..< height { for x in 0 ..< width { map[x, y] = UInt8(1 + (x * x * 3 + y * 7 + x * y * 5) % 255) } }
        let worker = InferenceWorker(executable: workerPath, threads: 1, logger: Logger(label: "test"))
        let segmenter = try LamellaSegmenter(
            description: ModelDescription(
                name: "golden", kind: .segmenter, networks: [ModelDescription.Network(file: "model.torchscript", sha256: String(repeating: "0", count: 64))], pixelSize: PixelSize(20),
                patchRows: 48, patchColumns: 64, classes: ["background", "white", "black", "crack", "cell"],
                normalisation: .zScore, mirroringAxes: [0, 1], licence: "none"),
            networkPaths: [golden("segmenter.torchscript")], predictor: worker)
        let labels = try await segmenter.segment(map).labels
        await worker.shutdown()
        let different = zip(labels.pixels, expected).count { $0 != $1 }
        #expect(labels.pixels.count == expected.count)
        #expect(Double(different) <= 1e-4 * Double(expected.count), "\(different) pixels differ")
    }
}
