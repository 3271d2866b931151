internal import Geometry
internal import ImageFiles
internal import Navigator
internal import Raster
internal import Units

/// What is wrong with one command before it starts.
struct CommandFaults: Sendable {
    /// The text with which it is refused.
    var error: String?
    /// Whether it only says that it did what it was asked to.
    var hasNoEffect = false
    /// Whether STOP is pressed as soon as it runs.
    var stop = false
    /// What happens around SerialEM before it.
    var surroundings: [Fault.Kind] = []
}

extension VirtualMicroscope {
    private func strike(_ occasion: Fault.Occasion) -> [Fault.Kind] {
        guard !faults.isEmpty else { return [] }
        return faults.strike([occasion], command: activity, time: time).map(\.kind)
    }

    /// The image as the camera gave it, or one of zeros; at once, or late.
    func exposedOnDemand(_ image: Raster<UInt16>) async -> Raster<UInt16> {
        let struck = strike(.exposure)
        for case .slowExposure(let seconds) in struck { await sleep(.seconds(seconds)) }
        return struck.contains(.blankImage) ? Raster(width: image.width, height: image.height, filledWith: 0) : image
    }

    /// Whether this piece of a montage is left out.
    func pieceIsMissing() -> Bool { strike(.piece).contains(.missingPiece) }

    /// Where the stage ends that is sent to a place.
    func shortenedOnDemand(_ target: Point<Frame.Stage>) -> Point<Frame.Stage> {
        var end = target
        for case .stageShort(let distance) in strike(.move) {
            let way = end - stage.position
            let part = distance >= way.length ? 0 : 1 - distance / way.length
            end = stage.position + Vector(dx: way.dx * part, dy: way.dy * part)
        }
        return end
    }

    /// Fails if the autoloader jams now; the cartridge stays where it was.
    func jamOnDemand(_ cartridge: String) async throws {
        guard strike(.cartridge).contains(.jam) else { return }
        await wait(Seconds(60))
        throw TaskFailure("The autoloader has jammed: \(cartridge) did not move.")
    }

    /// By how much a cartridge that reaches the stage now lies farther off than it would.
    func displacementOnDemand() -> Cassette.Displacement? {
        for case .displaced(let distance, let turn) in strike(.seat) {
            return Cassette.Displacement(micrometers: distance, degrees: turn)
        }
        return nil
    }

    /// Lets air into the column if it is to leak now: where a cartridge or a refill has moved something, the valve opens, or the
    /// column is in use for an exposure.
    func leakOnDemand() {
        for case .vacuum(let severity, let seconds) in strike(.gas) {
            let state: Vacuum.State = severity == 2 ? .bad : .pumping
            column.vacuum.openLeak(state, at: clock.elapsed, seconds: seconds)
            guard state == .bad, column.valveIsOpen else { continue }
            column.valveIsOpen = false
            note("The column valve has closed: the vacuum is bad.")
        }
    }

    /// What somebody does to the microscope, or it does by itself, before a command.
    func change(_ surroundings: Fault.Kind) {
        switch surroundings {
        case .closedValve: column.valveIsOpen = false
        case .reloaded: reloadByHand()
        case .refill(let seconds): column.dewars.beginRefill(at: clock.elapsed, seconds: seconds)
        case .lowDisk(let room, let seconds): lowDisk = (room, clock.elapsed + seconds)
        default: break
        }
    }

    /// Fails if an image is to find the disk full, or there is no room left.
    func fillDiskOnDemand(_ path: String) throws {
        let hasNoRoom = lowDisk.map { $0.megabytes <= 0 && clock.elapsed < $0.until } ?? false
        guard strike(.imageFile).contains(.diskFull) || hasNoRoom else { return }
        throw CommandFailure("An error occurred writing the image to \(path): there is not enough space on the disk.")
    }

    /// SerialEM ends without saving and is started again: what it had in memory is lost, what is in the column stays.
    public func crash() {
        control = .idle
        stopIsPending = false
        openFaultDialog?.close()
        openFaultDialog = nil
        presentDialog = nil
        buffers = Array(repeating: nil, count: buffers.count)
        fftWindow = nil
        openFiles = []
        currentFile = nil
        montageSet = .record
        montageSetForNext = nil
        directory = configuration.folder
        persistentVariables = [:]
        periodVariables = [:]
        messageBoxesAreOff = false
        tryLevel = 0
        fileOverwriteIsAllowed = false
        acquireAtEnd = false
        acquisitionIsPending = false
        log = []
        let times = script.customTimes
        script = ScriptState()
        script.customTimes = times
        frames = FrameSaving(folder: "\(configuration.folder)/frames")
        shownBuffer = 0
        lastMontageSize = (2, 2)
        gridMapLimits = nil
        cameraMatrixBinning = 0
        column.lowDoseIsOn = false
        column.area = nil
        column.areas = Column().areas
        column.sets = Column().sets
        restoreNavigator()
    }

    /// The Navigator comes back as it was saved last; one that was never saved is gone.
    private func restoreNavigator() {
        selectedItem = 0
        items = []
        if let path = navigatorPath, let file = try? NavigatorFile.read(path) {
            items = file.items
        } else {
            navigatorIsOpen = false
            navigatorPath = nil
        }
        navigator = NavigatorState()
    }
}
