internal import Units

/// The camera itself, and settings of SerialEM's that all sets share.
struct CameraState: Sendable {
    static let name = "Virtual camera"
    static let count = 1
    var isInserted = true
    /// The set that runs continuously, if one does.
    var continuousSet: ParameterSet?
    /// What SetK2FileParams sets: type, packed, 4 bit, times 100, skip rotation, one file per frame.
    var frameFile = [0, 1, 0, 0, 0, 0]
    /// What SetFrameAliParams sets: binning or target size, keep precision, strategy, all against all, refine, group.
    var frameAlignment = [4, 0, 0, 0, 0, 0]
}

/// Sums of the dose of Records, one for each area, as AccumulateRecordDose keeps them: scripts add to them, exposures do not.
struct RecordDoseAccumulators: Sendable {
    /// The area that AccumulateRecordDose adds to; -1 is the one that counts before any was chosen.
    var chosen = -1
    private var sums: [Int: Double] = [:]
    static let numbers = -1 ... 254

    /// Electrons per square angstrom: the first dose starts the sum, later ones add to it, a negative one ends it.
    mutating func take(_ dose: Double) {
        if dose < 0 { sums[chosen] = nil } else { sums[chosen, default: 0] += dose }
    }
    /// Nil where nothing is summed up.
    func dose(_ number: Int) -> Dose? { sums[number].map { Dose($0) } }
    /// What the chosen area has had before the next shot.
    var prior: Dose? { dose(chosen) }
}
