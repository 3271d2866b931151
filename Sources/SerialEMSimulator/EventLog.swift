internal import Geometry
internal import Units

/// One thing that took time at the virtual microscope: one line of the event log.
public struct EventRecord: Codable, Sendable, Hashable {
    /// What took the time.
    public enum Kind: String, Codable, Sendable, Hashable {
        /// Settling, exposure and readout of one image.
        case exposure
        /// The stage in x, y, z, or about its second axis.
        case move
        /// The stage about the tilt axis.
        case tilt
        /// A cartridge on its way to the stage, whether it arrives or not.
        case load
        /// A cartridge on its way back to its slot.
        case unload
        /// Everything else: lenses, valves, apertures, delays, computing.
        case wait
    }
    public let kind: Kind
    /// Seconds of simulated time since the simulator was started.
    public let start: Double
    /// Simulated seconds.
    public let seconds: Double
    /// The command that was running, or `AcquireAtItems`.
    public let command: String
    /// True for a move or a tilt that other things happen during; the others follow one another.
    public let background: Bool
    /// What the stage reads at the end, in micrometres, and its tilt in degrees.
    public let stageX: Double
    public let stageY: Double
    public let stageZ: Double
    public let tilt: Double
    /// Slot of the grid on the stage, or on its way; 0 for none.
    public let slot: Int
    /// Of an exposure: letter of the parameter set, magnification, and what the camera counted in seconds and electrons per
    /// square angstrom.
    public var set: String?
    public var magnification: Double?
    public var exposureSeconds: Double?
    public var dose: Double?
}

/// The events of a night, and the file that gets them as lines of JSON.
struct EventLog {
    private(set) var events: [EventRecord] = []
    private var file: LineLog

    init(path: String?) { file = LineLog(path: path) }
    mutating func append(_ event: EventRecord) {
        events.append(event)
        file.append(event)
    }
}

extension VirtualMicroscope {
    /// What took time so far.
    public func eventLog() -> [EventRecord] { mechanics.events.events }
    /// Seconds of simulated time since the start.
    public func simulatedSeconds() -> Double { clock.elapsed }

    /// Enters something that begins now. The stage is entered as it reads, so a move has to be made before it is noted.
    func noteEvent(
        _ kind: EventRecord.Kind, start: Double? = nil, seconds: Seconds, slot: Int? = nil,
        to end: (position: Point<Frame.Stage>, tilt: Degrees)? = nil, detail: (inout EventRecord) -> Void = { _ in }
    ) {
        let position = end?.position ?? stage.position
        var event = EventRecord(
            kind: kind, start: start ?? clock.elapsed, seconds: seconds.value,
            command: control == .acquiring ? "AcquireAtItems" : mechanics.command, background: end != nil, stageX: position.x,
            stageY: position.y, stageZ: stage.height.value, tilt: (end?.tilt ?? stage.tilt).value, slot: slot ?? grid?.slot ?? 0)
        detail(&event)
        mechanics.events.append(event)
    }
}
