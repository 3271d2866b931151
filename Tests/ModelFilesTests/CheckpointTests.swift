import Foundation
@testable import ModelFiles
import Testing

@Suite("Checkpoints that strangers wrote")
struct CheckpointTests {
    @Test func realOne() throws {
        for name in ["easymode_polarity_model.pt", "yolov5n.pt", "yolov8n-cls_agriscan_best.pt", "ptolemy_lowmag_state_dict.torchmodel"] {
            let checkpoint = try TorchCheckpoint(FileBytes(path: "/work/shared/data/real/models/" + name))
            print(name, checkpoint.root.pairs?.map { "\($0.key.string ?? "?"):\($0.value.className ?? "")" } ?? [])
        }
    }
}
