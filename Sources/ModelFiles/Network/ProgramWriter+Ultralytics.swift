/// The blocks of YOLOv8 and YOLO11 as Ultralytics defines them (`ultralytics/nn/modules`), written from the saved modules themselves:
/// their own strides, paddings, shortcuts and activations count, not what a present version would give them.
struct DetectorWriter<Sink: WeightSink> {
    let checkpoint: TorchCheckpoint
    var writer: ProgramWriter<Sink>
    private var depth = 0
    /// Modules that were gone through, those that stand in several places each time.
    private var applied = 0

    init(checkpoint: TorchCheckpoint, sink: Sink) {
        self.checkpoint = checkpoint
        writer = ProgramWriter(sink: sink)
    }

    /// The whole network: layers that take what the one before or some earlier ones made, the detecting head last.
    mutating func write(_ network: SavedModule) throws {
        let layers = try network.child("model").children()
        guard layers.last?.kind == "Detect", layers.count <= 100 else {
            throw Damage("its last layer is a '\(layers.last?.kind ?? "nothing")' and not a Detect: it is no YOLOv8 or YOLO11 for detection.")
        }
        var outputs: [String] = []
        for (number, layer) in layers.enumerated() {
            let from = layer["f"]?.int.map { [$0] } ?? layer["f"]?.elements?.compactMap(\.int) ?? [-1]
            var inputs: [String] = []
            for source in from {
                let place = source < 0 ? number + source : source
                guard place >= 0 ? place < number : place == -1 && number == 0 else { throw Damage("\(layer.path) takes its input from a layer that is not there.") }
                inputs.append(place < 0 ? "x" : outputs[place])
            }
            switch layer.kind {
            case "Detect": writer.end(try detect(layer, inputs))
            case "Concat": outputs.append(writer.joined(inputs))
            default:
                guard inputs.count == 1 else { throw Damage("\(layer.path) (\(layer.kind)) has \(inputs.count) inputs.") }
                outputs.append(try apply(layer, inputs[0]))
            }
        }
    }

    private mutating func apply(_ module: SavedModule, _ x: String) throws -> String {
        // A file may name a module as a part of itself.
        depth += 1
        applied += 1
        defer { depth -= 1 }
        guard depth < 20, applied < 10_000, writer.values < 10_000 else { throw Damage("its modules contain one another without end.") }
        switch module.kind {
        case "Conv", "DWConv": return try convolution(module, x)
        case "Conv2d": return try plainConvolution(module, x)
        case "Sequential":
            var y = x
            for part in try module.children() { y = try apply(part, y) }
            return y
        case "Identity": return x
        case "C2f", "C3k2": return try splitAndJoin(module, x)
        case "C3", "C3k":
            let through = try apply(module.child("m"), apply(module.child("cv1"), x))
            return try apply(module.child("cv3"), writer.joined([through, apply(module.child("cv2"), x)]))
        case "Bottleneck":
            let y = try apply(module.child("cv2"), apply(module.child("cv1"), x))
            return module["add"]?.bool == true ? writer.value("\(x) + \(y)") : y
        case "SPPF": return try pyramid(module, x)
        case "MaxPool2d": return try pooled(module, x)
        case "Upsample":
            guard module["mode"]?.string == "nearest", let factor = module["scale_factor"]?.double ?? module["scale_factor"]?.elements?.first?.double, factor == 2 else {
                throw Damage("\(module.path) enlarges in a way that YOLOv8 and YOLO11 do not.")
            }
            return writer.value("torch.upsample_nearest2d(\(x), None, [2.0, 2.0])")
        case "C2PSA": return try attentionBlock(module, x)
        case "PSABlock":
            let adds = module["add"]?.bool ?? true
            let attended = try attention(module.child("attn"), x)
            let y = adds ? writer.value("\(x) + \(attended)") : attended
            let forward = try apply(module.child("ffn"), y)
            return adds ? writer.value("\(y) + \(forward)") : forward
        default: throw Damage("\(module.path) is a '\(module.kind.forPeople)', which is none of the blocks of YOLOv8 and YOLO11.")
        }
    }

    private mutating func splitAndJoin(_ module: SavedModule, _ x: String) throws -> String {
        let whole = try apply(module.child("cv1"), x)
        let half = try module.int("c", in: 1 ... 1 << 16)
        var parts = [writer.value("torch.narrow(\(whole), 1, 0, \(half))"), writer.value("torch.narrow(\(whole), 1, \(half), \(half))")]
        for part in try module.child("m").children() { parts.append(try apply(part, parts[parts.count - 1])) }
        return try apply(module.child("cv2"), writer.joined(parts))
    }

    private mutating func pooled(_ module: SavedModule, _ x: String) throws -> String {
        let kernel = try module.pair("kernel_size", in: 1 ... 64)
        let stride = try module.pair("stride", in: 1 ... 64)
        return writer.value("torch.max_pool2d(\(x), \(kernel), \(stride), \(try module.pair("padding", in: 0 ... 32)), [1, 1], False)")
    }

