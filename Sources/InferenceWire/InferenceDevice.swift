/// What a network runs on.
public enum InferenceDevice: Sendable, Hashable, CustomStringConvertible {
    case processor
    /// A GPU by libtorch's number, from 0.
    case gpu(Int)

    /// `cpu`, `gpu-0`: as the option of the inference worker has it.
    public var description: String {
        switch self {
        case .processor: "cpu"
        case .gpu(let number): "gpu-\(number)"
        }
    }

    public init?(_ text: String) {
        if text == "cpu" {
            self = .processor
        } else if text.hasPrefix("gpu-"), let number = Int(text.dropFirst(4)), (0 ..< 64).contains(number) {
            self = .gpu(number)
        } else {
            return nil
        }
    }
}

/// What an inference worker finds on its machine.
public struct InferenceMachine: Sendable, Hashable, Codable {
    /// `libtorch 1.13.1`.
    public var library: String
    /// GPUs that this libtorch can use.
    public var gpus: Int

    public init(library: String, gpus: Int) {
        self.library = library
        self.gpus = gpus
    }

    /// What networks are run on: the GPUs, or the processor where there is none.
    public var devices: [InferenceDevice] { gpus > 0 ? (0 ..< min(gpus, 64)).map { .gpu($0) } : [.processor] }

    /// The devices in a few words.
    public var words: String {
        switch gpus {
        case ..<1: "the processor (\(library); it finds no GPU)"
        case 1: "1 GPU (\(library))"
        default: "\(gpus) GPUs (\(library))"
        }
    }
}
