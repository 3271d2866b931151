/// A small deterministic generator (SplitMix64; Steele, Lea and Flood 2014), so that a seed names a whole simulated night.
public struct RandomSource: RandomNumberGenerator, Sendable {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    /// Uniform in `0 ..< 1`.
    @inlinable public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
    /// Uniform in a range.
    @inlinable public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }
    /// Normal with mean 0 and standard deviation 1: the sum of twelve uniform numbers less six (tails end at 6).
    @inlinable public mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0 ..< 12 { sum += uniform() }
        return sum
    }
    /// A generator of its own for a named part, so that parts do not disturb each other's numbers.
    public func fork(_ label: UInt64) -> RandomSource {
        var copy = RandomSource(seed: state ^ (label &* 0xD6E8_FEB8_6659_FD93))
        return RandomSource(seed: copy.next())
    }
}
