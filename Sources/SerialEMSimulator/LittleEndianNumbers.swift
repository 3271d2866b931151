/// Numbers that grow out of their bytes in the order of the wire, however the network cut them.
struct LittleEndianNumbers<Number: FixedWidthInteger> {
    private var received: [Number] = []
    private var filled = 0
    private let byteCount: Int

    init(count: Int) {
        byteCount = count * MemoryLayout<Number>.stride
        // A client may announce more than the memory holds; more than this has to come first.
        received.reserveCapacity(min(count, 1 << 27))
    }

    var missingBytes: Int { byteCount - filled }

    /// The numbers, as this computer stores them.
    var values: [Number] { Number(1).littleEndian == 1 ? received : received.map(\.littleEndian) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let end = filled + bytes.count
        let size = MemoryLayout<Number>.stride
        // Whole blocks of memory: where the compiler does not specialise this for the type of number, one by one takes minutes.
        received.append(contentsOf: [Number](unsafeUninitializedCapacity: (end + size - 1) / size - received.count) { room, count in
            UnsafeMutableRawBufferPointer(room).initializeMemory(as: UInt8.self, repeating: 0)
            count = room.count
        })
        received.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[filled ..< end]).copyMemory(from: bytes) }
        filled = end
    }
}

extension Array where Element: FixedWidthInteger {
    /// The bytes of the numbers in the order of the wire, without a copy where that is the order of this computer.
    func withLittleEndianBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try (Element(1).littleEndian == 1 ? self : map(\.littleEndian)).withUnsafeBytes(body)
    }
}
