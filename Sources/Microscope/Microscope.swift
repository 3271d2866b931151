public import Geometry
public import Navigator
public import Units

/// A microscope in the words of a lamella session: few, coarse things to do, each finished and read back when it returns.
///
/// A state that does not read as it was set is set once more, and then a ``MicroscopeError`` with the code `notAsSet` is thrown.
/// What a microscope cannot read back, its conformance says.
///
/// A method that exposes the sample blanks the beam again before it returns or throws. No method repeats an exposure.
public protocol Microscope: Sendable {
    /// Takes control and says what is fixed for the session.
    func begin() async throws -> MicroscopeFacts
    /// Checks that the imaging states exist and are of the kind that is wanted.
    func check(states: [ImagingStateRequirement]) async throws
    /// What these states store and how they are calibrated; nothing is set for it.
    func calibrations(of states: [ImagingStateRequirement]) async throws -> Calibrations
    /// Makes a grid's folder the working directory and its navigator the open one; closes image files left open, but for
    /// a montage in the folder of which no map may have been made yet.
    func enter(folder: String, navigatorFile: String) async throws
    /// What is in a cassette slot.
    func cassetteSlot(_ slot: Int) async throws -> CassetteSlot
    /// What the autoloader tells that speaks against moving the grid of a slot to the stage or back, in words; nil for nothing, or
    /// where it does not tell. Whether a loader is at rest no command of SerialEM says.
    func autoloaderObstacle(moving slot: Int) async throws -> String?
    /// Brings a grid onto the stage, and looks that it is there; valves are closed meanwhile.
    func loadGrid(slot: Int) async throws
    /// Brings the grid on the stage back to its slot, and looks that it is there; valves are closed meanwhile.
    func unloadGrid(to slot: Int) async throws
    /// Finds roughly how a grid lies that was loaded again, with images at several places of its whole-grid map, and moves the
    /// navigator's items along.
    func realignReloadedGrid(toMapWithNote note: String) async throws
    /// Opens the column valves and reads them back.
    func openValves() async throws
    /// Says of everything that a session will ask for whether it is there. Nothing moves and nothing is exposed.
    func examine(_ request: ExaminationRequest) async -> [Finding]
    /// Sets imaging states and apertures and says what the camera then sees.
    func use(_ setup: ImagingSetup) async throws -> CameraConditions
    /// The stage as it reads.
    func stagePosition() async throws -> StageLocation
    /// Moves the stage and reads it back; z nil leaves it.
    func moveStage(to position: Point<Frame.Stage>, z: Micrometers?) async throws
    /// Finds the eucentric height roughly, exposing, and returns where the stage then is.
    func findRoughEucentricity() async throws -> StageLocation
    /// Maps the whole grid as a montage and adds it to the navigator.
    func mapWholeGrid(_ request: MontageRequest) async throws
    /// Maps the polygon with a navigator label as a montage and adds it to the navigator.
    func mapPolygon(label: String, _ request: MontageRequest) async throws
    /// Finds out what became of a map that an earlier run began, and makes a map of a montage that was taken to its end.
    ///
    /// - Parameter fileIsWhole: whether the file on disk holds the whole montage, which its mdoc tells.
    func recoverMap(_ request: MontageRequest, fileIsWhole: Bool) async throws -> MapRecovery
    /// Takes the pieces that a ``MapRecovery/resumable(pieces:of:)`` montage lacks and adds the map to the navigator.
    func resumeMap(_ request: MontageRequest) async throws
    /// Takes one image at the present state and saves it alone in a file of the working directory.
    func takeImage(savingTo file: String) async throws -> StageImage
    /// Closes the file of a montage that is not gone on with, if the program has it as its current one.
    func closeMap(_ request: MontageRequest) async throws
    /// The navigator as it is now.
    func navigator() async throws -> NavigatorFile
    /// Changes the navigator and reads it into the microscope's program again, unless the edit changes nothing.
    func editNavigator(_ edit: @Sendable (inout NavigatorFile) throws -> Void) async throws -> NavigatorFile
    /// Pixel sizes, matrices and beams of the Low Dose areas.
    func lowDoseGeometry() async throws -> LowDoseGeometry
    /// Hands the marked navigator items to Acquire at Items with a script, and gives up control.
    func startAcquisition(script: Int) async throws
    /// Tries to take control again until it is given; says whether the acquisition then still waits.
    ///
    /// - Parameter tick: told every few seconds how long it has taken, and whether the program answers.
    func awaitControl(within limit: Duration, tick: @Sendable (Duration, AcquisitionSign) -> Void) async throws -> AcquisitionEnd
    /// Takes these measures, reads each back, and says in words what holds now and what failed.
    func makeSafe(_ measures: [SafetyMeasure]) async -> SafeState
    /// From now on asks this before each command that sets something or `exposes`; what it throws ends what is being done.
    func watch(_ look: @escaping @Sendable (_ exposes: Bool) async throws -> Void) async
    /// What the microscope tells of these; disk is asked for with ``freeSpace(in:)``.
    func condition(of interlocks: Set<Interlock>) async throws -> MicroscopeCondition
    /// Fills dewars as the program's own settings have it, and waits for a refill that runs.
    func refill() async throws
    /// Lets time pass and keeps control.
    func wait(_ time: Seconds) async throws
    /// Bytes that can be written below a folder, as the program that writes sees it.
    func freeSpace(in folder: String) async throws -> Double
    /// Exposure times of the camera's parameter sets, in seconds, by their letters: V, F, T, R and P.
    func exposureTimes() async throws -> [String: Double]
    /// What was exposed since this was asked last, where it cannot be read from a file.
    func exposuresSinceAsked() async -> [ExposureRun]
    /// Connects again where the connection was lost meanwhile, as by a restart of the program.
    func reconnect() async throws
    /// Gives up control and closes the connection.
    func disconnect() async
}