    private mutating func pyramid(_ module: SavedModule, _ x: String) throws -> String {
        var parts = [try apply(module.child("cv1"), x)]
        let pool = try module.child("m")
        let times = module["n"]?.int ?? 3
        guard (1 ... 16).contains(times) else { throw Damage("\(module.path) pools \(times) times.") }
        for _ in 0 ..< times { parts.append(try apply(pool, parts[parts.count - 1])) }
        let y = try apply(module.child("cv2"), writer.joined(parts))
        return module["add"]?.bool == true ? writer.value("\(y) + \(x)") : y
    }

    private mutating func attentionBlock(_ module: SavedModule, _ x: String) throws -> String {
        let whole = try apply(module.child("cv1"), x)
        let half = try module.int("c", in: 1 ... 1 << 16)
        let first = writer.value("torch.narrow(\(whole), 1, 0, \(half))")
        let second = writer.value("torch.narrow(\(whole), 1, \(half), \(half))")
        let through = try apply(module.child("m"), second)
        return try apply(module.child("cv2"), writer.joined([first, through]))
    }

    private mutating func attention(_ module: SavedModule, _ x: String) throws -> String {
        let heads = try module.int("num_heads", in: 1 ... 1024)
        let key = try module.int("key_dim", in: 1 ... 1 << 16)
        let head = try module.int("head_dim", in: 1 ... 1 << 16)
        guard let scale = module["scale"]?.double, scale.isFinite else { throw Damage("\(module.path) has no scale.") }
        let made = try apply(module.child("qkv"), x)
        let all = writer.value("torch.reshape(\(made), [torch.size(\(made), 0), \(heads), \(2 * key + head), -1])")
        let queries = writer.value("torch.transpose(torch.narrow(\(all), 2, 0, \(key)), -2, -1) * \(scale)")
        let keys = writer.value("torch.narrow(\(all), 2, \(key), \(key))")
        let values = writer.value("torch.narrow(\(all), 2, \(2 * key), \(head))")
        let weights = writer.value("torch.softmax(torch.matmul(\(queries), \(keys)), -1)")
        let shape = "[torch.size(\(x), 0), \(heads * head), torch.size(\(x), 2), torch.size(\(x), 3)]"
        let mixed = writer.value("torch.reshape(torch.matmul(\(values), torch.transpose(\(weights), -2, -1)), \(shape))")
        let places = try apply(module.child("pe"), writer.value("torch.reshape(\(values), \(shape))"))
        return try apply(module.child("proj"), writer.value("\(mixed) + \(places)"))
    }
}

/// Convolutions with what follows them.
extension DetectorWriter {
    /// A convolution with its batch norm folded into it (in double precision), and its activation.
    private mutating func convolution(_ module: SavedModule, _ x: String) throws -> String {
        let inner = try module.child("conv")
        var (weight, shape, bias) = try weights(of: inner)
        if let norm = module.optionalChild("bn") {
            guard norm.kind == "BatchNorm2d" else { throw Damage("\(norm.path) is a '\(norm.kind.forPeople)' and not a BatchNorm2d.") }
            let channels = shape[0]
            let gamma = try numbers("weight", of: norm, count: channels)
            let beta = try numbers("bias", of: norm, count: channels)
            let mean = try numbers("running_mean", of: norm, count: channels)
            let variance = try numbers("running_var", of: norm, count: channels)
            guard let epsilon = norm["eps"]?.double, epsilon >= 0 else { throw Damage("\(norm.path) has no eps.") }
            let each = weight.count / max(1, channels)
            var offsets = [Float](repeating: 0, count: channels)
            for channel in 0 ..< channels {
                let factor = Double(gamma[channel]) / (Double(variance[channel]) + epsilon).squareRoot()
                for place in channel * each ..< (channel + 1) * each { weight[place] = Float(Double(weight[place]) * factor) }
                offsets[channel] = Float(Double(beta[channel]) + (Double(bias?[channel] ?? 0) - Double(mean[channel])) * factor)
            }
            bias = offsets
        }
        let y = try writer.convolution(x, weight: weight, shape: shape, bias: bias, try walk(of: inner, shape: shape))
        return writer.activation(y, try activation(of: module))
    }

    private mutating func plainConvolution(_ module: SavedModule, _ x: String) throws -> String {
        let (weight, shape, bias) = try weights(of: module)
        return try writer.convolution(x, weight: weight, shape: shape, bias: bias, try walk(of: module, shape: shape))
    }

    private func weights(of module: SavedModule) throws -> (weight: [Float], shape: [Int], bias: [Float]?) {
        guard module.kind == "Conv2d", let weight = try module.tensor("weight"), weight.shape.count == 4, weight.shape.allSatisfy({ $0 > 0 }) else {
            throw Damage("\(module.path) (\(module.kind.forPeople)) is no convolution with weights.")
        }
        let bias = try module.tensor("bias")
        guard bias == nil || bias?.shape == [weight.shape[0]] else { throw Damage("\(module.path) has a bias of the wrong size.") }
        return (try checkpoint.values(of: weight), weight.shape, try bias.map(checkpoint.values))
    }

