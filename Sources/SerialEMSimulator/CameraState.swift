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

/// Sums of the dose of Records, as AccumulateRecordDose keeps them: one that counts always, and up to 250 chosen by area.
struct RecordDoseAccumulators: Sendable {
    var isOn = false
    /// The accumulator that the next Record adds to.
    var chosen = 1
    private(set) var sums: [Int: Double] = [:]
    static let numbers = 1 ... 250

    mutating func start(at dose: Double) {
        isOn = dose >= 0
        sums = isOn ? [chosen: dose] : [:]
    }
    mutating func add(_ dose: Dose) { if isOn { sums[chosen, default: 0] += dose.value } }
    func dose(_ number: Int) -> Dose { Dose(sums[number] ?? 0) }
}
