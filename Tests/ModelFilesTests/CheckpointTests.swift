import CheckpointAssembly
import Foundation
@testable import ModelFiles
import Testing

@Suite("Checkpoints are read and nothing in them runs")
struct CheckpointTests {
    private func read(_ bytes: [UInt8]) throws(Damage) -> TorchCheckpoint { try TorchCheckpoint(BytesInMemory(all: bytes)) }

    private func refusal(_ bytes: [UInt8]) -> String {
        do throws(Damage) {
            let checkpoint = try read(bytes)
            for (_, value) in checkpoint.root.pairs ?? [] { if let tensor = try SavedTensor(value) { _ = try checkpoint.values(of: tensor) } }
            return "taken"
        } catch {
            return error.reason
        }
    }
    private func refusal(_ fill: (inout PickleAssembler) -> Void) -> String {
        var pickle = PickleAssembler()
        fill(&pickle)
        return refusal(ZipAssembler.checkpoint(pickle.ended()))
    }

    @Test func `a tensor comes out row by row, whatever its strides`() throws {
        var pickle = PickleAssembler()
        pickle.dictionary {
            $0.text("rows")
            $0.tensor(numbers: 24, shape: [4, 6], strides: [6, 1])
            $0.text("turned")
            $0.tensor(numbers: 24, offset: 2, shape: [3, 2], strides: [1, 6])
        }
        let checkpoint = try read(ZipAssembler.checkpoint(pickle.ended()))
        let rows = try #require(try checkpoint.root["rows"].flatMap { try SavedTensor($0) })
        let turned = try #require(try checkpoint.root["turned"].flatMap { try SavedTensor($0) })
        #expect(try checkpoint.values(of: rows) == (0 ..< 24).map { Float($0) })
        #expect(try checkpoint.values(of: turned) == [2, 8, 3, 9, 4, 10])
    }

    @Test(arguments: ["os", "posix", "nt", "subprocess", "sys", "runpy", "webbrowser", "importlib", "socket", "shutil", "pty", "functools"])
    func `a call of a stranger's function is refused by its name`(module: String) {
        let text = refusal {
            $0.name(module, "system")
            $0.tuple { $0.text("touch /tmp/harm") }
            $0.raw("R")
        }
        #expect(text.contains("\(module).system") && text.contains("Nothing of it was executed"), "\(text)")
    }

    @Test(arguments: ["eval", "exec", "getattr", "compile", "open", "__import__", "apply"])
    func `a call of what runs text is refused`(name: String) {
        let text = refusal {
            $0.name("builtins", name)
            $0.tuple { $0.text("1") }
            $0.raw("R")
        }
        #expect(text.contains("builtins.\(name)"), "\(text)")
    }

    @Test func `a call that is hidden in a stack of names is refused`() {
        let text = refusal {
            $0.raw([0x8C, 2] + Array("os".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93])
            $0.raw(")")
            $0.raw([0x81])
        }
        #expect(text.contains("os.system"), "\(text)")
    }

    @Test func `a name that nobody calls is only a name`() throws {
        var pickle = PickleAssembler()
        pickle.name("os", "system")
        #expect(try read(ZipAssembler.checkpoint(pickle.ended())).root.className == "os.system")
    }

