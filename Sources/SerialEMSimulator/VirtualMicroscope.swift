internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Specimen
internal import Locks
import Synchronization
internal import Units

/// Whether a program outside SerialEM is in control, and what keeps it out.
enum ControlState: Sendable, Hashable {
    case idle
    case external
    /// Acquire at Items runs; every request is refused.
    case acquiring
}

/// The microscope with SerialEM in front of it: column, stage, camera, autoloader, buffers, files and Navigator.
///
/// Signs: the stage coordinate of a point is what the stage reads when the point is in the field centre of a Record
/// without image shift. The field centre at another magnification and with image shift v is
/// `stage + SpecimenToStage(ISToSpecimen(v)) + offset of the magnification`.
public actor VirtualMicroscope {
    let configuration: SimulatorConfiguration
    var clock: SimulatedClock
    var random: RandomSource
    var control = ControlState.idle {
        didSet {
            acquiring.store(control == .acquiring, ordering: .sequentiallyConsistent)
            if oldValue == .external, control != .external { endPeriod() }
        }
    }
    private nonisolated let acquiring = Atomic(false)
    /// Whether Acquire at Items runs. Known without a turn at the microscope, which is exposing most of that time.
    public nonisolated var isAcquiring: Bool { acquiring.load(ordering: .sequentiallyConsistent) }

    var column = Column()
    var stage = Stage()
    var mechanics: Mechanics
    var cassette: Cassette
    var grid: LoadedGrid?
    /// By slot: what the grids have been exposed to.
    var doseMaps: [Int: DoseMap] = [:]
    var exposures: [ExposureRecord] = []
    var exposureLines: LineLog
    /// Whether it has been said that the truth cannot be written.
    var truthFileHasFailed = false
    var exposureCount: UInt64 = 0
    /// How many exposures there were since the stage was moved.
    var imagesSinceMove: UInt64 = 0
    var lastAutoFocus = (defocus: 0.0, status: -1)

    var buffers: [ImageBuffer?] = Array(repeating: nil, count: 22)
    /// The image that GetBufferImage calls AF.
    var fftWindow: ImageBuffer?
    var buffersToRoll = 4
    var directory: String
    var openFiles: [OpenImageFile] = []
    var currentFile: Int?
    var montageSet = ParameterSet.record
    var montageSetForNext: ParameterSet?
    /// Columns and rows of the last montage, which the next one has too unless told otherwise.
    var lastMontageSize = (columns: 2, rows: 2)
    /// What part of the stage SetGridMapLimits wants in a full montage.
    var gridMapLimits: (x: ClosedRange<Double>, y: ClosedRange<Double>)?
    var frames = FrameSaving()
    var shownBuffer = 0

    var navigatorIsOpen = false
    var navigatorPath: String?
    var items: [NavigatorItem] = [] { didSet { navigator.hasChanges = true } }
    var selectedItem = 0
    var nextID = 1000
    /// What the Navigator's window holds besides its table.
    var navigator = NavigatorState()

    var persistentVariables: [String: ReportedValue] = [:]
    var periodVariables: [String: ReportedValue] = [:]
    var properties: [String: Double] = [
        "ImageShiftLimit": 15, "MaximumTiltAngle": 70, "TiltAxisOffset": 0, "UseIlluminatedAreaForC2": 1,
    ]
    var userSettings: [String: Double] = ["BuffersToRollOnAcquire": 4, "DriftProtection": 1]
    var messageBoxesAreOff = false
    var tryLevel = 0
    var fileOverwriteIsAllowed = false
    var acquireAtEnd = false
    /// The primary action chosen for Acquire at Items: 2 is a script, 3 tilt series.
    var acquireAction = 2
    var acquisitionIsPending = false
    var periodStart = 0.0
    var log: [String] = []
    var script = ScriptState()
    /// The box that SerialEM waits for.
    var presentDialog: OpenDialog?
    /// By what BinningForCameraMatrix scales the matrices of this control period; 0 for not.
    var cameraMatrixBinning = 0.0

    /// What goes wrong on demand.
    public nonisolated let faults: FaultPlan
    /// What is going on, for the faults: the command that runs, or the acquisition.
    var activity = ""
    /// Whether what runs has been stopped.
    var stopWasPressed = false
    /// Ends the wait of what runs, if it waits.
    var waitingForTime: AsyncStream<Void>.Continuation?
    /// A STOP that the next request uses up.
    var stopIsPending = false
    var openFaultDialog: FaultDialog?
    /// Megabytes that the disk has left on demand, and until when; seconds of the simulated night.
    var lowDisk: (megabytes: Double, until: Double)?

    public init(configuration: SimulatorConfiguration, faults: FaultPlan = FaultPlan()) {
        self.configuration = configuration
        self.faults = faults
        clock = SimulatedClock(scale: configuration.timeScale)
        random = RandomSource(seed: configuration.seed).fork(0x517A6E)
        cassette = Cassette(seed: configuration.seed, isFull: configuration.fillsCassette)
        mechanics = Mechanics(configuration: configuration)
        exposureLines = LineLog(path: configuration.exposureLog)
        directory = configuration.folder
        frames = FrameSaving(folder: "\(configuration.folder)/frames")
    }

    /// Lets simulated time pass, and enters it in the event log.
    func wait(_ seconds: Seconds, for kind: EventRecord.Kind = .wait) async {
        if seconds.value > 0 { noteEvent(kind, seconds: seconds) }
        await passTime(seconds)
    }
    /// Lets simulated time pass that is in the event log already.
    func passTime(_ seconds: Seconds) async {
        if let duration = clock.pass(max(0, seconds.value)) { await sleep(duration) }
    }

    /// The name with the working directory before it, unless it is absolute.
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    /// The exposures so far.
    public func exposureLog() -> [ExposureRecord] { exposures }
}
