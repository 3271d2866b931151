/// Liquid nitrogen: autoloader and column of a Thermo, stage and transfer tank of a JEOL.
///
/// It boils off, and is refilled by itself when a tank runs low. The level is a function of the simulated time: it sinks for
/// ``supply`` seconds, then a refill takes ``refill`` seconds.
struct Dewars: Sendable {
    static let full = 0.95
    /// Seconds from full to lowest.
    static let supply = 43_200.0
    static let refill = 900.0

    struct Tank: Sendable {
        let lowest: Double
        /// When the last refill ended. The night begins with dewars that were filled four hours before.
        var filledAt = -14_400.0

        private func phase(_ time: Double) -> Double {
            max(0, time - filledAt).truncatingRemainder(dividingBy: Dewars.supply + Dewars.refill)
        }
        /// Seconds until the refill that is going on ends, 0 where there is none.
        func fillingLeft(at time: Double) -> Double {
            let phase = phase(time)
            return phase < Dewars.supply ? 0 : Dewars.supply + Dewars.refill - phase
        }
        /// Seconds until the next refill, 0 while one is going on.
        func remaining(at time: Double) -> Double { max(0, Dewars.supply - phase(time)) }
        /// Fraction of 1.
        func level(at time: Double) -> Double {
            let lost = min(1, phase(time) / Dewars.supply)
            let filled = fillingLeft(at: time) > 0 ? 1 - fillingLeft(at: time) / Dewars.refill : 0
            return Dewars.full - (Dewars.full - lowest) * (lost - filled)
        }
    }
    /// By SerialEM's number less one. The second is the larger one.
    private var tanks = [Tank(lowest: 0.25), Tank(lowest: 0.4)]

    /// When a refill ends that began out of turn.
    private var extraUntil = -1e6

    mutating func beginRefill(at time: Double, seconds: Double) { extraUntil = time + seconds }

    /// Seconds until no tank is being filled.
    func fillingLeft(at time: Double) -> Double { max(0, extraUntil - time, tanks.map { $0.fillingLeft(at: time) }.max() ?? 0) }
    /// The tanks that are being filled, 1 and 2, as bits.
    func fillingBits(at time: Double) -> Int {
        time < extraUntil ? 3 : tanks.indices.reduce(0) { $0 + (tanks[$1].fillingLeft(at: time) > 0 ? 1 << $1 : 0) }
    }
    /// Seconds until the next refill of any tank.
    func remaining(at time: Double) -> Double { tanks.map { $0.remaining(at: time) }.min() ?? 0 }
    /// Fraction of 1 in a tank counted from 1; nil for one that cannot be read.
    func level(_ number: Int, at time: Double) -> Double? {
        tanks.indices.contains(number - 1) ? tanks[number - 1].level(at: time) : nil
    }
    func lowestLevel(at time: Double) -> Double { tanks.map { $0.level(at: time) }.min() ?? 0 }
    /// A refill of the tanks with these numbers is over.
    mutating func fillEnds(at time: Double, _ numbers: Set<Int> = [1, 2]) {
        for number in numbers where tanks.indices.contains(number - 1) { tanks[number - 1].filledAt = time }
    }
}
