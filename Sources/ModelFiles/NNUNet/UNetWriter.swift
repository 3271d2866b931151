/// nnU-Net's two networks as their package defines them (`dynamic_network_architectures`), written from the plans and the names of the weights.
struct UNetWriter<Sink: WeightSink> {
    let plans: NNUNetPlans
    let checkpoint: TorchCheckpoint
    let tensors: [String: SavedTensor]
    var writer: ProgramWriter<Sink>

    /// The network to its logits: [images, channels, rows, columns] to [images, classes, rows, columns].
    mutating func write(channels: Int, classes: Int) throws {
        var x = "x"
        var skips: [String] = []
        var width = channels
        if plans.family == .residual {
            x = try unit("encoder.stem.convs.0", x, from: width, to: plans.features[0], kernel: plans.kernels[0])
            width = plans.features[0]
        }
        for stage in plans.strides.indices {
            let features = plans.features[stage]
            for block in 0 ..< plans.encoderUnits[stage] {
                let stride = block == 0 ? plans.strides[stage] : [1, 1]
                switch plans.family {
                case .plain:
                    x = try unit("encoder.stages.\(stage).0.convs.\(block)", x, from: width, to: features, kernel: plans.kernels[stage], stride: stride)
                case .residual:
                    x = try residual("encoder.stages.\(stage).blocks.\(block)", x, from: width, to: features, kernel: plans.kernels[stage], stride: stride)
                }
                width = features
            }
            skips.append(x)
        }
        let last = plans.strides.count - 1
        for step in 0 ..< last {
            let stage = last - 1 - step
            let features = plans.features[stage]
            let stride = plans.strides[stage + 1]
            let kernel = try weight("decoder.transpconvs.\(step).weight", [width, features, stride[0], stride[1]])
            let bias = plans.hasBias ? try weight("decoder.transpconvs.\(step).bias", [features]) : "None"
            let raised = writer.value("torch.conv_transpose2d(\(x), \(kernel), \(bias), \(stride), [0, 0], [0, 0], 1, [1, 1])")
            x = writer.joined([raised, skips[stage]])
            width = 2 * features
            for unit in 0 ..< plans.decoderUnits[step] {
                x = try self.unit("decoder.stages.\(step).convs.\(unit)", x, from: width, to: features, kernel: plans.kernels[stage])
                width = features
            }
        }
        let head = "decoder.seg_layers.\(last - 1)"
        let kernel = try weight("\(head).weight", [classes, width, 1, 1])
        writer.end(writer.value("torch.conv2d(\(x), \(kernel), \(try weight("\(head).bias", [classes])), [1, 1], [0, 0], [1, 1], 1)"))
    }

    /// Convolution, instance norm, leaky ReLU.
    private mutating func unit(_ name: String, _ x: String, from: Int, to: Int, kernel: [Int], stride: [Int] = [1, 1]) throws -> String {
        let y = try norm(name, convolution(name, x, from: from, to: to, kernel: kernel, stride: stride, hasBias: plans.hasBias), features: to)
        return writer.activation(y, .leakyReLU(plans.slope))
    }

    /// Two convolutions beside a short cut, which is averaged where the block reduces and convolved where it widens.
    private mutating func residual(_ name: String, _ x: String, from: Int, to: Int, kernel: [Int], stride: [Int]) throws -> String {
        let inner = try unit("\(name).conv1", x, from: from, to: to, kernel: kernel, stride: stride)
        let main = try norm("\(name).conv2", convolution("\(name).conv2", inner, from: to, to: to, kernel: kernel, stride: [1, 1], hasBias: plans.hasBias), features: to)
        let isReduced = stride != [1, 1]
        var short = isReduced ? writer.value("torch.avg_pool2d(\(x), \(stride), \(stride), [0, 0], False, True, None)") : x
        if from != to {
            let place = "\(name).skip.\(isReduced ? 1 : 0)"
            short = try norm(place, convolution(place, short, from: from, to: to, kernel: [1, 1], stride: [1, 1], hasBias: false), features: to)
        }
        return writer.activation(writer.value("\(main) + \(short)"), .leakyReLU(plans.slope))
    }

    private mutating func convolution(_ name: String, _ x: String, from: Int, to: Int, kernel: [Int], stride: [Int], hasBias: Bool) throws -> String {
        let numbers = try weight("\(name).conv.weight", [to, from, kernel[0], kernel[1]])
        let bias = hasBias ? try weight("\(name).conv.bias", [to]) : "None"
        return writer.value("torch.conv2d(\(x), \(numbers), \(bias), \(stride), [\(kernel[0] / 2), \(kernel[1] / 2)], [1, 1], 1)")
    }

    private mutating func norm(_ name: String, _ x: String, features: Int) throws -> String {
        let gamma = try weight("\(name).norm.weight", [features])
        let beta = try weight("\(name).norm.bias", [features])
        return writer.value("torch.instance_norm(\(x), \(gamma), \(beta), None, None, True, 0.1, \(plans.epsilon), False)")
    }

    private mutating func weight(_ name: String, _ shape: [Int]) throws -> String {
        guard let tensor = tensors[name] else { throw Damage("weight '\(name)' is missing: plans.json describes another network than this.") }
        let isTurned = plans.isTransposed && shape.count == 4
        let expected = isTurned ? [shape[0], shape[1], shape[3], shape[2]] : shape
        guard tensor.shape == expected else { throw Damage("weight '\(name)' has the shape \(tensor.shape); plans.json describes \(expected).") }
        let values = try checkpoint.values(of: tensor)
        return try writer.weight(isTurned ? Self.transposed(values, rows: shape[2], columns: shape[3]) : values, shape: shape)
    }

    /// Kernels with rows and columns exchanged.
    ///
    /// - Parameters: rows and columns of the result.
    private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        let size = rows * columns
        return values.indices.map { place in
            let (kernel, inside) = place.quotientAndRemainder(dividingBy: size)
            let (row, column) = inside.quotientAndRemainder(dividingBy: columns)
            return values[kernel * size + column * rows + row]
        }
    }
}
