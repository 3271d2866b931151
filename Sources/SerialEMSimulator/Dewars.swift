/// Liquid nitrogen of autoloader and column: it boils off, and is refilled by itself when one runs low.
///
/// The level is a function of the simulated time: it sinks for ``supply`` seconds, then a refill takes ``refill`` seconds.
struct Dewars: Sendable {
    static let full = 0.95
    static let lowest = 0.25
    /// Seconds from full to lowest.
    static let supply = 43_200.0
    static let refill = 900.0
    /// When the last refill ended. The night begins with dewars that were filled four hours before.
    private var filledAt = -14_400.0

    private func phase(_ time: Double) -> Double {
        max(0, time - filledAt).truncatingRemainder(dividingBy: Self.supply + Self.refill)
    }
    /// Seconds until the refill that is going on ends, 0 where there is none.
    func fillingLeft(at time: Double) -> Double {
        let phase = phase(time)
        return phase < Self.supply ? 0 : Self.supply + Self.refill - phase
    }
    /// Seconds until the next refill, 0 while one is going on.
    func remaining(at time: Double) -> Double { max(0, Self.supply - phase(time)) }
    /// Fraction of 1; 1 is the autoloader's dewar, 2 the column's, which is the larger one.
    func level(_ dewar: Int, at time: Double) -> Double? {
        let lost = min(1, phase(time) / Self.supply)
        let filled = fillingLeft(at: time) > 0 ? 1 - fillingLeft(at: time) / Self.refill : 0
        switch dewar {
        case 1: return Self.full - (Self.full - Self.lowest) * (lost - filled)
        case 2: return Self.full - (Self.full - 0.4) * (lost - filled)
        default: return nil
        }
    }
    mutating func fillEnds(at time: Double) { filledAt = time }
}
