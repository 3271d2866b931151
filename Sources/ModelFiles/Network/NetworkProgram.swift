/// A network as TorchScript source and the weights that it names, for libtorch to compile.
///
/// The source is one function `forward(self, x)`; each weight is an attribute `w<number>` of `self`.
public struct NetworkProgram: Sendable {
    /// TorchScript source.
    public internal(set) var source = "def forward(self, x):\n"
    /// Where each weight lies in the file of weights, in the order of their numbers.
    public internal(set) var weights: [Weight] = []
    /// Learned numbers.
    public var parameters: Int { weights.reduce(0) { $0 + $1.shape.reduce(1, *) } }

    /// One weight.
    public struct Weight: Sendable, Hashable, Codable {
        public let name: String
        public let shape: [Int]
        /// Bytes before it in the file of weights, which holds 32-bit floats, little-endian, row by row.
        public let offset: Int
    }
}

/// Takes weights one by one, so that those of a large network are never in memory together.
public protocol WeightSink {
    /// Appends numbers as 32-bit floats, little-endian.
    mutating func append(_ values: [Float]) throws
}

/// Writes a network's program, statement by statement.
struct ProgramWriter<Sink: WeightSink> {
    private(set) var program = NetworkProgram()
    private(set) var sink: Sink
    /// How many statements there are.
    private(set) var values = 0
    private var bytes = 0
    private static var mostBytes: Int { 2 << 30 }

    init(sink: Sink) { self.sink = sink }

    /// Keeps a weight and returns how the program names it.
    mutating func weight(_ numbers: [Float], shape: [Int]) throws -> String {
        // A file of a megabyte may name one tensor a thousand times. The largest networks of this field have half of it.
        guard bytes + 4 * numbers.count <= Self.mostBytes else { throw Damage("its network has more than 2 GB of weights.") }
        let name = "w\(program.weights.count)"
        try sink.append(numbers)
        program.weights.append(NetworkProgram.Weight(name: name, shape: shape, offset: bytes))
        bytes += 4 * numbers.count
        return "self.\(name)"
    }

    /// A new value from an expression; returns its name.
    mutating func value(_ expression: String) -> String {
        values += 1
        program.source += "    v\(values) = \(expression)\n"
        return "v\(values)"
    }

    mutating func end(_ result: String) { program.source += "    return \(result)\n" }
}

/// How a convolution walks over its image; rows, then columns.
struct ConvolutionShape: Sendable, Hashable {
    var stride = [1, 1]
    var padding = [0, 0]
    var dilation = [1, 1]
    var groups = 1
}

/// What follows a convolution.
enum Activation: Sendable, Hashable {
    case none, silu, relu
    case leakyReLU(Double)
}

extension ProgramWriter {
    mutating func convolution(_ x: String, weight: [Float], shape: [Int], bias: [Float]?, _ walk: ConvolutionShape) throws -> String {
        let kernel = try self.weight(weight, shape: shape)
        let offset = try bias.map { try self.weight($0, shape: [$0.count]) } ?? "None"
        return value("torch.conv2d(\(x), \(kernel), \(offset), \(walk.stride), \(walk.padding), \(walk.dilation), \(walk.groups))")
    }
    /// In place: nothing but the activation uses what a convolution or a norm has made.
    mutating func activation(_ x: String, _ kind: Activation) -> String {
        switch kind {
        case .none: x
        case .silu: value("torch.silu_(\(x))")
        case .relu: value("torch.relu_(\(x))")
        case .leakyReLU(let slope): value("torch.leaky_relu_(\(x), \(slope))")
        }
    }
    mutating func joined(_ parts: [String]) -> String { parts.count == 1 ? parts[0] : value("torch.cat([\(parts.joined(separator: ", "))], 1)") }
}
