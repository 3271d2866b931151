internal import Geometry
internal import Units

/// What the mechanical half of the microscope remembers, and what SerialEM remembers about it.
struct Mechanics {
    var events: EventLog
    /// The command in progress, for the event log.
    var command = ""

    /// How many moves there were: each has a drift of its own.
    var moves: UInt64 = 0
    var tiltIncrement = Degrees(3)
    var incrementIsCosine = false
    /// Where the tilt axis really is, in micrometres across it; no user of the microscope is told.
    let trueAxisOffset: Micrometers
    /// SerialEM's setting, and what a fine eucentricity measured last.
    var axisOffset = Micrometers(0)
    var lastAxisOffset: Micrometers?
    /// The stage was last moved as BacklashAdjust does, so that RelaxStage knows where to go.
    var backlashIsKnown = false

    var savedBeamTilt: (x: Double, y: Double)?
    /// The sum of all shifts that ReportAlignShift gave, in camera pixels.
    var accumulatedShift = Vector<Frame.Camera>.zero
    /// Farthest that the next alignment may go, in micrometres.
    var nextAlignLimit: Micrometers?

    /// Cartridges that get stuck between slot and stage, until they are taken out of this set.
    var jammedSlots: Set<Int> = []
    /// The slot whose cartridge is stuck now.
    var stuckSlot: Int?
    /// JEOL: whether the cassette was looked through.
    var inventoryIsTaken = false
    /// JEOL: slots whose cartridges came back from the stage since then; the inventory calls their place the storage.
    var storedSlots: Set<Int> = []

    /// By how many micrometres the next rough eucentricity may change the height, 0 for any, and whether the last one gave up.
    var nextRoughLimit = Micrometers(0)
    var roughEucentricityFailed = false

    init(configuration: SimulatorConfiguration) {
        events = EventLog(path: configuration.eventLog)
        trueAxisOffset = Micrometers(configuration.tiltAxisOffset)
    }
}
