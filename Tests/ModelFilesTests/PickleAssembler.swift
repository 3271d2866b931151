import Foundation

/// Writes pickles as Python's pickler does, and as it never would.
struct PickleAssembler {
    private(set) var bytes: [UInt8] = [0x80, 2]

    mutating func raw(_ more: [UInt8]) { bytes += more }
    mutating func raw(_ text: String) { bytes += Array(text.utf8) }
    mutating func number(_ value: Int, bytes count: Int) { for index in 0 ..< count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) } }

    mutating func name(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }
    mutating func text(_ value: String) {
        raw("X")
        number(value.utf8.count, bytes: 4)
        raw(value)
    }
    mutating func int(_ value: Int) {
        raw("J")
        number(value, bytes: 4)
    }
    mutating func tuple(_ fill: (inout PickleAssembler) -> Void) {
        raw("(")
        fill(&self)
        raw("t")
    }
    mutating func dictionary(_ fill: (inout PickleAssembler) -> Void) {
        raw("}(")
        fill(&self)
        raw("u")
    }
    /// A tensor as torch writes it.
    mutating func tensor(
        storage: String = "0", kind: String = "FloatStorage", numbers: Int, offset: Int = 0, shape: [Int], strides: [Int]
    ) {
        name("torch._utils", "_rebuild_tensor_v2")
        tuple {
            $0.tuple {
                $0.text("storage")
                $0.name("torch", kind)
                $0.text(storage)
                $0.text("cpu")
                $0.int(numbers)
            }
            $0.raw("Q")
            $0.int(offset)
            $0.tuple { out in shape.forEach { out.int($0) } }
            $0.tuple { out in strides.forEach { out.int($0) } }
            $0.raw([0x89])
            $0.name("collections", "OrderedDict")
            $0.raw(")R")
        }
        raw("R")
    }
    /// The pickle's end.
    func ended() -> [UInt8] { bytes + [UInt8(ascii: ".")] }
}

/// Writes zip files with stored members, honest ones and others.
struct ZipAssembler {
    private(set) var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0 ..< count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// - Parameters:
    ///   - at: where the directory says that the member is; where it is, unless told otherwise.
    ///   - size: unpacked bytes that the directory claims.
    mutating func add(_ name: String, _ contents: [UInt8], at place: Int? = nil, size: Int? = nil, method: Int = 0, packedSize: Int? = nil, checksum: Int? = nil) {
        let common = Self.little(0, 2) + Self.little(method, 2) + Self.little(0, 4) + Self.little(checksum ?? Int(Self.checksum(contents)), 4)
            + Self.little(packedSize ?? contents.count, 4) + Self.little(size ?? contents.count, 4) + Self.little(name.utf8.count, 2)
        directory += Self.little(0x0201_4B50, 4) + Self.little(20, 2) + Self.little(20, 2) + common + Self.little(0, 12) + Self.little(place ?? bytes.count, 4) + Array(name.utf8)
        bytes += Self.little(0x0403_4B50, 4) + Self.little(20, 2) + common + Self.little(0, 2) + Array(name.utf8) + contents
        count += 1
    }

    func ended() -> [UInt8] {
        bytes + directory + Self.little(0x0605_4B50, 4) + Self.little(0, 4) + Self.little(count, 2) + Self.little(count, 2) + Self.little(directory.count, 4)
            + Self.little(bytes.count, 4) + Self.little(0, 2)
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0 ..< 8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    /// A checkpoint of a pickle and a storage of floats.
    static func checkpoint(_ pickle: [UInt8], storage: [Float] = (0 ..< 24).map { Float($0) }) -> [UInt8] {
        var zip = ZipAssembler()
        zip.add("net/data.pkl", pickle)
        zip.add("net/data/0", storage.withUnsafeBytes { Array($0) })
        zip.add("net/version", Array("3\n".utf8))
        return zip.ended()
    }
}