    private func walk(of module: SavedModule, shape: [Int]) throws -> ConvolutionShape {
        let groups = try module.int("groups", in: 1 ... 1 << 16)
        guard shape[0].isMultiple(of: groups) else { throw Damage("\(module.path) has no usable 'groups'.") }
        return ConvolutionShape(
            stride: try module.pair("stride", in: 1 ... 64), padding: try module.pair("padding", in: 0 ... 64),
            dilation: try module.pair("dilation", in: 1 ... 64), groups: groups)
    }

    private func activation(of module: SavedModule) throws -> Activation {
        guard let found = module.optionalChild("act") else { return .silu }
        switch found.kind {
        case "SiLU": return .silu
        case "Identity": return .none
        case "ReLU": return .relu
        case "LeakyReLU": return .leakyReLU(found["negative_slope"]?.double ?? 0.01)
        default: throw Damage("\(found.path) is a '\(found.kind.forPeople)', an activation that is not known here.")
        }
    }

    fileprivate func numbers(_ name: String, of module: SavedModule, count: Int) throws -> [Float] {
        guard let tensor = try module.tensor(name), tensor.shape == [count] else { throw Damage("\(module.path) has no '\(name)' of \(count) numbers.") }
        return try checkpoint.values(of: tensor)
    }
}

/// The head.
extension DetectorWriter {
    /// Boxes as centre and size in pixels and a probability per class: [images, 4 + classes, places].
    private mutating func detect(_ head: SavedModule, _ levels: [String]) throws -> String {
        guard head["_end2end"]?.bool != true, head.optionalChild("one2one_cv2") == nil || head["_end2end"]?.bool == false else {
            throw Damage("its head gives final boxes without suppression, as YOLOv10 and YOLO26 have it; YOLOv8 and YOLO11 are read.")
        }
        let bins = try head.int("reg_max", in: 1 ... 64)
        guard let steps = try head["stride"].flatMap({ try SavedTensor($0) }), steps.shape == [levels.count] else {
            throw Damage("\(head.path) (Detect) has no strides that fit.")
        }
        let strides = try checkpoint.values(of: steps)
        let boxHeads = try head.child("cv2").children()
        let classHeads = try head.child("cv3").children()
        guard boxHeads.count == levels.count, classHeads.count == levels.count else { throw Damage("\(head.path) (Detect) has not one branch per level.") }
        var boxes: [String] = []
        var scores: [String] = []
        for (level, x) in levels.enumerated() {
            let distances = try sides(apply(boxHeads[level], x), bins: bins)
            boxes.append(box(distances, on: x, stride: strides[level]))
            scores.append(writer.value("torch.flatten(torch.sigmoid(\(try apply(classHeads[level], x))), 2)"))
        }
        let all = zip(boxes, scores).map { writer.joined([$0, $1]) }
        return all.count == 1 ? all[0] : writer.value("torch.cat([\(all.joined(separator: ", "))], 2)")
    }

    /// Distances to the four sides in grid units, [images, 4, places]: the mean of each side's distribution over the bins.
    private mutating func sides(_ x: String, bins: Int) throws -> String {
        let flat = writer.value("torch.flatten(\(x), 2)")
        guard bins > 1 else { return flat }
        let numbers = try writer.weight((0 ..< bins).map { Float($0) }, shape: [1, 1, bins, 1])
        let shares = writer.value("torch.softmax(torch.reshape(\(flat), [torch.size(\(flat), 0), 4, \(bins), -1]), 2)")
        return writer.value("torch.sum(\(shares) * \(numbers), [2])")
    }

    private mutating func box(_ distances: String, on level: String, stride: Float) -> String {
        let rows = writer.value("torch.size(\(level), 2)")
        let columns = writer.value("torch.size(\(level), 3)")
        let x = writer.value("torch.reshape(torch.repeat(torch.reshape(torch.arange(\(columns)) + 0.5, [1, -1]), [\(rows), 1]), [1, 1, -1])")
        let y = writer.value("torch.reshape(torch.repeat(torch.reshape(torch.arange(\(rows)) + 0.5, [-1, 1]), [1, \(columns)]), [1, 1, -1])")
        let sides = (0 ..< 4).map { writer.value("torch.narrow(\(distances), 1, \($0), 1)") }
        let corners = (
            left: writer.value("\(x) - \(sides[0])"), top: writer.value("\(y) - \(sides[1])"), right: writer.value("\(x) + \(sides[2])"),
            bottom: writer.value("\(y) + \(sides[3])")
        )
        return writer.value(
            "torch.cat([(\(corners.left) + \(corners.right)) / 2, (\(corners.top) + \(corners.bottom)) / 2, \(corners.right) - \(corners.left), \(corners.bottom) - \(corners.top)], 1) * \(stride)"
        )
    }
}
