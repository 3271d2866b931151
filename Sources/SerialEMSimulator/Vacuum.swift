#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Pressures and pumps. All follow from the simulated time, so that nothing has to run in between.
struct Vacuum: Sendable {
    /// When the column last took in gas, by a cartridge or by ice that warmed up in a refill; seconds of the simulated night.
    private var disturbedAt = -1e6
    /// Until when there is a leak, and how high the pressure is above the usual one meanwhile.
    private var leak = (until: -1e6, excess: 0.0)
    /// The pre-vacuum pump empties its buffer for ten minutes every three hours, the first time after one and a half.
    static let pumpingPeriod = 10_800.0
    static let pumpingTime = 600.0
    private var lastPumping = -5_400.0

    enum State: Int, Sendable { case ready, pumping, bad }

    mutating func takeInGas(at time: Double) { disturbedAt = time }
    /// Air comes in for a while; how bad it gets is a state above ready.
    mutating func openLeak(_ severity: State, at time: Double, seconds: Double) {
        leak = (time + seconds, severity == .bad ? 2 * Self.bad : 2 * Self.pumped)
    }
    mutating func emptyBuffer(at time: Double) { lastPumping = time }

    /// Seconds until the pump stops, 0 where it does not run.
    func pumpingLeft(at time: Double) -> Double {
        let since = (time - lastPumping).truncatingRemainder(dividingBy: Self.pumpingPeriod)
        return since >= Self.pumpingPeriod - Self.pumpingTime ? Self.pumpingPeriod - since : 0
    }
    /// Pascal, by Thermo's names of gauges; nil for a name that the column does not have.
    func pressure(_ gauge: String, at time: Double) -> Double? {
        switch gauge {
        case "IGPa": 1.2e-9
        case "IGPco": 2.6e-6 * (1 + excess(at: time))
        case "PPm": 8e-6 * (1 + excess(at: time))
        case "PIRbf": 1.1 * (1 + (time - lastPumping).truncatingRemainder(dividingBy: Self.pumpingPeriod) / 3600)
        default: nil
        }
    }
    /// Fraction of 1 by JEOL's names of gauges, Pirani and Penning.
    func reading(_ gauge: String, at time: Double) -> Double? {
        switch gauge {
        case "Pir1", "Pir2": 0.12
        case "Pen1": min(1, 0.01 * (1 + excess(at: time)))
        default: nil
        }
    }

    /// Pressures above the usual one, as multiples of it, from which the vacuum counts as pumping and as bad.
    private static let pumped = 1.5
    private static let bad = 100.0
    /// The pumps bring the pressure down to a third in a minute.
    private func excess(at time: Double) -> Double {
        let gas = 30 * exp(-max(0, time - disturbedAt) / 60)
        let air = time < leak.until ? leak.excess : min(leak.excess, 0.9 * Self.bad) * exp(-(time - leak.until) / 60)
        return gas + air
    }
    func state(at time: Double) -> State {
        switch excess(at: time) {
        case ..<Self.pumped: .ready
        case ..<Self.bad: .pumping
        default: .bad
        }
    }
}
