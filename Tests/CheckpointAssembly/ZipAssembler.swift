/// Writes zip files with stored members, honest ones and others.
package struct ZipAssembler {
    package private(set) var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0
    package init() {}

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0 ..< count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// - Parameters:
    ///   - at: where the directory says that the member is; where it is, unless told otherwise.
    ///   - size: unpacked bytes that the directory claims.
    package mutating func add(_ name: String, _ contents: [UInt8], at place: Int? = nil, size: Int? = nil, method: Int = 0, packedSize: Int? = nil, checksum: Int? = nil) {
        let common = Self.little(0, 2) + Self.little(method, 2) + Self.little(0, 4) + Self.little(checksum ?? Int(Self.checksum(contents)), 4)
            + Self.little(packedSize ?? contents.count, 4) + Self.little(size ?? contents.count, 4) + Self.little(name.utf8.count, 2)
        directory += Self.little(0x0201_4B50, 4) + Self.little(20, 2) + Self.little(20, 2) + common + Self.little(0, 12) + Self.little(place ?? bytes.count, 4) + Array(name.utf8)
        bytes += Self.little(0x0403_4B50, 4) + Self.little(20, 2) + common + Self.little(0, 2) + Array(name.utf8) + contents
        count += 1
    }

    package func ended() -> [UInt8] {
        bytes + directory + Self.little(0x0605_4B50, 4) + Self.little(0, 4) + Self.little(count, 2) + Self.little(count, 2) + Self.little(directory.count, 4)
            + Self.little(bytes.count, 4) + Self.little(0, 2)
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0 ..< 8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    /// A checkpoint of a pickle and a storage of floats.
    package static func checkpoint(_ pickle: [UInt8], storage: [Float] = (0 ..< 24).map { Float($0) }) -> [UInt8] { checkpoint(pickle, storages: [storage]) }

    /// A checkpoint of a pickle and storages of floats, which are called 0, 1 and so on.
    package static func checkpoint(_ pickle: [UInt8], storages: [[Float]]) -> [UInt8] {
        var zip = ZipAssembler()
        zip.add("net/data.pkl", pickle)
        for (number, storage) in storages.enumerated() { zip.add("net/data/\(number)", storage.withUnsafeBytes { Array($0) }) }
        zip.add("net/version", Array("3\n".utf8))
        return zip.ended()
    }
}
