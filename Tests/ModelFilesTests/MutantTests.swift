import CMemory
import CheckpointAssembly
import Foundation
@testable import ModelFiles
import Testing

@Suite("Broken checkpoints", .serialized)
struct MutantTests {
    /// How many mutants Scripts/fuzz asks for.
    private static let asked = ProcessInfo.processInfo.environment["TOMOPILOT_MUTANTS"].flatMap { Int($0) }

    /// A small checkpoint that has everything: objects, tensors of several kinds, shared values, sets.
    private static func sample() -> [UInt8] {
        var pickle = PickleAssembler()
        pickle.dictionary {
            $0.text("model")
            $0.name("ultralytics.nn.tasks", "DetectionModel")
            $0.raw(")")
            $0.raw([0x81])
            $0.dictionary { state in
                state.text("_modules")
                state.dictionary { parts in
                    parts.text("model")
                    parts.name("torch.nn.modules.container", "Sequential")
                    parts.raw(")")
                    parts.raw([0x81])
                    parts.dictionary { inner in
                        inner.text("_modules")
                        inner.dictionary { layers in
                            for (number, kind) in ["Conv", "C2f", "SPPF", "Concat", "Detect"].enumerated() {
                                layers.text("\(number)")
                                layers.name("ultralytics.nn.modules.block", kind)
                                layers.raw(")")
                                layers.raw([0x81])
                                layers.dictionary { own in
                                    own.text("f")
                                    own.int(-1)
                                    own.text("_modules")
                                    own.dictionary { $0.raw("") }
                                    own.text("_parameters")
                                    own.dictionary { tensors in
                                        tensors.text("weight")
                                        tensors.tensor(numbers: 24, shape: [2, 3, 2, 2], strides: [12, 4, 2, 1])
                                    }
                                }
                                layers.raw("b")
                            }
                        }
                    }
                    parts.raw("b")
                }
            }
            $0.raw("b")
            $0.text("network_weights")
            $0.name("collections", "OrderedDict")
            $0.raw(")Rq\u{1}(")
            $0.text("a.weight")
            $0.tensor(kind: "HalfStorage", numbers: 48, shape: [4, 12], strides: [12, 1])
            $0.raw("u")
            $0.text("again")
            $0.raw("h\u{1}")
        }
        return pickle.ended()
    }

    @Test func `no mutant of a checkpoint does anything but be read or be refused`() {
        let count = Self.asked ?? 20_000
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        let code = Self.sample()
        let whole = ZipAssembler.checkpoint(code)
        var taken = 0
        for number in 0 ..< count {
            // Mutants of the file mostly meet the archive's reader; those of the pickle get a true checksum.
            let file = number.isMultiple(of: 2) ? random.mutated(whole) : ZipAssembler.checkpoint(random.mutated(code))
            if Self.reads(file) { taken += 1 }
        }
        #expect(taken < count, "mutants are refused, most of them")
        #expect(Self.reads(whole))
    }

    #if os(Linux)
    /// Only by Scripts/fuzz, where no other test takes memory meanwhile.
    @Test(.enabled(if: asked != nil)) func `no mutant of a large checkpoint takes more memory than twice its size`() throws {
        var random = Xorshift(state: 0x2545_F491_4F6C_DD1D)
        let numbers = [Float](repeating: 0.5, count: 1 << 20)
        let bytes = numbers.withUnsafeBytes { Array($0) }
        let checksum = Int(ZipAssembler.checksum(bytes))
        var description = PickleAssembler()
        description.dictionary {
            for name in ["whole", "again"] {
                $0.text(name)
                $0.tensor(numbers: 1 << 20, shape: [1024, 1024], strides: [1024, 1])
            }
            $0.text("network_weights")
            $0.raw("}")
        }
        let code = description.ended()
        func file(_ code: [UInt8]) -> [UInt8] {
            var zip = ZipAssembler()
            zip.add("net/data.pkl", code)
            zip.add("net/data/0", bytes, checksum: checksum)
            return zip.ended()
        }
        #expect(Self.reads(file(code)))
        for number in 0 ..< max(20, (Self.asked ?? 0) / 1000) {
            let mutant = number.isMultiple(of: 4) ? random.mutated(file(code)) : file(random.mutated(code))
            let taken = try Self.peak { _ = Self.reads(mutant) }
            // A megabyte for what a file of any size needs.
            #expect(taken <= 2 * mutant.count + 1 << 20, "\(taken) bytes for a file of \(mutant.count)")
        }
    }

    /// The most memory that this process took while it did something, beyond what it had.
    private static func peak(_ body: () -> Void) throws -> Int {
        cmemory_give_back()
        // Since Linux 4.0 this makes the highest mark the present one.
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = try status("VmRSS:")
        body()
        return try status("VmHWM:") - before
    }
    private static func status(_ key: String) throws -> Int {
        let line = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n").first { $0.hasPrefix(key) }
        return 1024 * (try #require(line?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first))
    }
    #endif

    /// Reads all that can be read of a file; whether its description could be.
    private static func reads(_ file: [UInt8]) -> Bool {
        guard let checkpoint = try? TorchCheckpoint(BytesInMemory(all: file)) else { return false }
        for (_, value) in checkpoint.root.pairs ?? [] { _ = try? SavedTensor(value).map { try checkpoint.values(of: $0) } }
        _ = try? UltralyticsDetector.read(checkpoint, into: Discarded())
        if let fold = try? NNUNetFold(checkpoint) { for tensor in fold.tensors.values { _ = try? checkpoint.values(of: tensor) } }
        return true
    }

    private struct Discarded: WeightSink {
        mutating func append(_ values: [Float]) {}
    }
}

/// Marsaglia's xorshift64, for mutants that are the same each time.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// The bytes with one to eight things done to them: bits and bytes changed, pieces left out, doubled, or put elsewhere.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0 ..< Int.random(in: 1 ... 8, using: &self) {
            guard result.count > 8 else { break }
            let place = Int.random(in: 0 ..< result.count, using: &self)
            let length = Int.random(in: 1 ... min(32, result.count - place), using: &self)
            switch Int.random(in: 0 ..< 6, using: &self) {
            case 0: result[place] ^= 1 << UInt8.random(in: 0 ..< 8, using: &self)
            case 1: result[place] = UInt8.random(in: .min ... .max, using: &self)
            case 2: result[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
            case 3: result.removeSubrange(place ..< place + length)
            case 4: result.insert(contentsOf: result[place ..< place + length], at: Int.random(in: 0 ... result.count, using: &self))
            default: result = Array(result[..<place])
            }
        }
        return result
    }
}