/// What is fixed for a session.
public struct MicroscopeFacts: Sendable, Hashable, Codable {
    /// The program, for the log.
    public let program: String
    /// Largest image shift for targets.
    public let imageShiftLimit: Micrometers
    /// Largest tilt of the stage.
    public let maximumTilt: Degrees
    public init(program: String, imageShiftLimit: Micrometers, maximumTilt: Degrees) {
        self.program = program
        self.imageShiftLimit = imageShiftLimit
        self.maximumTilt = maximumTilt
    }
}

/// An imaging state and what it must be.
public struct ImagingStateRequirement: Sendable, Hashable {
    /// Number or name.
    public let state: String
    public let lowDose: Bool
    /// The settings key that names it, for messages.
    public let key: String
    public init(state: String, lowDose: Bool, key: String) {
        self.state = state
        self.lowDose = lowDose
        self.key = key
    }
}

/// What a cassette slot tells.
public struct CassetteSlot: Sendable, Hashable, Codable {
    /// Where the cartridge of the slot is, as far as can be told.
    public enum Place: String, Sendable, Codable { case cassette, stage, notInCassette, noSuchSlot }
    public let place: Place
    /// The name given to the grid in the microscope's user interface.
    public let name: String?
    public init(place: Place, name: String?) {
        self.place = place
        self.name = name
    }
}

/// Imaging states set in order, and apertures.
public struct ImagingSetup: Sendable, Hashable, Codable {
    public let states: [String]
    public let lowDose: Bool
    /// Condenser 2 aperture in micrometres; 0 leaves it alone.
    public let condenserAperture: Int
    /// Objective aperture in micrometres; nil leaves it alone, 0 takes it out.
    public let objectiveAperture: Int?
    public init(states: [String], lowDose: Bool, condenserAperture: Int, objectiveAperture: Int?) {
        self.states = states
        self.lowDose = lowDose
        self.condenserAperture = condenserAperture
        self.objectiveAperture = objectiveAperture
    }
}

/// What the camera sees at the present state.
public struct CameraConditions: Sendable, Hashable, Codable {
    /// Unbinned camera pixels.
    public let width: Int
    public let height: Int
    /// At binning 1.
    public let pixelSize: PixelSize
    public init(width: Int, height: Int, pixelSize: PixelSize) {
        self.width = width
        self.height = height
        self.pixelSize = pixelSize
    }
}

/// A position of the stage with its height.
public struct StageLocation: Sendable, Hashable, Codable {
    public let point: Point<Frame.Stage>
    public let z: Micrometers
    public init(point: Point<Frame.Stage>, z: Micrometers) {
        self.point = point
        self.z = z
    }
}

/// A montage to be taken.
public struct MontageRequest: Sendable, Hashable, Codable {
    /// File name in the working directory; also the note of its navigator item.
    public let file: String
    /// Label of its navigator item.
    public let label: String
    /// Fraction of a frame.
    public let overlap: Double
    /// Bytes that must be left on the disk after it, or else it is not begun and ``NotEnoughSpace`` is thrown; nil does not look.
    public var reserve: Double?
    /// How far from the origin, in x and in y, the stage may be sent for a piece; nil does not look. A polygon with pieces beyond it
    /// is refused before anything is exposed; a montage of the whole grid is laid out within it.
    public var stageLimit: Micrometers?
    public init(file: String, label: String, overlap: Double) {
        self.file = file
        self.label = label
        self.overlap = overlap
    }
}

/// What became of a map that an earlier run began.
public enum MapRecovery: Sendable, Hashable {
    /// It is a map of the navigator, and nothing is left to do.
    case mapped
    /// Nothing was exposed for it.
    case notBegun
    /// Some of its pieces were taken, and the program can go on with the others.
    case resumable(pieces: Int, of: Int)
    /// Some of its pieces were taken, and the program has forgotten how to go on.
    case cutShort
}

/// What is heard of the program while it acquires.
public enum AcquisitionSign: Sendable, Hashable {
    /// It refuses control, as it does while it acquires.
    case busy
    /// Nobody answers: it has ended, or the network is down.
    case silent
}

/// How an acquisition ended.
public enum AcquisitionEnd: String, Sendable, Codable {
    /// The program is idle again.
    case finished
    /// Acquire at Items is paused and waits for a person.
    case paused
    /// The program ended while it acquired, and was started again.
    case restarted
}

/// What the microscope was left in.
public struct SafeState: Sendable, Hashable, Codable {
    /// What holds now, such as "beam blanked".
    public let reached: [String]
    /// What could not be done, in words.
    public let failures: [String]
    public init(reached: [String], failures: [String]) {
        self.reached = reached
        self.failures = failures
    }
}
