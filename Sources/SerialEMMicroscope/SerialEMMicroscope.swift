import Geometry
public import Logging
public import Microscope
import Navigator
import SerialEMClient
import SerialEMProtocol
import Units

/// The microscope behind SerialEM's external control socket.
///
/// Every state that is set is read back and set once more where it does not read as it was set. These SerialEM cannot read back
/// from the microscope, so that they are set and believed:
///
/// - The beam blanker: SerialEM knows what it sent there last, not what came of it.
/// - Spot size and intensity of an imaging state: no command says what a state stores. Its magnification is read back.
/// - What montages are taken with, and the parameters of Acquire at Items: the number of pieces, and what lies on disk at the end,
///   tell whether they held.
/// - Switches of the period of control, such as those for message boxes, errors in the log and overwriting.
public actor SerialEMMicroscope: Microscope {
    let host: String
    let port: Int
    let logger: Logger
    var connection: SerialEMConnection
    var folder = ""
    var navigatorPath = ""
    /// What SerialEM or this microscope does not tell; it is asked for again now and then.
    var refusedReadings: [String: RefusedReading] = [:]
    /// Readings that were told at least once.
    var toldReadings: Set<String> = []
    /// What can therefore not be watched, and SerialEM's reason.
    var untold: [Interlock: String] = [:]
    /// Asked before each command that sets something or exposes.
    var look: @Sendable (_ exposes: Bool) async throws -> Void = { _ in }
    /// What was exposed and is in no file.
    var exposureRuns: [ExposureRun] = []

    /// How many times faster than a real one the microscope is.
    let pace: Double
    let version: SerialEMVersion
    let timesFile: CommandTimesFile

    private init(
        host: String, port: Int, logger: Logger, connection: SerialEMConnection, version: SerialEMVersion,
        timesFile: CommandTimesFile, pace: Double
    ) {
        self.pace = pace.isFinite && pace > 0 ? pace : 1
        self.timesFile = timesFile
        self.version = version
        self.host = host
        self.port = port
        self.logger = logger
        self.connection = connection
    }

    /// Connects to SerialEM and takes control, so that whatever else listens there is found out at once.
    ///
    /// - Parameters:
    ///   - limit: how long to wait for the first answer; SerialEM at rest gives it within milliseconds.
    ///   - commandTimes: the file that keeps how long commands take at this microscope, from which they get their deadlines; nil
    ///     forgets it with the session.
    ///   - least: no command of minutes or hours is given up before.
    ///   - pace: how many times faster than a real one the microscope is, as a simulated one may be.
    public static func connect(
        host: String, port: Int, answerWithin limit: Duration = .seconds(10), commandTimes: String? = nil, givingUpAfter least: Duration = .seconds(60),
        pace: Double = 1, logger: Logger
    ) async throws -> SerialEMMicroscope {
        let timesFile = CommandTimesFile(path: commandTimes, least: least, pace: pace)
        let connection = try await wording { try await SerialEMConnection.connect(host: host, port: port, times: timesFile.times, logger: logger) }
        do {
            let version = try await connection.beginControl(answerWithin: limit)
            return SerialEMMicroscope(host: host, port: port, logger: logger, connection: connection, version: version, timesFile: timesFile, pace: pace)
        } catch {
            await connection.close()
            throw refusedGreeting(error, address: "\(host):\(port)", limit: limit)
        }
    }

    public func begin() async throws -> MicroscopeFacts {
        let c = connection
        let version = version
        try await Self.wording {
            try await c.errorsToLog()
            // A run that died in an exposure could not blank it.
            try await c.setBeamBlank(true)
        }
        try await raiseScreen()
        return try await Self.wording {
            let limit = try await c.reportProperty("ImageShiftLimit")
            let tilt = try await c.reportProperty("MaximumTiltAngle")
            return MicroscopeFacts(
                program: "SerialEM with \(version.commandCount) script commands",
                imageShiftLimit: Micrometers(limit > 0 ? limit : 15), maximumTilt: Degrees(tilt > 0 ? tilt : 70))
        }
    }

    public func enter(folder: String, navigatorFile: String) async throws {
        let c = connection
        self.folder = folder
        // Now and then, for a program that is killed writes nothing at its end.
        timesFile.write(logger: logger)
        navigatorPath = folder + "/" + navigatorFile
        let path = navigatorPath
        try await closeFiles(in: folder)
        try await confirm("SerialEM's folder \(folder)") {
            try await c.setDirectory(folder)
        } reads: {
            Self.isSame(try await c.reportDirectory(), folder)
        }
        let isThere = try await Self.wording {
            guard try await c.reportIfNavOpen() == .openWithFile else { return false }
            return Self.isSame(try await c.reportNavFile(), path)
        }
        if isThere { return }
        let exists = fileExists(path)
        try await confirm("The navigator \(path)") {
            // Somebody's items without a file; SerialEM would ask about them in a box that nobody answers.
            switch try await c.reportIfNavOpen() {
            case .openWithFile:
                do throws(SerialEMError) {
                    try await c.saveNavigator()
                } catch where error.code == .commandFailed {
                    // Its folder may be gone, archived by somebody: that is no fault of this session.
                    try await c.saveNavigator(folder + "/unsaved.nav")
                }
            case .open: try await c.saveNavigator(folder + "/unsaved.nav")
            case .closed: break
            }
            if try await c.reportIfNavOpen() != .closed { try await c.closeNavigator() }
            if exists { try await c.readNavFile(path) } else { try await c.openNavigator(path) }
        } reads: {
            guard try await c.reportIfNavOpen() == .openWithFile else { return false }
            return Self.isSame(try await c.reportNavFile(), path)
        }
    }

    public func openValves() async throws { try await setValves(open: true) }

    func setValves(open: Bool) async throws {
        let c = connection
        try await confirm("Column valves \(open ? "open" : "closed")") {
            try await c.setColumnOrGunValve(open: open)
        } reads: {
            try await c.reportColumnOrGunValve() == (open ? .open : .closed)
        }
    }
}
