import CZLIB

/// A zip file, as PyTorch's `torch.save` and people who pack a folder write it.
///
/// Format: PKWARE APPNOTE 6.3. Read are members that are stored or deflated, with 64-bit sizes too. Members that share bytes, that lie
/// outside of the file or have one name are refused: no program of good will writes them.
struct ZipArchive {
    /// One file of the archive.
    struct Member: Sendable, Hashable {
        let name: String
        /// Bytes in the archive and, unpacked, in the end.
        let packedSize: Int
        let size: Int
        let checksum: UInt32
        let isDeflated: Bool
        /// Where its own header lies, and where its bytes begin.
        let header: Int
        let start: Int
    }

    private let source: any ByteSource
    private let byName: [String: Member]
    /// In the order of the archive's directory.
    let members: [Member]

    init(_ source: any ByteSource) throws(Damage) {
        self.source = source
        let directory = try Self.directory(of: source)
        var members: [Member] = []
        var reader = LittleEndian(try source.bytes(at: directory.offset, count: directory.size))
        for _ in 0 ..< directory.entries {
            members.append(try Self.member(&reader, of: source, before: directory.offset))
        }
        var byName: [String: Member] = [:]
        for member in members {
            guard byName.updateValue(member, forKey: member.name) == nil else {
                throw Damage("two of its members are called '\(member.name.forPeople)'.")
            }
        }
        var free = 0
        for member in members.sorted(by: { $0.header < $1.header }) {
            guard member.header >= free else { throw Damage("member '\(member.name.forPeople)' shares bytes with another.") }
            free = member.start + member.packedSize
        }
        self.members = members
        self.byName = byName
    }

    func member(_ name: String) -> Member? { byName[name] }

    /// All bytes of a member, which may be `limit` at most; their checksum is looked at.
    func contents(of member: Member, limit: Int) throws(Damage) -> [UInt8] {
        guard member.size <= limit else { throw Damage("member '\(member.name.forPeople)' unpacks to \(member.size) bytes; \(limit) at most are expected.") }
        let packed = try source.bytes(at: member.start, count: member.packedSize)
        let bytes = member.isDeflated ? try Self.inflated(packed, to: member) : packed
        guard Self.checksum(of: bytes) == member.checksum else { throw Damage("member '\(member.name.forPeople)' is damaged: its checksum is wrong.") }
        return bytes
    }

    /// The bytes of a member that is not packed, in pieces whose length is a multiple of eight but for the last one; the checksum is looked at last.
    func forEachPiece(of member: Member, _ body: (ArraySlice<UInt8>) throws(Damage) -> Void) throws(Damage) {
        guard !member.isDeflated else { throw Damage("member '\(member.name.forPeople)' is packed; torch writes numbers as they are.") }
        var sum: UInt = 0
        var place = 0
        while place < member.size {
            let bytes = try source.bytes(at: member.start + place, count: min(Self.pieceLength, member.size - place))
            sum = crc32_z(sum, bytes, bytes.count)
            try body(bytes[...])
            place += bytes.count
        }
        try require(sum, of: member)
    }

