/// Writes pickles as Python's pickler does, and as it never would.
package struct PickleAssembler {
    package private(set) var bytes: [UInt8] = [0x80, 2]
    package init() {}

    package mutating func raw(_ more: [UInt8]) { bytes += more }
    package mutating func raw(_ text: String) { bytes += Array(text.utf8) }
    package mutating func number(_ value: Int, bytes count: Int) { for index in 0 ..< count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) } }

    package mutating func name(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }
    package mutating func text(_ value: String) {
        raw("X")
        number(value.utf8.count, bytes: 4)
        raw(value)
    }
    package mutating func int(_ value: Int) {
        raw("J")
        number(value, bytes: 4)
    }
    package mutating func tuple(_ fill: (inout PickleAssembler) -> Void) {
        raw("(")
        fill(&self)
        raw("t")
    }
    package mutating func dictionary(_ fill: (inout PickleAssembler) -> Void) {
        raw("}(")
        fill(&self)
        raw("u")
    }
    package mutating func double(_ value: Double) {
        raw("G")
        for index in (0 ..< 8).reversed() { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64(index)))) }
    }
    /// An object with its attributes.
    package mutating func object(_ module: String, _ name: String, _ attributes: (inout PickleAssembler) -> Void) {
        self.name(module, name)
        raw(")")
        raw([0x81])
        dictionary(attributes)
        raw("b")
    }
    /// A tensor as torch writes it.
    package mutating func tensor(
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
    package func ended() -> [UInt8] { bytes + [UInt8(ascii: ".")] }
}
