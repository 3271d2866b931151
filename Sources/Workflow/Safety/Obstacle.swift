import Microscope
import Units

/// Why nothing may be exposed or moved now.
struct Obstacle: Hashable, Sendable {
    /// What brings it to an end.
    enum Remedy: Hashable, Sendable {
        /// It passes.
        case wait
        /// A refill is begun, or waited for.
        case refill
        /// The valves are opened, once.
        case openValves
    }

    let interlock: Interlock
    /// What is the matter, in words.
    let text: String
    let remedy: Remedy
    /// Whether a person is told at once.
    let isAlarming: Bool
}

/// What a condition of the microscope means for a session.
struct InterlockRules: Sendable {
    let settings: SafetySettings

    /// What is in the way, the one that has to go first before the others; nil for nothing.
    ///
    /// - Parameters:
    ///   - duration: how long the next step may take; dewars are filled before, rather than in the middle of it.
    ///   - valvesShouldBeOpen: whether the session opened them and closed them not.
    func obstacle(_ condition: MicroscopeCondition, stepTakes duration: Seconds, valvesShouldBeOpen: Bool) -> Obstacle? {
        if condition.vacuum == .bad {
            return Obstacle(interlock: .vacuum, text: "the vacuum is bad", remedy: .wait, isAlarming: true)
        }
        if condition.dewarsAreFilling == true {
            return Obstacle(interlock: .dewars, text: "a dewar is being filled", remedy: .refill, isAlarming: false)
        }
        if let time = condition.timeToRefill, time < duration {
            return Obstacle(
                interlock: .dewars, text: "dewars are filled in \(Int(clamped(time.value))) s, sooner than the next step ends", remedy: .refill,
                isAlarming: false)
        }
        if condition.vacuum == .pumping {
            return Obstacle(interlock: .vacuum, text: "the vacuum is not ready", remedy: .wait, isAlarming: false)
        }
        if valvesShouldBeOpen, condition.valvesAreOpen == false {
            return Obstacle(interlock: .valves, text: "the column valves have been closed", remedy: .openValves, isAlarming: true)
        }
        if condition.gunEmits == false {
            return Obstacle(interlock: .beam, text: "the gun does not emit", remedy: .wait, isAlarming: true)
        }
        if let current = condition.beamCurrent, current < settings.minimumBeamCurrent {
            return Obstacle(
                interlock: .beam, text: "the beam current is \(Int(clamped(current))) nA, below minimum_beam_current; flash the gun",
                remedy: .wait, isAlarming: true)
        }
        if condition.stageIsBusy == true {
            return Obstacle(interlock: .stage, text: "the stage is busy", remedy: .wait, isAlarming: false)
        }
        return nil
    }

    /// Whether an image that was taken meanwhile may be dark.
    static func spoils(_ condition: MicroscopeCondition) -> Bool {
        condition.vacuum == .bad || condition.valvesAreOpen == false || condition.gunEmits == false
    }
}

/// A number that any Int can hold.
func clamped(_ value: Double) -> Double { value.isFinite ? min(1e15, max(-1e15, value)) : 0 }
