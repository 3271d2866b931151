#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Pressures and pumps. All follow from the simulated time, so that nothing has to run in between.
struct Vacuum: Sendable {
    /// When the column last took in gas, by a cartridge or a buffer cycle; seconds of the simulated night.
    private var disturbedAt = -1e6
    /// The pre-vacuum pump empties its buffer for ten minutes every three hours, the first time after one and a half.
    static let pumpingPeriod = 10_800.0
    static let pumpingTime = 600.0
    private var lastPumping = -5_400.0

    enum State: Int, Sendable { case ready, pumping, bad }

    mutating func disturb(at time: Double) { disturbedAt = time }
    mutating func emptyBuffer(at time: Double) { lastPumping = time }

    /// Seconds until the pump stops, 0 where it does not run.
    func pumpingLeft(at time: Double) -> Double {
        let since = (time - lastPumping).truncatingRemainder(dividingBy: Self.pumpingPeriod)
        return since >= Self.pumpingPeriod - Self.pumpingTime ? Self.pumpingPeriod - since : 0
    }
    /// Pascal, by Thermo's names of gauges; nil for a name that the column does not have.
    func pressure(_ gauge: String, at time: Double) -> Double? {
        let rest = ["IGPa": 1.2e-9, "IGPco": 2.6e-6, "PPm": 8e-6, "PIRbf": 1.1][gauge]
        guard let rest else { return nil }
        switch gauge {
        case "IGPa": return rest
        case "PIRbf": return rest * (1 + (time - lastPumping).truncatingRemainder(dividingBy: Self.pumpingPeriod) / 3600)
        default: return rest * (1 + 30 * exp(-max(0, time - disturbedAt) / 60))
        }
    }
    func state(at time: Double) -> State {
        switch time - disturbedAt {
        case ..<10: .bad
        case ..<180: .pumping
        default: .ready
        }
    }
}
