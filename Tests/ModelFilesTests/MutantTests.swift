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
        var (taken, nestedTaken) = (0, 0)
        for number in 0 ..< count {
            // Mutants of the file mostly meet the archive's reader; those of the pickle get a true checksum.
            let file =
                switch number % 8 {
                case 0, 2, 4, 6: random.mutated(whole)
                case 7: ZipAssembler.checkpoint(random.nested(code, deepest: number % 512 == 7 ? 1 << 16 : 1 << 9))
                default: ZipAssembler.checkpoint(random.mutated(code))
                }
            guard Self.reads(file) else { continue }
            taken += 1
            if number % 8 == 7 { nestedTaken += 1 }
        }
        #expect(taken < count, "mutants are refused, most of them")
        #expect(nestedTaken > 0, "what lies deep in itself and is whole is read")
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
            // A description of megabytes that is nothing but nesting, as large as its tensors.
            let mutant =
                switch number % 4 {
                case 0: random.mutated(file(code))
                case 1: file(random.nested(code, deepest: 1 << 20))
                default: file(random.mutated(code))
                }
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

    /// A pickle with something in it that lies deep in itself: tuples, lists, dictionaries, objects and their states, whole ones and others
    /// that nobody closes; at its beginning, at its end, or anywhere.
    mutating func nested(_ code: [UInt8], deepest: Int) -> [UInt8] {
        // From a few to the deepest, each order of magnitude as often.
        let depth = max(1, Int(Double(deepest) * Double.random(in: 0 ... 1, using: &self) * pow(2, -Double.random(in: 0 ... 8, using: &self))))
        func times(_ bytes: [UInt8]) -> [UInt8] { Array(repeatElement(bytes, count: depth).joined()) }
        func times(_ letter: Character) -> [UInt8] { [UInt8](repeating: letter.asciiValue ?? 0, count: depth) }
        let inside: [UInt8] =
            switch Int.random(in: 0 ..< 10, using: &self) {
            case 0: times("(") + times("t")
            case 1: times("]") + times("a").dropLast()
            case 2: times(Array("}K\u{1}".utf8)) + Array("}".utf8) + times("s")
            case 3: times(Array("ca\nb\n)".utf8) + [0x81]) + Array("N".utf8) + times("b")
            case 4: Array("N".utf8) + [UInt8](repeating: 0x85, count: depth)
            case 5: times("(")
            case 6: times(Array("}(".utf8))
            case 7: Array("N".utf8) + times("Q")
            case 8: times("N")
            // One that holds the one before twice.
            default: Array("]".utf8) + times([UInt8(ascii: "2"), 0x86])
            }
        let place = [2, code.count - 1, Int.random(in: 0 ... code.count, using: &self)].randomElement(using: &self) ?? 2
        let whole = Array(code[..<place]) + inside + Array(code[place...])
        // Most are taken up by nothing and left on the stack; a pop makes them whole.
        return Bool.random(using: &self) ? whole : Array(code[..<place]) + inside + [UInt8(ascii: "0")] + Array(code[place...])
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
