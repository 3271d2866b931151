import Geometry
public import Logging
public import Microscope
import Navigator
import SerialEMClient
import SerialEMProtocol
import Units

/// The microscope behind SerialEM's external control socket.
///
/// Every state that is set is read back and set once more where it does not read as it was set.
public actor SerialEMMicroscope: Microscope {
    let host: String
    let port: Int
    let logger: Logger
    var connection: SerialEMConnection
    var folder = ""
    var navigatorPath = ""
    /// What SerialEM or this microscope does not tell; it is not asked again.
    var refusedReadings: Set<String> = []
    /// What can therefore not be watched, and SerialEM's reason.
    var untold: [Interlock: String] = [:]
    /// What was exposed and is in no file.
    var exposureRuns: [ExposureRun] = []

    let version: SerialEMVersion
    let timesFile: CommandTimesFile

    private init(
        host: String, port: Int, logger: Logger, connection: SerialEMConnection, version: SerialEMVersion,
        timesFile: CommandTimesFile
    ) {
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
    ///   - patience: how long to wait for a SerialEM that is busy with an acquisition which this session has started.
    ///   - commandTimes: the file that keeps how long commands take at this microscope, from which they get their deadlines; nil
    ///     forgets it with the session.
    ///   - least: no command of minutes or hours is given up before.
    ///   - waiting: told every few seconds that it is still busy, and for how long it has been.
    public static func connect(
        host: String, port: Int, answerWithin limit: Duration = .seconds(10), whileBusy patience: Duration = .zero,
        commandTimes: String? = nil, givingUpAfter least: Duration = .seconds(60), logger: Logger, waiting: @Sendable (Duration) -> Void = { _ in }
    ) async throws -> SerialEMMicroscope {
        let clock = ContinuousClock()
        let begin = clock.now
        let timesFile = CommandTimesFile(path: commandTimes, least: least)
        while true {
            let connection = try await wording { try await SerialEMConnection.connect(host: host, port: port, times: timesFile.times, logger: logger) }
            do {
                let version = try await connection.beginControl(answerWithin: limit)
                return SerialEMMicroscope(
                    host: host, port: port, logger: logger, connection: connection, version: version, timesFile: timesFile)
            } catch {
                await connection.close()
                let waited = clock.now - begin
                guard error.code == .busy, waited < patience else {
                    throw refusedGreeting(error, address: "\(host):\(port)", limit: limit)
                }
                waiting(waited)
                try await Task.sleep(for: .seconds(2), clock: clock)
            }
        }
    }

    public func begin() async throws -> MicroscopeFacts {
        let c = connection
        let version = version
        return try await Self.wording {
            try await c.errorsToLog()
            // A run that died in an exposure could not blank it.
            try await c.setBeamBlank(true)
            // Low Dose areas cannot be gone to, and no image be taken, below a screen that an earlier session left down.
            if try await c.reportScreenIsDown() { try await c.setScreen(down: false) }
            let limit = try await c.reportProperty("ImageShiftLimit")
            let tilt = try await c.reportProperty("MaximumTiltAngle")
            return MicroscopeFacts(
                program: "SerialEM with \(version.commandCount) script commands",
                imageShiftLimit: Micrometers(limit > 0 ? limit : 15), maximumTilt: Degrees(tilt > 0 ? tilt : 70))
        }
    }

    public func check(states: [ImagingStateRequirement]) async throws {
        let c = connection
        for wanted in states {
            let found = try await Self.wording { try await c.imagingStateProperties(wanted.state) }
            guard let found else {
                throw MicroscopeError(
                    .missing, "SerialEM has no imaging state '\(wanted.state)', which \(wanted.key) names; save one or name another.")
            }
            guard (found.type >= 0) == wanted.lowDose else {
                let kind = wanted.lowDose ? "is not a Low Dose state, and must be" : "is a Low Dose state, and must not be"
                throw MicroscopeError(.refused, "Imaging state '\(wanted.state)', which \(wanted.key) names, \(kind).")
            }
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
        let state = try await Self.wording {
            try await c.setDirectory(folder)
            return try await c.reportIfNavOpen()
        }
        if state == .openWithFile {
            if try await Self.wording({ try await c.reportNavFile() }) == path { return }
            try await Self.wording { try await c.saveNavigator() }
        }
        if state == .open {
            // Somebody's items without a file; SerialEM would ask about them in a box that nobody answers.
            try await Self.wording { try await c.saveNavigator(folder + "/unsaved.nav") }
        }
        if state != .closed { try await Self.wording { try await c.closeNavigator() } }
        if fileExists(path) {
            try await Self.wording { try await c.readNavFile(path) }
        } else {
            try await Self.wording { try await c.openNavigator(path) }
        }
    }

    public func cassetteSlot(_ slot: Int) async throws -> CassetteSlot {
        do {
            return try await knownSlot(slot)
        } catch let error as MicroscopeError {
            // A JEOL autoloader knows nothing of its cartridges before it has looked through the cassette.
            guard error.message.contains("inventory") else { throw error }
            let c = connection
            logger.notice("The autoloader takes an inventory of its cassette")
            try await Self.wording { try await c.takeInventory() }
            return try await knownSlot(slot)
        }
    }

    /// What the autoloader says of a slot without moving anything.
    func knownSlot(_ slot: Int) async throws -> CassetteSlot {
        let c = connection
        let status = try await Self.wording { try await c.reportSlotStatus(slot) }
        let name = status.name.flatMap { $0 == "!NONAME!" || $0 == "\\" || $0.isEmpty ? nil : $0 }
        switch status.state {
        case .occupied: return CassetteSlot(place: .cassette, name: name)
        case .onStage: return CassetteSlot(place: .stage, name: name)
        case .unknown: return CassetteSlot(place: .noSuchSlot, name: nil)
        case .empty:
            // A slot that has a name and no cartridge belongs to the cartridge on the stage; newer versions say so outright.
            do {
                return CassetteSlot(place: try await c.reportLoadedSlot() == slot ? .stage : .notInCassette, name: name)
            } catch {
                // Versions before 4.3, and loaders without UTAPI, cannot tell.
                guard error.code == .notSupported || error.code == .commandFailed else { throw Self.worded(error) }
                return CassetteSlot(place: name == nil ? .notInCassette : .stage, name: name)
            }
        }
    }

    public func loadGrid(slot: Int) async throws {
        let c = connection
        try await Self.wording {
            try await c.setBeamBlank(true)
            try await c.setColumnOrGunValve(open: false)
            try await c.loadCartridge(slot)
        }
        guard try await cassetteSlot(slot).place != .cassette else {
            throw MicroscopeError(
                .notAsSet, "Grid \(slot) was sent to the stage, but its slot still reads occupied. Look at the autoloader.")
        }
    }

    public func unloadGrid() async throws {
        let c = connection
        try await Self.wording {
            try await c.setBeamBlank(true)
            try await c.setColumnOrGunValve(open: false)
            try await c.unloadCartridge()
        }
    }

    public func openValves() async throws {
        let c = connection
        try await confirm("Column valves open") {
            try await c.setColumnOrGunValve(open: true)
        } reads: {
            try await c.reportColumnOrGunValve() == .open
        }
    }

    public func use(_ setup: ImagingSetup) async throws -> CameraConditions {
        let c = connection
        try await Self.wording {
            if try await c.reportLowDose().isOn { _ = try await c.setLowDoseMode(false) }
        }
        for state in setup.states {
            let code = try await Self.wording { try await c.goToImagingState(state) }
            guard code == 0 else {
                throw MicroscopeError(.refused, "SerialEM refused imaging state '\(state)': \(Self.imagingStateRefusal(code)).")
            }
        }
        try await confirm("Low Dose \(setup.lowDose ? "on" : "off")") {
            _ = try await c.setLowDoseMode(setup.lowDose)
        } reads: {
            try await c.reportLowDose().isOn == setup.lowDose
        }
        if setup.lowDose { try await goTo(.view) }
        if setup.condenserAperture > 0 { try await setAperture(1, "Condenser 2", size: setup.condenserAperture) }
        if let size = setup.objectiveAperture { try await setAperture(2, "Objective", size: size) }
        return try await Self.wording {
            let camera = try await c.cameraProperties()
            guard let pixelSize = camera.pixelSize else {
                throw MicroscopeError(.missing, "SerialEM does not know the camera's pixel size at this magnification.")
            }
            return CameraConditions(width: camera.width, height: camera.height, pixelSize: pixelSize)
        }
    }

    func goTo(_ area: LowDoseArea) async throws {
        let c = connection
        try await confirm("Low Dose area \(area.letter)") {
            try await c.goToLowDoseArea(area)
        } reads: {
            try await c.reportLowDose().area == area
        }
    }

    private func setAperture(_ number: Int, _ name: String, size: Int) async throws {
        let c = connection
        try await confirm("\(name) aperture \(size) µm") {
            try await c.setApertureSize(number: number, size: size)
        } reads: {
            try await c.reportApertureSize(number: number) == Double(size)
        }
    }

    private static func imagingStateRefusal(_ code: Int) -> String {
        switch code {
        case 1: "no state has this name"
        case 2: "several states match it"
        case 3: "there are fewer states"
        case 4: "a map-acquire state is set; restore it in SerialEM first"
        case 5: "its camera is not available"
        case 6: "it is for another camera"
        default: "code \(code)"
        }
    }
}