    /// The bytes of a member, packed or not, in pieces of some hundred kilobytes. No more of them than the directory tells are ever made; the checksum is looked at last.
    func forEachPiece(ofAny member: Member, _ body: ([UInt8]) throws -> Void) throws {
        guard member.isDeflated else { return try forEachStoredPiece(of: member, body) }
        let damaged = Damage("member '\(member.name.forPeople)' is damaged: it cannot be unpacked.")
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw damaged }
        defer { inflateEnd(&stream) }
        var (sum, made, taken, status): (UInt, Int, Int, Int32) = (0, 0, 0, Z_OK)
        while status != Z_STREAM_END {
            guard taken < member.packedSize else { throw damaged }
            var packed = try source.bytes(at: member.start + taken, count: min(Self.pieceLength, member.packedSize - taken))
            taken += packed.count
            var isFull = true
            // Input that is left, or output that filled its room, has more to give.
            var left = packed.count
            while status != Z_STREAM_END, left > 0 || isFull {
                let begin = packed.count - left
                let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, count in
                    packed.withUnsafeMutableBufferPointer { input in
                        stream.next_in = input.baseAddress.map { $0 + begin }
                        stream.avail_in = UInt32(left)
                        stream.next_out = buffer.baseAddress
                        stream.avail_out = UInt32(buffer.count)
                        status = inflate(&stream, Z_NO_FLUSH)
                        left = Int(stream.avail_in)
                    }
                    count = buffer.count - Int(stream.avail_out)
                }
                // Nothing went in or out: more input is wanted.
                if status == Z_BUF_ERROR { status = Z_OK; break }
                guard status == Z_OK || status == Z_STREAM_END else { throw damaged }
                isFull = stream.avail_out == 0
                made += piece.count
                guard made <= member.size else { throw Damage("member '\(member.name.forPeople)' unpacks to more than the \(member.size) bytes that it says.") }
                sum = crc32_z(sum, piece, piece.count)
                try body(piece)
            }
        }
        guard made == member.size else { throw damaged }
        try require(sum, of: member)
    }

    private static let pieceLength = 1 << 18

    private func forEachStoredPiece(of member: Member, _ body: ([UInt8]) throws -> Void) throws {
        var sum: UInt = 0
        var place = 0
        while place < member.size {
            let bytes = try source.bytes(at: member.start + place, count: min(Self.pieceLength, member.size - place))
            sum = crc32_z(sum, bytes, bytes.count)
            try body(bytes)
            place += bytes.count
        }
        try require(sum, of: member)
    }

    private func require(_ sum: UInt, of member: Member) throws(Damage) {
        guard UInt32(truncatingIfNeeded: sum) == member.checksum else { throw Damage("member '\(member.name.forPeople)' is damaged: its checksum is wrong.") }
    }

    private static func checksum(of bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
    }

    private static func inflated(_ packed: [UInt8], to member: Member) throws(Damage) -> [UInt8] {
        let damaged = Damage("member '\(member.name.forPeople)' is damaged: it cannot be unpacked.")
        // No bytes of good will unpack to more than this (zlib's own bound).
        guard member.size <= 1032 * (packed.count + 1), packed.count <= Int(UInt32.max), member.size <= Int(UInt32.max) else { throw damaged }
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw damaged }
        defer { inflateEnd(&stream) }
        var input = packed
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: member.size) { buffer, count in
            input.withUnsafeMutableBufferPointer { packed in
                stream.next_in = packed.baseAddress
                stream.avail_in = UInt32(packed.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = inflate(&stream, Z_FINISH)
            }
            count = buffer.count - Int(stream.avail_out)
        }
        guard status == Z_STREAM_END, output.count == member.size else { throw damaged }
        return output
    }
}

/// The archive's directory.
extension ZipArchive {
    private struct Directory {
        let offset: Int
        let size: Int
        let entries: Int
    }

    private static let noZip = Damage("it is no zip file, as checkpoints and exported models are; one of torch before 1.6 has to be saved again by a later torch.")

