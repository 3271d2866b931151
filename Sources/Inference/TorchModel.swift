import CTorchShim
public import InferenceWire

/// Why libtorch would not load or run a network, in libtorch's words.
public struct TorchError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    /// Whether a device had not the memory that was needed.
    public var isMemoryExhausted = false

    public init(description: String, isMemoryExhausted: Bool = false) {
        self.description = description
        self.isMemoryExhausted = isMemoryExhausted
    }
}

/// A loaded TorchScript network. Exactly one owner; its memory is given back with it.
@safe public struct TorchModel: ~Copyable {
    private let handle: OpaquePointer

    /// Loads a network.
    /// - Parameters:
    ///   - channelsLast: faster for detectors with three channels, slower for U-Nets with one.
    ///   - device: what it is going to run on.
    public init(path: String, channelsLast: Bool, device: InferenceDevice = .processor) throws(TorchError) {
        var loaded: OpaquePointer?
        var exhausted: Int32 = 0
        let gpu: Int32 = if case .gpu(let number) = device { Int32(clamping: number) } else { -1 }
        let message = unsafe Self.errorText { text, size in
            unsafe loaded = ctorch_model_load(path, channelsLast ? 1 : 0, gpu, &exhausted, text, size)
        }
        guard let model = unsafe loaded else { throw TorchError(description: message, isMemoryExhausted: exhausted != 0) }
        unsafe handle = model
    }

    deinit { unsafe ctorch_model_free(handle) }

    /// Threads that one operation may use; for the whole process.
    public static func setThreads(_ threads: Int) { ctorch_set_threads(Int32(clamping: threads)) }

    /// libtorch and the GPUs that it can use.
    public static var machine: InferenceMachine {
        let version = unsafe errorText { text, size in unsafe ctorch_describe(text, size) }
        return InferenceMachine(library: version, gpus: Int(ctorch_gpu_count()))
    }

    /// The network's type and number of parameters.
    public var summary: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            unsafe text.initialize(repeating: 0)
            let status = unsafe ctorch_model_describe(handle, text.baseAddress, 256, nil, 0)
            guard status == 0, let base = text.baseAddress else { return "unknown network" }
            return unsafe String(cString: base)
        }
    }

    /// Runs the network on one tensor.
    public func run(_ input: Tensor) throws(TorchError) -> Tensor {
        var output = unsafe ctorch_output()
        var status: Int32 = 1
        let shape = input.shape.map { Int64($0) }
        let message = unsafe Self.errorText { text, size in
            unsafe input.values.withUnsafeBufferPointer { values in
                unsafe status = ctorch_model_run(
                    handle, values.baseAddress, shape, shape.count, &output, text, size)
            }
        }
        defer { unsafe ctorch_output_free(&output) }
        guard status == 0 else { throw TorchError(description: message, isMemoryExhausted: status == CTORCH_MEMORY_EXHAUSTED) }
        let lengths = unsafe withUnsafeBytes(of: output.shape) { unsafe Array($0.bindMemory(to: Int64.self)) }
        let values = unsafe Array(UnsafeBufferPointer(start: output.values, count: Int(output.count)))
        do {
            return try Tensor(shape: unsafe lengths.prefix(Int(output.rank)).map { Int($0) }, values: values)
        } catch {
            throw TorchError(description: error.description)
        }
    }

    static func errorText(_ work: (UnsafeMutablePointer<CChar>?, Int) -> Void) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { text in
            unsafe text.initialize(repeating: 0)
            unsafe work(text.baseAddress, 1024)
            guard let base = text.baseAddress else { return "" }
            return unsafe String(cString: base)
        }
    }
}
