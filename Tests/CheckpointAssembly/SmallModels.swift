import Foundation

/// Checkpoints with networks that are small enough to see through, as their trainers would write them.
package enum SmallModels {
    /// Writes tensors into a pickle, each with a storage of its own.
    private struct Weights {
        var storages: [[Float]] = []

        mutating func add(_ values: [Float], shape: [Int], to pickle: inout PickleAssembler) {
            var strides = [Int](repeating: 1, count: shape.count)
            for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
            pickle.tensor(storage: "\(storages.count)", numbers: values.count, shape: shape, strides: strides)
            storages.append(values)
        }
    }

    /// A detector as Ultralytics saves it: a lamella is wherever 8 x 8 pixels are brighter than half of white, its box 24 px wide; of the
    /// first class, the second one's score is always low.
    ///
    /// - Parameter side: what the file says of its training images.
    package static func detector(classes: [String] = ["good", "gone"], side: Int = 64) -> [UInt8] {
        var weights = Weights()
        var pickle = PickleAssembler()
        func convolution(_ out: inout PickleAssembler, from: Int, to: Int, kernel: Int, weight: [Float], bias: [Float]) {
            out.object("torch.nn.modules.conv", "Conv2d") { own in
                for (name, value) in [("stride", kernel), ("padding", 0), ("dilation", 1), ("groups", 1)] {
                    own.text(name)
                    own.int(value)
                }
                own.text("_parameters")
                own.dictionary {
                    $0.text("weight")
                    weights.add(weight, shape: [to, from, kernel, kernel], to: &$0)
                    $0.text("bias")
                    weights.add(bias, shape: [to], to: &$0)
                }
                own.text("_modules")
                own.raw("}")
            }
        }
        func layer(_ number: Int, _ parts: inout PickleAssembler, _ module: String, _ name: String, _ fill: (inout PickleAssembler) -> Void) {
            parts.text("\(number)")
            parts.object(module, name) { own in
                own.text("f")
                own.int(-1)
                fill(&own)
            }
        }
        func parts(_ out: inout PickleAssembler, _ fill: (inout PickleAssembler) -> Void) {
            out.text("_modules")
            out.dictionary(fill)
        }
        pickle.dictionary { file in
            file.text("version")
            file.text("8.3.14")
            file.text("license")
            file.text("made by a test")
            file.text("train_args")
            file.dictionary {
                $0.text("imgsz")
                $0.int(side)
            }
            file.text("model")
            file.object("ultralytics.nn.tasks", "DetectionModel") { network in
                network.text("names")
                network.dictionary { names in
                    for (number, name) in classes.enumerated() {
                        names.int(number)
                        names.text(name)
                    }
                }
                parts(&network) { whole in
                    whole.text("model")
                    whole.object("torch.nn.modules.container", "Sequential") { sequence in
                        parts(&sequence) { layers in
                            layer(0, &layers, "ultralytics.nn.modules.conv", "Conv") { own in
                                parts(&own) { inner in
                                    inner.text("conv")
                                    // The mean grey value, 0 to 1, of 8 x 8 pixels of three equal channels.
                                    convolution(&inner, from: 3, to: 1, kernel: 8, weight: [Float](repeating: 1 / 192, count: 192), bias: [0])
                                    inner.text("act")
                                    inner.object("torch.nn.modules.linear", "Identity") {
                                        $0.text("_modules")
                                        $0.raw("}")
                                    }
                                }
                            }
                            layer(1, &layers, "ultralytics.nn.modules.head", "Detect") { head in
                                for (name, value) in [("nc", classes.count), ("reg_max", 1)] {
                                    head.text(name)
                                    head.int(value)
                                }
                                head.text("stride")
                                weights.add([8], shape: [1], to: &head)
                                parts(&head) { branches in
                                    branches.text("cv2")
                                    branches.object("torch.nn.modules.container", "ModuleList") {
                                        parts(&$0) {
                                            $0.text("0")
                                            convolution(&$0, from: 1, to: 4, kernel: 1, weight: [0, 0, 0, 0], bias: [1.5, 1.5, 1.5, 1.5])
                                        }
                                    }
                                    branches.text("cv3")
                                    branches.object("torch.nn.modules.container", "ModuleList") {
                                        parts(&$0) {
                                            $0.text("0")
                                            let others = classes.count - 1
                                            convolution(
                                                &$0, from: 1, to: classes.count, kernel: 1, weight: [20] + [Float](repeating: 0, count: others),
                                                bias: [-10] + [Float](repeating: -10, count: others))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return ZipAssembler.checkpoint(pickle.ended(), storages: weights.storages)
    }

    /// The files of a segmenter of nnU-Net v2, by their paths in its folder: what is brighter than the mean of what the network sees is of
    /// the second class, the rest of the first one.
    package static func segmenter(folds: Int = 1, pixelSize: Double? = 20) -> [String: [UInt8]] {
        var files = ["plans.json": Array(plans.utf8)]
        let size = pixelSize.map { ", \"pixel_size\": \($0)" } ?? ""
        files["dataset.json"] = Array(#"{"labels": {"background": 0, "cell": 1}, "channel_names": {"0": "map"}, "file_ending": ".png"\#(size)}"#.utf8)
        for fold in 0 ..< folds { files["fold_\(fold)/checkpoint_final.pth"] = Self.fold }
        return files
    }

    private static let plans = """
        {"dataset_name": "Dataset001_small", "transpose_forward": [0, 1, 2], "configurations": {"2d": {
            "spacing": [1.0, 1.0], "patch_size": [32, 48], "normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [false],
            "architecture": {"network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet", "arch_kwargs": {
                "features_per_stage": [2, 2], "kernel_sizes": [[3, 3], [3, 3]], "strides": [[1, 1], [2, 2]], "n_conv_per_stage": [1, 1],
                "n_conv_per_stage_decoder": [1], "conv_bias": true}}}}}
        """

    private static let fold: [UInt8] = {
        var weights = Weights()
        var pickle = PickleAssembler()
        /// Passes one channel on, unchanged: the middle of the kernel is 1.
        func passing(_ channel: Int, of channels: Int) -> [Float] {
            var values = [Float](repeating: 0, count: 2 * channels * 9)
            values[channel * 9 + 4] = 1
            values[(channels + channel) * 9 + 4] = -1
            return values
        }
        pickle.dictionary { file in
            file.text("network_weights")
            file.dictionary { tensors in
                func unit(_ name: String, from channels: Int, _ weight: [Float]) {
                    for (part, values, shape) in [
                        ("conv.weight", weight, [2, channels, 3, 3]), ("conv.bias", [0, 0], [2]), ("norm.weight", [1, 1], [2]), ("norm.bias", [0, 0], [2]),
                    ] {
                        tensors.text("\(name).\(part)")
                        weights.add(values, shape: shape, to: &tensors)
                    }
                }
                unit("encoder.stages.0.0.convs.0", from: 1, passing(0, of: 1))
                unit("encoder.stages.1.0.convs.0", from: 2, passing(0, of: 2))
                for (name, values, shape) in [("weight", [Float](repeating: 0, count: 16), [2, 2, 2, 2]), ("bias", [0, 0], [2])] {
                    tensors.text("decoder.transpconvs.0.\(name)")
                    weights.add(values, shape: shape, to: &tensors)
                }
                // Of the four channels the third is the first one beside the bottleneck.
                unit("decoder.stages.0.convs.0", from: 4, passing(2, of: 4))
                for (name, values, shape) in [("weight", [-1, 1, 1, -1], [2, 2, 1, 1]), ("bias", [0, 0] as [Float], [2])] {
                    tensors.text("decoder.seg_layers.0.\(name)")
                    weights.add(values, shape: shape, to: &tensors)
                }
            }
            file.text("init_args")
            file.dictionary {
                $0.text("configuration")
                $0.text("2d")
            }
            file.text("trainer_name")
            file.text("nnUNetTrainer")
            file.text("inference_allowed_mirroring_axes")
            file.tuple {
                $0.int(0)
                $0.int(1)
            }
        }
        return ZipAssembler.checkpoint(pickle.ended(), storages: weights.storages)
    }()

    /// Writes files into a folder, with the folders that they lie in.
    package static func write(_ files: [String: [UInt8]], to folder: String) throws {
        for (name, bytes) in files {
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
    }

    /// The same files as a zip file with one folder.
    package static func zip(_ files: [String: [UInt8]], folder: String) -> [UInt8] {
        var zip = ZipAssembler()
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) { zip.add("\(folder)/\(name)", bytes) }
        return zip.ended()
    }
}
