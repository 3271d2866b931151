import Foundation

/// Bytes that are read in pieces, so that a file of gigabytes takes no memory.
protocol ByteSource {
    var count: Int { get }
    /// The bytes of a range, all of them.
    func bytes(_ range: Range<Int>) throws(Damage) -> [UInt8]
}

extension ByteSource {
    /// The bytes of a range that a file's own numbers ask for.
    func bytes(at offset: Int, count length: Int) throws(Damage) -> [UInt8] {
        guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { throw Damage("it is cut short or damaged.") }
        return try bytes(offset ..< offset + length)
    }
}

/// Bytes that are in memory.
struct BytesInMemory: ByteSource {
    let all: [UInt8]
    var count: Int { all.count }
    func bytes(_ range: Range<Int>) throws(Damage) -> [UInt8] { Array(all[range]) }
}

/// A file that is open for reading.
struct FileBytes: ByteSource {
    private let handle: FileHandle
    let count: Int

    init(path: String) throws(Damage) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw Damage("there is no such file.") }
        guard !isFolder.boolValue else { throw Damage("it is a folder, and a file was expected.") }
        // Opening a pipe would wait for somebody to write to it.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType == .typeRegular else {
            throw Damage("it is a pipe or a device, and a file was expected.")
        }
        guard let handle = FileHandle(forReadingAtPath: path), let end = try? handle.seekToEnd(), let count = Int(exactly: end) else {
            throw Damage("it cannot be read.")
        }
        self.handle = handle
        self.count = count
    }

    func bytes(_ range: Range<Int>) throws(Damage) -> [UInt8] {
        var read: [UInt8] = []
        do {
            try handle.seek(toOffset: UInt64(range.lowerBound))
            while read.count < range.count {
                guard let more = try handle.read(upToCount: range.count - read.count), !more.isEmpty else { break }
                if read.isEmpty { read.reserveCapacity(range.count) }
                read.append(contentsOf: more)
            }
        } catch {
            throw Damage("it cannot be read.")
        }
        guard read.count == range.count else { throw Damage("it became shorter while it was read.") }
        return read
    }
}
