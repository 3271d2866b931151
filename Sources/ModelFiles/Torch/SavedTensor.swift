/// Kinds of numbers that torch's storages hold.
enum ElementType: String, Sendable {
    case double = "DoubleStorage"
    case float = "FloatStorage"
    case half = "HalfStorage"
    case brainFloat = "BFloat16Storage"
    case int64 = "LongStorage"
    case int32 = "IntStorage"
    case int16 = "ShortStorage"
    case int8 = "CharStorage"
    case uint8 = "ByteStorage"
    case bool = "BoolStorage"

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .double, .int64: 8
        case .float, .int32: 4
        case .half, .brainFloat, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Adds numbers as a float each, from their little-endian bytes.
    func append(_ bytes: ArraySlice<UInt8>, to numbers: inout [Float]) {
        func add<T: BitwiseCopyable>(_ type: T.Type, _ convert: (T) -> Float) {
            bytes.withUnsafeBytes { all in
                for place in stride(from: 0, to: all.count, by: MemoryLayout<T>.size) { numbers.append(convert(all.loadUnaligned(fromByteOffset: place, as: T.self))) }
            }
        }
        switch self {
        case .double: add(Double.self) { Float($0) }
        case .float: add(Float.self) { $0 }
        case .half: add(Float16.self) { Float($0) }
        case .brainFloat: add(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .int64: add(Int64.self) { Float($0) }
        case .int32: add(Int32.self) { Float($0) }
        case .int16: add(Int16.self) { Float($0) }
        case .int8: add(Int8.self) { Float($0) }
        case .uint8: add(UInt8.self) { Float($0) }
        case .bool: add(UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }
}

/// Where a tensor of a checkpoint lies: a view of a storage.
struct SavedTensor: Sendable, Hashable {
    /// The storage's name in the checkpoint's folder `data`.
    let storage: String
    let type: ElementType
    /// Numbers in the storage.
    let storageCount: Int
    /// All in numbers, not in bytes.
    let offset: Int
    let shape: [Int]
    let strides: [Int]
    var count: Int { shape.reduce(1, *) }

    /// The tensor that a value describes; nil for values that are none.
    ///
    /// Torch writes `_rebuild_tensor_v2(storage, offset, size, stride, requires gradient, hooks)`, and parameters around that.
    init?(_ value: PickledValue) throws(Damage) {
        var value = value
        // A file may wrap parameters without end.
        for _ in 0 ..< 8 {
            guard value.isObject else { return nil }
            switch value.className {
            case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.nn.parameter.Parameter":
                guard let first = value.arguments.first else { return nil }
                value = first
            case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
                try self.init(rebuiltFrom: value.arguments)
                return
            default: return nil
            }
        }
        return nil
    }

    private static let limit = 1 << 40

    private init(rebuiltFrom arguments: [PickledValue]) throws(Damage) {
        let damaged = Damage("one of its tensors is described in a way that torch does not write.")
        guard arguments.count >= 4, let outside = arguments[0].outside?.elements, outside.count >= 5, outside[0].string == "storage",
            let kind = outside[1].className, let key = outside[2].string, let numbers = outside[4].int, let offset = arguments[1].int,
            let shape = arguments[2].elements?.map(\.int), let strides = arguments[3].elements?.map(\.int), shape.count == strides.count
        else { throw damaged }
        guard let type = ElementType(rawValue: String(kind.split(separator: ".").last ?? "")) else {
            throw Damage("one of its tensors holds numbers of the kind \(kind.forPeople), which no network of this field has.")
        }
        guard shape.count <= 8, (0 ..< Self.limit).contains(numbers), (0 ... numbers).contains(offset) else { throw damaged }
        var sizes: [Int] = []
        var steps: [Int] = []
        var count = 1
        var last = offset
        for (length, step) in zip(shape, strides) {
            guard let length, let step, (0 ..< Self.limit).contains(length), (0 ..< Self.limit).contains(step) else { throw damaged }
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            // A tensor that has more numbers than its storage shows some of them more than once; torch does not save networks like that.
            guard !overflow, product <= numbers else { throw Damage("one of its tensors claims to have more numbers than its storage holds.") }
            count = product
            // length and step are below 2^40, and at most eight of their products are added: no overflow for lengths up to `numbers`.
            let (reach, tooFar) = max(0, length - 1).multipliedReportingOverflow(by: step)
            guard !tooFar, reach <= numbers else { throw damaged }
            last += reach
            sizes.append(length)
            steps.append(step)
        }
        guard count == 0 || last < numbers else { throw Damage("one of its tensors reaches beyond its storage.") }
        storage = key
        self.type = type
        storageCount = numbers
        self.offset = offset
        self.shape = sizes
        self.strides = steps
    }

    /// Whether its numbers lie row by row, one after the other.
    var isDense: Bool {
        var step = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            if stride != step { return false }
            step *= length
        }
        return true
    }

    /// The tensor's numbers row by row, from all of its storage's.
    func gathered(from storage: [Float]) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count)
        var index = [Int](repeating: 0, count: shape.count)
        var place = offset
        for _ in 0 ..< count {
            result.append(storage[place])
            for axis in shape.indices.reversed() {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= shape[axis] * strides[axis]
                index[axis] = 0
            }
        }
        return result
    }
}
