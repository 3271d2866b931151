/// What one simulated night is made of.
public struct SimulatorConfiguration: Sendable {
    /// Decides grids, errors of the stage and noise.
    public var seed: UInt64
    /// SerialEM's working directory at the start, an absolute path.
    public var folder: String
    /// How many times faster than life; 0 does not wait at all.
    public var timeScale: Double
    /// Where the truth about the grids is written, again after every load.
    public var truthFile: String?
    /// Where one line per exposure is written.
    public var exposureLog: String?
    /// Where one line for everything that takes time is written; see ``EventRecord``.
    public var eventLog: String?
    /// Whose microscope it is.
    public var kind: MicroscopeKind
    /// Whether the autoloader's panel is open, so that slots are reported with the names of their cartridges.
    public var showsSlotNames: Bool
    /// Micrometres between the optical axis and the tilt axis, within 25.
    public var tiltAxisOffset: Double
    /// Simulated seconds after which a box that nobody answers gets its standard answer; nil waits for ever.
    public var dialogSeconds: Double?
    /// Whether every slot of the cassette holds a cartridge with a name; that of the last one still cannot be loaded.
    public var fillsCassette = false
    /// Whether what is done a second time at a place comes out as it did the first time: then the errors of the stage, its drift and
    /// the noise depend on what is done and where, and not on what was done before.
    public var isRepeatable = false
    /// Whether Navigator files are written in the form that SerialEM had before autodocs.
    public var writesNavigatorTables: Bool

    public init(
        seed: UInt64 = 1, folder: String, timeScale: Double = 0, truthFile: String? = nil, exposureLog: String? = nil,
        eventLog: String? = nil, kind: MicroscopeKind = .thermo, showsSlotNames: Bool = true, tiltAxisOffset: Double = 0,
        dialogSeconds: Double? = 60, writesNavigatorTables: Bool = false
    ) {
        self.seed = seed
        self.folder = folder
        self.timeScale = timeScale
        self.truthFile = truthFile
        self.exposureLog = exposureLog
        self.eventLog = eventLog
        self.kind = kind
        self.showsSlotNames = showsSlotNames
        self.tiltAxisOffset = max(-25, min(25, tiltAxisOffset))
        self.dialogSeconds = dialogSeconds
        self.writesNavigatorTables = writesNavigatorTables
    }
}
