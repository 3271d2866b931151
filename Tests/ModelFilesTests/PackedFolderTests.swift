import CZLIB
import CheckpointAssembly
import Foundation
@testable import ModelFiles
import Testing

@Suite("Folders that somebody packed")
struct PackedFolderTests {
    private static let weights = "yeast/fold_0/checkpoint_final.pth"

    /// What is said of an archive, and what it left in the folder that it was unpacked to.
    private func outcome(_ fill: (inout ZipAssembler) -> Void) throws -> (sentence: String, left: [String: Int]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var zip = ZipAssembler()
        fill(&zip)
        try SmallModels.write(["packed.zip": zip.ended()], to: folder)
        var sentence = "taken"
        do {
            try PackedFolder(folder + "/packed.zip").unpack(to: folder + "/out")
        } catch {
            sentence = error.description.replacingOccurrences(of: folder + "/", with: "")
        }
        let names = (FileManager.default.enumerator(atPath: folder + "/out")?.compactMap { $0 as? String }) ?? []
        let sizes = try names.map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/out/" + name)
            return (name, attributes[.type] as? FileAttributeType == .typeRegular ? (attributes[.size] as? NSNumber)?.intValue ?? -1 : 0)
        }
        return (sentence, Dictionary(uniqueKeysWithValues: sizes.filter { $0.1 > 0 }))
    }

    /// Bytes as zip files pack them.
    private func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        guard deflateInit2_(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return [] }
        defer { deflateEnd(&stream) }
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(bytes.count)))) { buffer, count in
            input.withUnsafeMutableBufferPointer { plain in
                stream.next_in = plain.baseAddress
                stream.avail_in = UInt32(plain.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                _ = deflate(&stream, Z_FINISH)
            }
            count = buffer.count - Int(stream.avail_out)
        }
    }

    @Test func `a bomb is refused by what its directory says, and nothing of it is unpacked`() throws {
        let zeros = deflated([UInt8](repeating: 0, count: 20 << 20))
        let bomb = try outcome { zip in
            zip.add("yeast/plans.json", Array("{}".utf8))
            for fold in 0 ..< 5 { zip.add("yeast/fold_\(fold)/checkpoint_final.pth", zeros, size: 20 << 20, method: 8, packedSize: zeros.count) }
        }
        #expect(bomb.sentence == "packed.zip: it unpacks from 1 MB to 105 MB, which no weights do; nothing of it was unpacked.")
        #expect(bomb.left.isEmpty)
        let long = try outcome { $0.add("yeast/dataset.json", zeros, size: 70 << 20, method: 8, packedSize: zeros.count) }
        #expect(long.sentence == "packed.zip: member 'yeast/dataset.json' unpacks to 74 MB; descriptions have 68 MB at most.")
        let many = try outcome { zip in
            // An archive has to be large to hold as many.
            zip.add("yeast/log", [UInt8](repeating: 0, count: 26 << 20), checksum: 0)
            for number in 0 ..< 50_000 { zip.add("\(number)", []) }
        }
        #expect(many.sentence == "packed.zip: it holds 50001 files; a packed model has 50000 at most. Pack the model's folder alone.")
    }

    @Test func `a bomb whose directory lies is stopped where it goes beyond what was said`() throws {
        let zeros = deflated([UInt8](repeating: 0, count: 50 << 20))
        let bomb = try outcome { $0.add(Self.weights, zeros, size: 600_000, method: 8, packedSize: zeros.count) }
        #expect(bomb.sentence == "packed.zip: member '\(Self.weights)' unpacks to more than the 600000 bytes that it says.")
        #expect(bomb.left.values.allSatisfy { $0 <= 600_000 }, "\(bomb.left)")
        let less = try outcome { $0.add(Self.weights, zeros, size: 60 << 20, method: 8, packedSize: zeros.count) }
        #expect(less.sentence.hasPrefix("packed.zip: it unpacks from 1 MB to 63 MB"))
        let short = try outcome { $0.add(Self.weights, Array(zeros.dropLast(9)), size: 50 << 20, method: 8, packedSize: zeros.count - 9) }
        #expect(short.left.isEmpty || short.sentence.contains("damaged"))
    }

    @Test func `whatever is packed comes out as it was, and what a model does not need stays inside`() throws {
        var random = Xorshift(state: 0x1234_5678_9ABC_DEF1)
        // Around the length of the pieces that it is read in.
        for length in [0, 1, 5000, 1 << 18, 1 << 18 + 1, 700_001] {
            var bytes = (0 ..< length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            // A part that packs well among others that do not.
            if length > 1000 { bytes.replaceSubrange(100 ..< 900, with: [UInt8](repeating: 7, count: 800)) }
            let packed = deflated(bytes)
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var zip = ZipAssembler()
            zip.add("yeast/stored.pth", bytes)
            zip.add("yeast/packed.pth", packed, size: length, method: 8, packedSize: packed.count, checksum: Int(ZipAssembler.checksum(bytes)))
            zip.add("yeast/progress.png", [1, 2, 3])
            try SmallModels.write(["packed.zip": zip.ended()], to: folder)
            try PackedFolder(folder + "/packed.zip").unpack(to: folder + "/out")
            #expect(FileManager.default.contents(atPath: folder + "/out/yeast/stored.pth") == Data(bytes))
            #expect(FileManager.default.contents(atPath: folder + "/out/yeast/packed.pth") == Data(bytes))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out/yeast").sorted() == ["packed.pth", "stored.pth"])
            zip = ZipAssembler()
            zip.add("yeast/packed.pth", packed, size: length, method: 8, packedSize: packed.count, checksum: Int(ZipAssembler.checksum(bytes)) ^ 1)
            let damaged = try outcome { $0 = zip }
            #expect(damaged.sentence == "packed.zip: member 'yeast/packed.pth' is damaged: its checksum is wrong.")
        }
    }
}