    private static func directory(of source: any ByteSource) throws(Damage) -> Directory {
        guard source.count >= 22 else { throw noZip }
        let tail = try source.bytes(at: max(0, source.count - 65_557), count: min(source.count, 65_557))
        // The record ends the file, but for a comment whose length it tells.
        var place = tail.count - 22
        while place >= 0 {
            if tail[place] == 0x50, tail[place + 1] == 0x4B, tail[place + 2] == 5, tail[place + 3] == 6,
                place + 22 + Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tail.count
            { break }
            place -= 1
        }
        guard place >= 0 else { throw noZip }
        var record = LittleEndian(Array(tail[(place + 4)...]))
        let disks = (try record.number(2), try record.number(2))
        let onDisk = try record.number(2)
        var entries = try record.number(2)
        var size = try record.number(4)
        var offset = try record.number(4)
        guard disks == (0, 0), onDisk == entries else { throw Damage("it is a part of a zip file in several parts.") }
        let end = source.count - tail.count + place
        if entries == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
            var locator = LittleEndian(try source.bytes(at: end - 20, count: 20))
            guard try locator.number(4) == 0x0706_4B50 else { throw Damage("its 64-bit directory is missing.") }
            _ = try locator.number(4)
            var wide = LittleEndian(try source.bytes(at: try locator.number(8), count: 56))
            guard try wide.number(4) == 0x0606_4B50 else { throw Damage("its 64-bit directory is missing.") }
            try wide.skip(20)
            _ = try wide.number(8)
            entries = try wide.number(8)
            size = try wide.number(8)
            offset = try wide.number(8)
        }
        // Each entry takes 46 bytes and a name.
        guard offset <= end, size <= end - offset, entries <= size / 46 else { throw Damage("its directory does not fit into it.") }
        // What is kept of a member takes several times its entry; files of good will have few members for their size.
        guard entries <= 2000 + source.count / 512 else { throw Damage("it has \(entries) members, more than a file of its size needs.") }
        return Directory(offset: offset, size: size, entries: entries)
    }

    private static func member(_ entry: inout LittleEndian, of source: any ByteSource, before limit: Int) throws(Damage) -> Member {
        guard try entry.number(4) == 0x0201_4B50 else { throw Damage("its directory is damaged.") }
        try entry.skip(4)
        let flags = try entry.number(2)
        let method = try entry.number(2)
        try entry.skip(4)
        let checksum = UInt32(truncatingIfNeeded: try entry.number(4))
        var packedSize = try entry.number(4)
        var size = try entry.number(4)
        let lengths = (name: try entry.number(2), extra: try entry.number(2), comment: try entry.number(2))
        try entry.skip(8)
        var header = try entry.number(4)
        let name = try entry.bytes(lengths.name)
        var extra = LittleEndian(try entry.bytes(lengths.extra))
        try entry.skip(lengths.comment)
        while extra.left >= 4 {
            let kind = try extra.number(2)
            var field = LittleEndian(try extra.bytes(try extra.number(2)))
            guard kind == 1 else { continue }
            // Only what did not fit above is here, in this order.
            if size == 0xFFFF_FFFF { size = try field.number(8) }
            if packedSize == 0xFFFF_FFFF { packedSize = try field.number(8) }
            if header == 0xFFFF_FFFF { header = try field.number(8) }
        }
        guard let text = String(validating: name, as: UTF8.self) else { throw Damage("the name of one of its members is no text.") }
        let shown = text.forPeople
        guard flags & 1 == 0 else { throw Damage("member '\(shown)' is encrypted.") }
        guard method == 0 || method == 8 else { throw Damage("member '\(shown)' is packed in a way (\(method)) that is not read.") }
        guard method == 8 || packedSize == size else { throw Damage("member '\(shown)' has two sizes.") }
        var local = LittleEndian(try source.bytes(at: header, count: 30))
        guard try local.number(4) == 0x0403_4B50 else { throw Damage("member '\(shown)' is not where the directory says.") }
        try local.skip(22)
        let localName = try local.number(2)
        let start = header + 30 + localName + (try local.number(2))
        guard localName == name.count, try source.bytes(at: header + 30, count: localName) == name else {
            throw Damage("member '\(shown)' has two names.")
        }
        guard start <= limit, packedSize <= limit - start else { throw Damage("member '\(shown)' does not fit into it.") }
        return Member(name: text, packedSize: packedSize, size: size, checksum: checksum, isDeflated: method == 8, header: header, start: start)
    }
}

/// Takes little-endian numbers off bytes; never reads beyond their end.
struct LittleEndian {
    private let all: [UInt8]
    private var position = 0
    init(_ bytes: [UInt8]) { all = bytes }

    var left: Int { all.count - position }

    mutating func skip(_ count: Int) throws(Damage) {
        guard count >= 0, count <= left else { throw Damage("it is cut short or damaged.") }
        position += count
    }
    mutating func bytes(_ count: Int) throws(Damage) -> [UInt8] {
        let start = position
        try skip(count)
        return Array(all[start ..< position])
    }
    /// A number of up to eight bytes.
    mutating func number(_ count: Int) throws(Damage) -> Int {
        var value: UInt64 = 0
        for byte in try bytes(count).reversed() { value = value << 8 | UInt64(byte) }
        guard let number = Int(exactly: value) else { throw Damage("it is damaged: it holds an impossible size.") }
        return number
    }
}

extension String {
    /// Short and without anything that would disturb a terminal.
    var forPeople: String {
        let plain = String(String.UnicodeScalarView(unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format ? "?" : $0 }))
        return unicodeScalars.count > 80 ? plain + "…" : plain
    }
}