    @Test func `old text codes, extensions and protocols that are not read are refused`() {
        for code in ["i", "o", "P", "I1\n", "S'a'\n", "V\n", "p0\n", "g0\n"] { #expect(refusal { $0.raw(code) }.contains("none of protocols 2 to 5"), "\(code)") }
        for code in [UInt8(0x82), 0x83, 0x84, 0x97, 0x98, 0xFF] { #expect(refusal { $0.raw([code, 1, 0, 0, 0]) }.contains("none of protocols 2 to 5")) }
        #expect(refusal { $0.raw([0x80, 9]) }.contains("protocol 9"))
    }

    @Test func `a pickle that describes more than its file could hold is refused`() {
        #expect(refusal { out in (0 ..< 200_000).forEach { _ in out.raw("]") } }.contains("more than a file of its size"))
        #expect(refusal { out in (0 ..< 100_000).forEach { _ in out.raw("N2") } }.contains("more than a file of its size"))
        // A length beyond the file, and a memo number that would need gigabytes.
        #expect(refusal { $0.raw([0x8D, 0, 0, 0, 0, 0, 0, 0, 0x40]) }.contains("cut short"))
        #expect(refusal { $0.raw([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0x7F]) }.contains("under number"))
        #expect(refusal { $0.raw([0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) }.contains("impossible"))
    }

    @Test func `deep nesting and circles do no harm`() throws {
        var deep = PickleAssembler()
        (0 ..< 4000).forEach { _ in deep.raw("]") }
        (0 ..< 3999).forEach { _ in deep.raw("a") }
        #expect(try read(ZipAssembler.checkpoint(deep.ended())).root.elements?.count == 1)
        var circle = PickleAssembler()
        circle.raw("]q\u{0}h\u{0}a")
        let root = try read(ZipAssembler.checkpoint(circle.ended())).root
        #expect(root.elements?.first?.elements?.first?.elements?.count == 1)
        // A module that is its own child, and one that has itself twice, which would be without end or nearly.
        for times in [1, 2] {
            let text = detectorRefusal { module in
                module.dictionary { attributes in
                    attributes.text("_modules")
                    attributes.dictionary { children in
                        for number in 0 ..< times {
                            children.text("\(number)")
                            children.raw("h\u{5}")
                        }
                    }
                }
            }
            #expect(text.contains("without end") || text.contains("Detect"), "\(text)")
        }
    }

    /// What the reader of detectors says of a network whose state is given; the network is noted under 5.
    private func detectorRefusal(_ state: (inout PickleAssembler) -> Void) -> String {
        var pickle = PickleAssembler()
        pickle.dictionary {
            $0.text("model")
            $0.name("ultralytics.nn.modules.container", "Sequential")
            $0.raw(")")
            $0.raw([0x81])
            $0.raw("q\u{5}")
            $0.dictionary { whole in
                whole.text("_modules")
                whole.dictionary { parts in
                    parts.text("model")
                    parts.name("torch.nn.modules.container", "Sequential")
                    parts.raw(")")
                    parts.raw([0x81])
                    state(&parts)
                    parts.raw("b")
                }
            }
            $0.raw("b")
        }
        do {
            _ = try UltralyticsDetector.read(read(ZipAssembler.checkpoint(pickle.ended())), into: Discarded())
            return "taken"
        } catch let damage as Damage {
            return damage.reason
        } catch {
            return "\(error)"
        }
    }

    @Test func `tensors that lie about their storage are refused`() {
        func tensor(_ fill: @escaping (inout PickleAssembler) -> Void) -> String {
            refusal { out in
                out.dictionary {
                    $0.text("w")
                    fill(&$0)
                }
            }
        }
        #expect(tensor { $0.tensor(numbers: 24, shape: [1000, 1000], strides: [0, 0]) }.contains("more numbers than its storage"))
        #expect(tensor { $0.tensor(numbers: 24, offset: 20, shape: [5], strides: [1]) }.contains("beyond its storage"))
        #expect(tensor { $0.tensor(numbers: 24, offset: -1, shape: [1], strides: [1]) }.contains("does not write"))
        #expect(tensor { $0.tensor(numbers: 24, shape: [-1], strides: [1]) }.contains("does not write"))
        #expect(tensor { $0.tensor(numbers: 24, shape: [2, 2], strides: [2_000_000_000, 1]) }.contains("does not write"))
        #expect(tensor { $0.tensor(numbers: 2_000_000_000, shape: [2], strides: [1]) }.contains("has 96 bytes"))
        #expect(tensor { $0.tensor(storage: "../../etc/passwd", numbers: 24, shape: [2], strides: [1]) }.contains("are missing"))
        #expect(tensor { $0.tensor(kind: "ComplexFloatStorage", numbers: 24, shape: [2], strides: [1]) }.contains("ComplexFloatStorage"))
        #expect(tensor { $0.tensor(numbers: 24, shape: [2, 12], strides: [12, 1]) } == "taken")
    }

    @Test func `zip files that overlap, lie or are cut are refused`() throws {
        var pickle = PickleAssembler()
        pickle.raw("N")
        let code = pickle.ended()
        func zip(_ fill: (inout ZipAssembler) -> Void) -> String {
            var zip = ZipAssembler()
            zip.add("net/data.pkl", code)
            fill(&zip)
            return refusal(zip.ended())
        }
        #expect(zip { $0.add("net/data.pkl", [1]) }.contains("two of its members"))
        #expect(zip { $0.add("net/data/0", [1], at: 0) }.contains("two names"))
        #expect(zip { $0.add("net/data/0", [1], packedSize: 1 << 30) }.contains("two sizes"))
        #expect(zip { $0.add("net/data/0", [1], size: 1 << 30, packedSize: 1 << 30) }.contains("does not fit"))
        #expect(zip { $0.add("net/data/0", [1], method: 12) }.contains("packed in a way (12)"))
        #expect(zip { out in (0 ..< 3000).forEach { out.add("net/data/\($0)", []) } }.contains("more than a file of its size"))
        var twins = ZipAssembler()
        twins.add("net/data.pkl", code)
        twins.add("net/data.pkl", code, at: 0)
        #expect(refusal(twins.ended()).contains("two of its members"))
        let whole = ZipAssembler.checkpoint(code)
        #expect(refusal(whole) == "taken")
        for length in 0 ..< whole.count { #expect(refusal(Array(whole[..<length])) != "taken") }
    }

    @Test func `a member that shares bytes with another is refused`() {
        // The inner file's header lies inside of the outer file's bytes.
        var inner = ZipAssembler()
        inner.add("net/data/0", [1, 2, 3, 4])
        var zip = ZipAssembler()
        var pickle = PickleAssembler()
        pickle.raw("N")
        zip.add("net/data.pkl", pickle.ended())
        let place = zip.bytes.count + 30 + "net/outer".utf8.count
        zip.add("net/outer", inner.bytes)
        zip.add("net/data/0", [1, 2, 3, 4], at: place)
        #expect(refusal(zip.ended()).contains("shares bytes"))
    }

    @Test func `an unpacked bomb is refused before it is unpacked`() throws {
        var zip = ZipAssembler()
        zip.add("net/data.pkl", [3, 0], size: 1 << 31, method: 8, packedSize: 2)
        #expect(refusal(zip.ended()).contains("unpacks to"))
    }

    /// Weights that nobody wants.
    private struct Discarded: WeightSink {
        mutating func append(_ values: [Float]) {}
    }
}
