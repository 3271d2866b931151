import Logging
public import Microscope
import SerialEMClient
public import Units

/// The microscope's own well-being, and the state in which it may be left alone.
extension SerialEMMicroscope {
    public func watch(_ look: @escaping @Sendable (_ exposes: Bool) async throws -> Void) { self.look = look }

    public func condition(of interlocks: Set<Interlock>) async throws -> MicroscopeCondition {
        let c = connection
        var found = MicroscopeCondition()
        if interlocks.contains(.vacuum) {
            switch try await told("vacuum", { try await c.reportVacuumStatus() }, orNot: .vacuum) {
            case .ready?: found.vacuum = .ready
            case .pumping?: found.vacuum = .pumping
            case .bad?: found.vacuum = .bad
            case nil: break
            }
        }
        if interlocks.contains(.valves) {
            found.valvesAreOpen = try await told("valves", { try await c.reportColumnOrGunValve() != .closed }, orNot: .valves)
        }
        if interlocks.contains(.dewars) {
            found.dewarsAreFilling = try await told("dewars", { try await c.areDewarsFilling() }, orNot: .dewars)
            // Some tell that a refill runs and not when the next one comes.
            let next = found.dewarsAreFilling == false ? try await told("refill", { try await c.dewarsRemainingTime() }) : nil
            if case .within(let time)? = next { found.timeToRefill = time }
        }
        if interlocks.contains(.stage) {
            found.stageIsBusy = try await told("stage", { try await c.reportStageBusy() }, orNot: .stage)
        }
        if interlocks.contains(.beam) {
            // Thermo tells the current of a gun that can be flashed, JEOL whether it emits; many guns tell neither.
            found.beamCurrent = try await told("current", { try await c.reportFEGBeamCurrent() })
            if found.beamCurrent != nil {
                untold[.beam] = nil
            } else {
                found.gunEmits = try await told("emission", { try await c.reportFEGEmissionState() }, orNot: .beam)
            }
        }
        found.untold = untold.filter { interlocks.contains($0.key) }
        return found
    }

    /// A reading; nil where it was refused several times in a row, as by a microscope that does not have it. It is asked for again later, and
    /// guards as any other from when it was told. What was told before and is refused now is trouble, not a lack.
    ///
    /// - Parameter interlock: what cannot be watched without it.
    func told<T: Sendable>(
        _ name: String, _ body: @Sendable () async throws -> T, orNot interlock: Interlock? = nil
    ) async throws -> T? {
        let clock = ContinuousClock()
        let refused = refusedReadings[name]
        if let refused, clock.now < refused.next { return nil }
        var refusals = 0
        while true {
            do {
                let value = try await body()
                toldReadings.insert(name)
                refusedReadings[name] = nil
                if let interlock { untold[interlock] = nil }
                return value
            } catch let error as SerialEMError {
                guard error.code == .notSupported || (error.code == .commandFailed && !toldReadings.contains(name)) else { throw Self.worded(error) }
                refusals += 1
                // What this version of SerialEM has no command for, and what was lacking before, is not asked for at once again.
                guard error.code == .notSupported || refused != nil || refusals == RefusedReading.tries else {
                    try await Task.sleep(for: RefusedReading.pause, clock: clock)
                    continue
                }
                let wait = refused.map { min($0.wait * 2, RefusedReading.longest) } ?? RefusedReading.shortest
                refusedReadings[name] = RefusedReading(next: clock.now + wait / pace, wait: wait)
                if let interlock { untold[interlock] = error.reportedText ?? error.message }
                return nil
            }
        }
    }

    public func refill() async throws {
        let c = connection
        try await Self.wording { try await c.manageDewarsAndPumps() }
    }

    public func wait(_ time: Seconds) async throws {
        let c = connection
        try await Self.wording { try await c.delay(time) }
    }

    public func freeSpace(in folder: String) async throws -> Double {
        let c = connection
        return try await Self.wording { try await c.reportFreeDiskSpace(folder) * 1_048_576 }
    }

    /// Looks whether the pieces that a montage lacks have room. If not, the empty file of one that has none yet is taken away;
    /// one that was begun stays open, for with its file SerialEM would forget how to go on.
    func requireSpace(for request: MontageRequest, pieces: Int, set: String, isBegun: Bool = false) async throws {
        guard let reserve = request.reserve else { return }
        let c = connection
        let folder = folder
        let (free, bytes): (Double, Double)
        do {
            (free, bytes) = try await Self.wording {
                let camera = try await c.cameraProperties()
                let binning = max(1, try await c.reportBinning(set))
                let frame = (Double(camera.width) / binning).rounded() * (Double(camera.height) / binning).rounded()
                return (try await c.reportFreeDiskSpace(folder) * 1_048_576, Double(pieces) * frame * 2)
            }
        } catch let error as MicroscopeError where error.code == .refused {
            // Old versions cannot tell; the session says so once.
            untold[.disk] = error.message
            return
        }
        guard free < bytes + reserve else { return }
        if !isBegun {
            try await closeCurrent(folder + "/" + request.file)
            try removeEmptyFile(folder + "/" + request.file)
        }
        throw NotEnoughSpace(file: request.file, needed: bytes + reserve, free: free)
    }

    public func makeSafe(_ measures: [SafetyMeasure]) async -> SafeState {
        var reached: [String] = []
        var failures: [String] = []
        do {
            try await openAgain()
        } catch {
            return SafeState(reached: [], failures: ["SerialEM cannot be reached to make the microscope safe: \(error.message)"])
        }
        for measure in SafetyMeasure.allCases where measures.contains(measure) {
            do {
                reached.append(try await take(measure))
            } catch {
                failures.append("\(Self.words(measure)) failed: \((error as? MicroscopeError)?.message ?? "\(error)")")
            }
        }
        return SafeState(reached: reached, failures: failures)
    }

    private static func words(_ measure: SafetyMeasure) -> String {
        switch measure {
        case .beam: "blanking the beam"
        case .tilt: "tilting the stage to 0"
        case .valves: "closing the column valves"
        case .screen: "lowering the screen"
        }
    }

    /// Sets one thing and reads it back, once more where it does not read as it was set; says what holds then.
    private func take(_ measure: SafetyMeasure) async throws -> String {
        let c = connection
        switch measure {
        case .beam:
            // SerialEM has no command that reads the blanker back.
            try await Self.wording { try await c.setBeamBlank(true) }
            return "beam blanked"
        case .tilt:
            try await confirm("The stage at 0 degrees") {
                try await c.tiltTo(Degrees(0))
            } reads: {
                try await c.reportTiltAngle().magnitude.value < 0.5
            }
            return "stage at 0 degrees"
        case .valves:
            try await setValves(open: false)
            return "column valves closed"
        case .screen:
            try await confirm("The screen down") {
                try await c.setScreen(down: true)
            } reads: {
                try await c.reportScreenIsDown()
            }
            return "screen down"
        }
    }
}

/// A reading that the microscope does not tell.
struct RefusedReading {
    /// When it is asked for again.
    let next: ContinuousClock.Instant
    /// How long that is, on a real microscope.
    let wait: Duration

    /// Refused so often in a row, with a pause between, it is lacking: SerialEM fails in a command now and then.
    static let tries = 3
    static let pause: Duration = .milliseconds(300)
    /// A trouble that lasts for seconds is over by then; each wait is twice the one before.
    static let shortest: Duration = .seconds(60)
    static let longest: Duration = .seconds(600)
}
