/// What the service asks of the worker: run this network on this tensor, or on these images.
///
/// Bytes, all integers little-endian:
/// ```
/// UInt8 1 | UInt32 n | n bytes of UTF-8 path | tensor
/// UInt8 3 | UInt32 n | n bytes of UTF-8 path | UInt8 channels | UInt32 images | UInt32 height | UInt32 width | product x UInt8
/// tensor: UInt8 rank | rank x UInt32 | product x Float32
/// ```
public struct PredictionRequest: Sendable, Hashable {
    /// Absolute path of the TorchScript file.
    public var model: String
    public var input: Tensor
    public init(model: String, input: Tensor) {
        self.model = model
        self.input = input
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 64 + model.utf8.count + 4 * input.values.count)
        writer.append(UInt8(1))
        writer.append(model)
        writer.append(input)
        return writer.bytes
    }

    /// The bytes of a request for images of one size, which becomes a tensor on the other side.
    public static func encoded(model: String, images: [GreyImage], channels: Int) throws(WireError) -> [UInt8] {
        guard let first = images.first, (1 ... 255).contains(channels), images.allSatisfy({ $0.width == first.width && $0.height == first.height }) else {
            throw .shapeMismatch(shape: [images.count, channels], values: images.reduce(0) { $0 + $1.pixels.count })
        }
        var writer = ByteWriter(capacity: 64 + model.utf8.count + images.count * first.pixels.count)
        writer.append(UInt8(3))
        writer.append(model)
        writer.append(UInt8(channels))
        for number in [images.count, first.height, first.width] { writer.append(UInt32(clamping: number)) }
        for image in images { writer.append(image.pixels) }
        return writer.bytes
    }

    public static func decode(_ bytes: [UInt8]) throws(WireError) -> PredictionRequest {
        var reader = ByteReader(bytes)
        let request: PredictionRequest
        switch try reader.byte() {
        case 1: request = PredictionRequest(model: try reader.text(), input: try reader.tensor())
        case 3:
            let model = try reader.text()
            let channels = Int(try reader.byte())
            request = PredictionRequest(model: model, input: try Tensor(try reader.images(), channels: channels))
        default: throw .malformed("the request is of an unknown kind")
        }
        try reader.end()
        return request
    }
}

/// What the service asks of the worker besides: the byte 2, for what there is on its machine.
public enum MachineRequest {
    public static let encoded: [UInt8] = [2]
}

/// What the worker answers.
///
/// Bytes: `UInt8 1 | tensor`, `UInt8 2 | UInt32 n | n bytes of UTF-8 reason`, the same with 3, or
/// `UInt8 4 | UInt32 GPUs | UInt32 n | n bytes of UTF-8 name of the library`.
public enum PredictionAnswer: Sendable, Hashable {
    case output(Tensor)
    /// The network could not be loaded or run; the worker itself is well.
    case refusal(String)
    /// The device had not the memory that the network needs there.
    case memoryExhausted(String)
    case machine(InferenceMachine)

    public func encoded() -> [UInt8] {
        switch self {
        case .output(let tensor):
            var writer = ByteWriter(capacity: 64 + 4 * tensor.values.count)
            writer.append(UInt8(1))
            writer.append(tensor)
            return writer.bytes
        case .refusal(let reason), .memoryExhausted(let reason):
            var writer = ByteWriter(capacity: 16 + reason.utf8.count)
            if case .refusal = self { writer.append(UInt8(2)) } else { writer.append(UInt8(3)) }
            writer.append(reason)
            return writer.bytes
        case .machine(let machine):
            var writer = ByteWriter(capacity: 16 + machine.library.utf8.count)
            writer.append(UInt8(4))
            writer.append(UInt32(clamping: machine.gpus))
            writer.append(machine.library)
            return writer.bytes
        }
    }

    public static func decode(_ bytes: [UInt8]) throws(WireError) -> PredictionAnswer {
        var reader = ByteReader(bytes)
        let answer: PredictionAnswer
        switch try reader.byte() {
        case 1: answer = .output(try reader.tensor())
        case 2: answer = .refusal(try reader.text())
        case 3: answer = .memoryExhausted(try reader.text())
        case 4:
            let gpus = Int(try reader.number())
            answer = .machine(InferenceMachine(library: try reader.text(), gpus: gpus))
        default: throw .malformed("the answer is of an unknown kind")
        }
        try reader.end()
        return answer
    }
}
