public import SerialEMProtocol

/// Whether the valve between the gun and the specimen is open.
public enum ValveState: Sendable, Hashable {
    /// The beam can pass.
    case open
    /// The beam cannot pass.
    case closed
    /// The filament is in a state that does not fit.
    case inconsistent
}

/// The state of the energy filter.
public struct EnergyFilter: Sendable, Hashable {
    /// The width of the slit, in electronvolts.
    public let slitWidth: Double
    /// The energy loss, in electronvolts.
    public let energyLoss: Double
    /// Whether the slit is in.
    public let slitIsIn: Bool
}

/// The magnification.
public struct Magnification: Sendable, Hashable {
    /// The magnification that the microscope shows.
    public let value: Double
    /// Whether it is one of the low-magnification mode.
    public let isLowMag: Bool
    /// 0 TEM, 1 with energy filter, 2 STEM; `nil` before SerialEM 4.1.
    public let mode: Int?
}

/// What the autoloader knows of a slot.
public struct SlotStatus: Sendable, Hashable {
    /// Whether there is a cartridge.
    public enum State: Sendable, Hashable {
        /// There is a cartridge.
        case occupied
        /// Its cartridge is on the stage. A Thermo autoloader calls such a slot empty.
        case onStage
        /// There is none.
        case empty
        /// The autoloader does not know.
        case unknown
    }

    /// Whether there is a cartridge.
    public let state: State
    /// The name of the cartridge, if the autoloader gives one.
    public let name: String?
    /// All that was reported; autoloaders differ.
    public let values: [ReportedValue]
}
