/// How long a phase still takes, from how fast it went so far.
///
/// Only work that was done while somebody watched counts: what an earlier run did took no time today.
struct TimeLeft: Sendable {
    private(set) var phase = ""
    private(set) var fraction = 0.0
    private var since: Duration?
    private var fractionThen = 0.0

    /// Takes a report of progress at a time; returns whether a new phase began.
    mutating func take(phase newPhase: String, fraction newFraction: Double, at now: Duration) -> Bool {
        guard newPhase != phase || since == nil else {
            // More work may become known; a line that goes backwards only worries.
            fraction = max(fraction, newFraction)
            return false
        }
        phase = newPhase
        fraction = newFraction
        since = now
        fractionThen = newFraction
        return true
    }

    /// What was done just now took no time: the estimate begins anew from here.
    mutating func restart(at now: Duration) {
        since = now
        fractionThen = fraction
    }

    /// The rest of the phase; nil while too little is known, or once it is over.
    func left(at now: Duration) -> Duration? {
        guard let since, fraction < 1, fraction - fractionThen > 0.03 else { return nil }
        return (now - since) * ((1 - fraction) / (fraction - fractionThen))
    }
}

/// A duration as people say it.
package func words(_ duration: Duration) -> String {
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
    if seconds < 90 { return "\(Int(seconds.rounded())) s" }
    if seconds < 5400 { return "\(Int((seconds / 60).rounded())) min" }
    return "\((seconds / 360).rounded() / 10) h"
}
