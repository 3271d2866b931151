import CheckpointAssembly
import Foundation
import InferenceWire
@testable import ModelFiles
import Testing

@Suite("Folders of nnU-Net are read as nnU-Net reads them")
struct NNUNetTests {
    /// What the small model says after its files were changed, or why it is refused.
    private func model(_ changes: (String, String)..., file: String = "plans.json") throws -> NNUNetModel {
        var files = SmallModels.segmenter()
        var text = String(decoding: try #require(files[file]), as: UTF8.self)
        for (old, new) in changes {
            #expect(text.contains(old))
            text = text.replacingOccurrences(of: old, with: new)
        }
        files[file] = Array(text.utf8)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try SmallModels.write(files, to: folder)
        return try NNUNetModel(folder: folder)
    }

    private func refusal(_ changes: (String, String)..., file: String = "plans.json") -> String {
        do {
            switch changes.count {
            case 1: _ = try model(changes[0], file: file)
            default: _ = try model(changes[0], changes[1], file: file)
            }
            return "taken"
        } catch {
            return "\(error)"
        }
    }

    private let scheme = #""normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [false]"#

    @Test func `each scheme of normalisation is understood`() throws {
        #expect(try model().normalisations == [.zScore])
        for (name, masked, expected) in [
            ("ZScoreNormalization", "true", Normalisation.zScoreOfFilled), ("NoNormalization", "false", .asIs), ("RescaleTo01Normalization", "false", .range),
            ("RGBTo01Normalization", "false", .unit),
        ] {
            #expect(try model((scheme, #""normalization_schemes": ["\#(name)"], "use_mask_for_norm": [\#(masked)]"#)).normalisations == [expected])
        }
        let levels = #"{"0": {"mean": 100.5, "std": 20, "median": 90, "min": 0, "max": 255, "percentile_00_5": 3, "percentile_99_5": 240}}"#
        for key in ["foreground_intensity_properties_per_channel", "foreground_intensity_properties_by_modality"] {
            let read = try model((scheme, #""normalization_schemes": ["CTNormalization"]"#), (#""transpose_forward""#, #""\#(key)": \#(levels), "transpose_forward""#))
            #expect(read.normalisations == [.fixed(.init(lower: 3, upper: 240, mean: 100.5, deviation: 20))])
        }
        #expect(refusal((scheme, #""normalization_schemes": ["CTNormalization"]"#)).contains("says no intensities"))
        #expect(refusal((scheme, #""normalization_schemes": ["Mine"]"#)).contains("'Mine', which is none of nnU-Net's own schemes"))
    }

    @Test func `spacing, resampling and transposition are told or refused`() throws {
        #expect(try model((#""spacing": [1.0, 1.0]"#, #""spacing": [2.0, 0.5]"#)).spacing == [2, 0.5])
        let patch = #""patch_size": [32, 48]"#
        let own = #""patch_size": [32, 48], "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_data_kwargs": {"is_seg": false, "order": 3, "order_z": 0}"#
        #expect(try model((patch, own)).patchRows == 32)
        #expect(refusal((patch, own.replacingOccurrences(of: "\"order\": 3", with: "\"order\": 1"))).contains("of order 1"))
        #expect(refusal((patch, #""patch_size": [32, 48], "resampling_fn_probabilities": "resample_torch""#)).contains("'resample_torch'"))
        #expect(refusal((#""transpose_forward": [0, 1, 2]"#, #""transpose_forward": [1, 0, 2]"#)).contains("it transposes images by [1, 0, 2]"))
    }

    @Test func `where rows and columns are exchanged, everything is told for images as they are`() throws {
        let turned = (#""transpose_forward": [0, 1, 2]"#, #""transpose_forward": [0, 2, 1]"#)
        let model = try model(turned, (#""spacing": [1.0, 1.0]"#, #""spacing": [2.0, 0.5]"#))
        #expect((model.patchRows, model.patchColumns) == (48, 32))
        #expect(model.spacing == [0.5, 2])
    }

    @Test func `labels are numbers, or regions in the order of the file`() throws {
        let labels = #""background": 0, "cell": 1"#
        #expect(try model((labels, #""cell": [1], "background": 0, "ignore": 2"#), file: "dataset.json").classes == ["background", "cell"])
        let regions = #""background": 0, "whole\" {": [1, 2, 3], "core": [2, 3], "inner": 3}, "regions_class_order": [1, 3, 2], "more": {"labels": {"x": 1}"#
        let read = try self.model((labels, regions), file: "dataset.json")
        #expect(read.classes == ["background", "whole\" {", "inner", "core"])
        #expect(read.regions == [1, 3, 2])
        #expect(try self.model((labels, #""core": [1, 2], "background": 0, "ignore": 3, "whole": 1}, "regions_class_order": [2, 1], "a": {"#), file: "dataset.json").classes == ["background", "whole", "core"])
        #expect(refusal((labels, #""background": 0, "whole": [1, 2], "core": [2]"#), file: "dataset.json").contains("it lacks 'regions_class_order'"))
        #expect(refusal((labels, #""background": 0, "whole": [1, 2]}, "regions_class_order": [2], "a": {"#), file: "dataset.json").contains("a number from 1 without a gap"))
        #expect(refusal((labels, #""background": 0, "cell": 2"#), file: "dataset.json").contains("numbered from 0 without a gap"))
    }
}
