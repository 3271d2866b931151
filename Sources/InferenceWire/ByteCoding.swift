/// Appends integers, text, pixels and tensors to bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []
    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    mutating func append(_ number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    mutating func append(_ text: String) {
        append(UInt32(clamping: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
    mutating func append(_ pixels: [UInt8]) { bytes.append(contentsOf: pixels) }
    mutating func append(_ tensor: Tensor) {
        append(UInt8(clamping: tensor.shape.count))
        for length in tensor.shape { append(UInt32(clamping: length)) }
        // In one piece: a detector tile has three million values. Both ends are one little-endian machine.
        tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Takes integers, text, images and tensors off bytes; never reads beyond their end.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func take(_ count: Int) throws(WireError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else { throw .malformed("it ends too early") }
        defer { position += count }
        return position ..< position + count
    }
    mutating func byte() throws(WireError) -> UInt8 { bytes[try take(1).lowerBound] }
    mutating func number() throws(WireError) -> UInt32 {
        var value: UInt32 = 0
        for index in try take(4).reversed() { value = value << 8 | UInt32(bytes[index]) }
        return value
    }
    mutating func text() throws(WireError) -> String {
        String(decoding: bytes[try take(Int(try number()))], as: UTF8.self)
    }
    mutating func tensor() throws(WireError) -> Tensor {
        var shape: [Int] = []
        for _ in 0 ..< (try byte()) { shape.append(Int(try number())) }
        guard let count = Tensor.count(of: shape), count <= bytes.count / 4 else {
            throw .malformed("a tensor of shape \(shape) is larger than its message")
        }
        let range = try take(4 * count)
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range])) }
            filled = count
        }
        return try Tensor(shape: shape, values: values)
    }
    mutating func images() throws(WireError) -> [GreyImage] {
        let shape = [Int(try number()), Int(try number()), Int(try number())]
        guard let count = Tensor.count(of: shape), count > 0, count <= bytes.count else {
            throw .malformed("images of shape \(shape) are larger than their message, or none")
        }
        var images: [GreyImage] = []
        for _ in 0 ..< shape[0] {
            images.append(try GreyImage(width: shape[2], height: shape[1], pixels: Array(bytes[try take(shape[1] * shape[2])])))
        }
        return images
    }
    func end() throws(WireError) {
        guard position == bytes.count else { throw .malformed("bytes follow its end") }
    }
}
