/// The bytes of a text such as `08 00 gg`; `gg`, which SerialEM leaves undefined, becomes 0xEE.
func bytes(_ hexadecimal: String) -> [UInt8] {
    hexadecimal.split(whereSeparator: \.isWhitespace).map { $0 == "gg" ? 0xEE : UInt8($0, radix: 16) ?? 0 }
}

/// The same with zeros for what SerialEM leaves undefined, as this package sends it.
func padded(_ hexadecimal: String) -> [UInt8] {
    hexadecimal.split(whereSeparator: \.isWhitespace).map { $0 == "gg" ? 0 : UInt8($0, radix: 16) ?? 0 }
}

/// A seeded generator of numbers, so that a failing property names its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
