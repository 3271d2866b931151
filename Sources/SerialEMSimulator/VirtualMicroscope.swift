internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
public import SerialEMProtocol
internal import Specimen
internal import Synchronization
internal import Units

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
    /// Simulated seconds after which a box that nobody answers gets its standard answer; nil waits for ever.
    public var dialogSeconds: Double?
    /// Whether Navigator files are written in the form that SerialEM had before autodocs.
    public var writesNavigatorTables: Bool

    public init(
        seed: UInt64 = 1, folder: String, timeScale: Double = 0, truthFile: String? = nil, exposureLog: String? = nil,
        dialogSeconds: Double? = 60, writesNavigatorTables: Bool = false
    ) {
        self.seed = seed
        self.folder = folder
        self.timeScale = timeScale
        self.truthFile = truthFile
        self.exposureLog = exposureLog
        self.dialogSeconds = dialogSeconds
        self.writesNavigatorTables = writesNavigatorTables
    }
}

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
    var control = ControlState.idle { didSet { acquiring.store(control == .acquiring, ordering: .sequentiallyConsistent) } }
    private nonisolated let acquiring = Atomic(false)
    /// Whether Acquire at Items runs. Known without a turn at the microscope, which is exposing most of that time.
    public nonisolated var isAcquiring: Bool { acquiring.load(ordering: .sequentiallyConsistent) }

    var column = Column()
    var stage = Stage()
    var cassette: Cassette
    var grid: LoadedGrid?
    /// By slot: what the grids have been exposed to.
    var doseMaps: [Int: DoseMap] = [:]
    var exposures: [ExposureRecord] = []
    var exposureCount: UInt64 = 0
    var lastAutoFocus = (defocus: 0.0, status: -1)

    var buffers: [ImageBuffer?] = Array(repeating: nil, count: 22)
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

    public init(configuration: SimulatorConfiguration) {
        self.configuration = configuration
        clock = SimulatedClock(scale: configuration.timeScale)
        random = RandomSource(seed: configuration.seed).fork(0x517A6E)
        cassette = Cassette(seed: configuration.seed)
        directory = configuration.folder
        frames = FrameSaving(folder: "\(configuration.folder)/frames")
    }

    /// Lets simulated time pass.
    func wait(_ seconds: Seconds) async {
        guard let duration = clock.pass(max(0, seconds.value)) else { return }
        // A cancelled wait only means that the server is going down.
        try? await Task.sleep(for: duration)
    }

    /// Starts external control, as the first request of a period does. False while Acquire at Items runs.
    public func beginControl() -> Bool {
        switch control {
        case .external: return true
        case .acquiring: return false
        case .idle:
            control = .external
            periodVariables = [:]
            messageBoxesAreOff = false
            tryLevel = 0
            fileOverwriteIsAllowed = false
            acquireAtEnd = false
            periodStart = clock.elapsed
            return true
        }
    }

    /// SerialEM keeps asking itself for 5 to 8 s whether it is idle before it says that it is busy. The simulated night does
    /// not get longer by that: the acquisition has the time.
    public nonisolated func keepWaitingWhileBusy() async {
        guard configuration.timeScale > 0 else { return }
        // A cancelled wait only means that the server is going down.
        try? await Task.sleep(for: .seconds(6 / configuration.timeScale))
    }

    /// OKtoRunExternalScript: true only for the request that starts control.
    public func okToRun() -> Bool {
        guard control != .external else { return false }
        return beginControl()
    }

    /// Ends control because the client went away: nothing that waits for an Exit happens.
    public func clientLeft() {
        guard control == .external else { return }
        endPeriod()
        control = .idle
    }

    /// Runs one command.
    public func perform(_ request: CommandRequest) async -> CommandReply {
        guard let definition = FunctionCodes.definition(code: request.code) else {
            return .failure("No command has the function code \(request.code).")
        }
        let arguments = CommandArguments(request.arguments)
        if definition.name == "Exit" { return exit(code: arguments.integer(1), text: arguments.text(2)) }
        // Outside of a script there is nothing to return to.
        if definition.name == "Return" { return exit(code: 0, text: "") }
        guard let handler = CommandTable.handlers[request.code] else {
            let reason = CommandTable.refusalReasons[definition.name] ?? "\(definition.name) is not simulated."
            return await refusal(reason, definition.name, arguments)
        }
        do {
            return CommandReply(values: try await handler(self, arguments), status: .success)
        } catch let failure as CommandFailure {
            return await refusal(failure.description, definition.name, arguments)
        } catch {
            return await refusal("\(error)", definition.name, arguments)
        }
    }

    private func refusal(_ message: String, _ name: String, _ arguments: CommandArguments) async -> CommandReply {
        note("ERROR: \(message)")
        // With boxes on, a human has to answer one before the reply leaves, and the reply has no text.
        guard boxesAreSuppressed else {
            _ = await ask(Dialog(.message, message))
            return CommandReply(values: [.text("")], status: .failed)
        }
        return .failure("\(message)\r\n\(arguments.call(name))")
    }

    private func exit(code: Int, text: String) -> CommandReply {
        if !text.isEmpty { note(text) }
        endPeriod()
        control = .idle
        if acquireAtEnd, items.contains(where: \.acquire) {
            control = .acquiring
            acquisitionIsPending = true
        }
        acquireAtEnd = false
        return CommandReply(values: [], status: code == 0 ? .normalExit : .exitWithCode)
    }

    /// The name with the working directory before it, unless it is absolute.
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    /// The exposures so far.
    public func exposureLog() -> [ExposureRecord] { exposures }
}
