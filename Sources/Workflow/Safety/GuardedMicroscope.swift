import Foundation
import Geometry
import Microscope
import Navigator
import Units

/// A microscope that is looked at before everything that exposes or moves: while it is not well the session waits here, and
/// goes on where it was.
///
///     look ── well ──────────────────────────────────────► do it ──► look again: an image taken meanwhile is taken anew
///      ▲  └── not well ──► remedy, or let time pass ──┐               where that harms nothing
///      └──────────────────────────────────────────────┘  (for `interlock_hours` at most; made safe after a while)
///
/// A step of many commands is looked after at each that sets something or exposes, where the last look is older than ``period``.
/// While SerialEM works on one command it takes no other, from nobody (its server answers one request at a time, and a client
/// cannot interrupt it): during a montage, a load or a rough eucentricity nothing can be seen or stopped from here. What was
/// the matter then is seen when the command has ended.
actor GuardedMicroscope {
    let base: any Microscope
    let settings: SafetySettings
    let stageLimit: Micrometers
    let report: @Sendable (RunEvent) -> Void
    let rules: InterlockRules
    private let stopped: @Sendable () async -> String?
    let unbroken: Unbroken
    private var valvesShouldBeOpen = false
    private var isTold: Set<Interlock> = []
    private(set) var setup: ImagingSetup?
    private var position: StageLocation?
    private(set) var folder = ""
    private(set) var facts: MicroscopeFacts?

    /// How old the last look may be in the middle of a step, and how often is looked while the session is held.
    let period: Duration
    private var lastLook: ContinuousClock.Instant?
    /// The step that is under way, if it is one to look after.
    private var step: String?
    private var stepMayBeCut = true
    private var isClearing = false
    /// Whether the step has exposed, and the beam was seen to be lost after that.
    private var stepHasExposed = false
    private var wasLeftAlone = false
    /// What was cut last after a long wait and has not been done since: a trouble that comes each time before the same, or while it is
    /// done, must not keep the session there for ever.
    private var cut: String?
    private var stepIsSpoilt = false

    /// After how long the session looks again.
    private static let interval = Seconds(10)
    /// How long it waits before the microscope is made safe, in seconds.
    private static let patience = 60.0
    /// The same for what passes by itself, as the pumping after a cartridge was moved; then a person is told of it too. Whoever waited
    /// as long looks how the grid lies.
    private static let tolerance = 1200.0

    /// - Parameters:
    ///   - unbroken: told while SerialEM acquires by itself.
    ///   - stopped: why a person ends the session, if one does.
    init(
        _ base: any Microscope, settings: SafetySettings, stageLimit: Micrometers, period: Duration = .seconds(30), unbroken: Unbroken = Unbroken(), stopped: @escaping @Sendable () async -> String? = { nil },
        report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.base = base
        self.period = period
        self.stopped = stopped
        self.unbroken = unbroken
        self.settings = settings
        self.stageLimit = stageLimit
        self.report = report
        rules = InterlockRules(settings: settings)
    }

    /// Whether a step that had exposed before waited so long, since that was asked last, that anybody may have used the microscope.
    func takeLeftAlone() -> Bool {
        defer { wasLeftAlone = false }
        return wasLeftAlone
    }

    /// After a wait so long that anybody may have used the microscope, as who mends what was in the way: what has exposed, or was cut so
    /// just before, is taken to its end, and then it is looked; anything else is cut.
    private func afterWait(of seconds: Double, before what: String, mayCut: Bool = true) throws {
        guard seconds >= Self.tolerance else { return }
        guard mayCut, step == nil || !stepHasExposed, cut != what else {
            wasLeftAlone = true
            return
        }
        cut = what
        throw WorkflowError.leftAlone(what)
    }

    func note(valvesAreOpen: Bool) { valvesShouldBeOpen = valvesAreOpen }
    func note(setup: ImagingSetup?) { self.setup = setup }
    func note(folder: String) { self.folder = folder }
    /// Another grid: nothing of what was set has to be brought back.
    func noteNothing() {
        valvesShouldBeOpen = false
        setup = nil
        position = nil
    }
    func note(facts: MicroscopeFacts) { self.facts = facts }
    func note(position: Point<Frame.Stage>, z: Micrometers?) { self.position = StageLocation(point: position, z: z ?? self.position?.z ?? .zero) }

    /// What of the interlocks the microscope itself tells.
    var watched: Set<Interlock> { Set(settings.interlocks).subtracting([.disk]) }

    /// Waits until nothing is in the way of a step.
    ///
    /// - Throws: ``WorkflowError`` where that takes longer than `interlock_hours`.
    ///
    /// - Parameters:
    ///   - slot: of the grid that is going to be moved.
    ///   - wasMadeSafe: whether the session made the microscope safe before, as while it waited for room; it is brought back.
    ///   - mayCut: whether a long wait may cut what follows.
    func clear(for what: String, taking duration: Seconds = Seconds(300), moving slot: Int? = nil, wasMadeSafe: Bool = false, mayCut: Bool = true) async throws {
        guard !watched.isEmpty || wasMadeSafe else { return }
        isClearing = true
        defer { isClearing = false }
        var wait = Wait(wasMadeSafe: wasMadeSafe, hasClosedValves: wasMadeSafe && settings.measures.contains(.valves))
        defer { if wait.first != nil { report(.delayOver) } }
        while let obstacle = try await obstacle(duration: duration, moving: slot, opened: wait.hasOpenedValves, closed: wait.hasClosedValves) {
            try await requireGoingOn()
            tell(obstacle, before: what, &wait)
            guard wait.time < settings.hours * 3600 else {
                throw WorkflowError.incomplete(
                    "\(Self.capitalized(obstacle.text)) for \(settings.hours) hours, the limit of interlock_hours; put it right, then run again.")
            }
            if wait.time >= (obstacle.isAlarming ? Self.patience : Self.tolerance), !wait.wasMadeSafe {
                // Whether somebody opens the valves could not be seen of valves that the session closed.
                let measures = settings.measures.filter { $0 != .valves || obstacle.interlock != .valves }
                await becomeSafe(measures)
                wait.hasClosedValves = measures.contains(.valves)
                wait.wasMadeSafe = true
            }
            try await pass(obstacle, &wait)
        }
        if wait.wasMadeSafe { try await restore() }
        if let first = wait.first { report(.cleared("\(Self.capitalized(first.text)): over; the session goes on with: \(what)")) }
        try afterWait(of: wait.time, before: what, mayCut: mayCut)
        // Bringing it back takes a while, in which anything may have happened, too.
        if wait.wasMadeSafe { try await clear(for: what, taking: duration, moving: slot, mayCut: mayCut) }
    }

    /// Does a step that is looked after in its middle too.
    ///
    /// - Parameter mayCut: whether a long wait may cut it.
    func watching<T: Sendable>(_ what: String, mayCut: Bool = true, _ body: @Sendable () async throws -> T) async throws -> T {
        step = what
        stepMayBeCut = mayCut
        stepHasExposed = false
        stepIsSpoilt = false
        defer { step = nil }
        return try await body()
    }

    /// Looks in the middle of a step, unless that was done a moment ago, and waits there until nothing is in the way. Dewars
    /// that will be filled soon are a matter of the next step.
    func lookWhereOld(exposes: Bool) async throws {
        guard let step, !isClearing else { return }
        if lastLook.map({ ContinuousClock.now - $0 >= period }) ?? true { try await clear(for: step, taking: .zero, mayCut: stepMayBeCut) }
        if exposes { stepHasExposed = true }
    }

    /// How a wait stands.
    private struct Wait {
        var first: Obstacle?
        var isAlarmed = false
        var hasOpenedValves = false
        var wasMadeSafe = false
        /// Of its own accord.
        var hasClosedValves = false
        /// Seconds, as far as is known.
        var time = 0.0

        init(wasMadeSafe: Bool, hasClosedValves: Bool) { (self.wasMadeSafe, self.hasClosedValves) = (wasMadeSafe, hasClosedValves) }
    }

    /// Whoever waits for hours has to hear a stop.
    private func requireGoingOn() async throws {
        try Task.checkCancellation()
        if let reason = await stopped() { throw WorkflowError.stopped(reason) }
    }

    private func obstacle(duration: Seconds, moving slot: Int?, opened: Bool, closed: Bool) async throws -> Obstacle? {
        let condition: MicroscopeCondition
        do {
            condition = try await base.condition(of: watched)
        } catch let error as MicroscopeError where error.code == .refused {
            return Obstacle(
                interlock: .vacuum, text: "SerialEM no longer tells how the microscope is: \(error.message)", remedy: .wait, isAlarming: true)
        }
        lastLook = .now
        // A wait in the middle of a step must not hide what became of the images before it.
        if step != nil, stepHasExposed, InterlockRules.spoils(condition) { stepIsSpoilt = true }
        for (interlock, reason) in condition.untold where isTold.insert(interlock).inserted {
            report(.note("this microscope does not tell of '\(interlock.rawValue)', which is not watched: \(reason)"))
        }
        // Valves that the session itself closed while it waited are opened when all else is well.
        let found = rules.obstacle(condition, stepTakes: duration, valvesShouldBeOpen: valvesShouldBeOpen && !closed)
        if found == nil, let slot, watched.contains(.autoloader), let text = try await base.autoloaderObstacle(moving: slot) {
            return Obstacle(interlock: .autoloader, text: text, remedy: .wait, isAlarming: true)
        }
        guard let found, found.remedy == .openValves, opened else { return found }
        // Somebody closes them again: somebody wants them closed.
        return Obstacle(interlock: .valves, text: "the column valves are closed again and again; open them", remedy: .wait, isAlarming: true)
    }

    private func tell(_ obstacle: Obstacle, before what: String, _ wait: inout Wait) {
        let text = "\(obstacle.text); the session waits with: \(what)"
        if wait.first == nil {
            wait.first = obstacle
            report(.delayed(obstacle.text))
            if !obstacle.isAlarming { report(.note(text)) }
        }
        guard !wait.isAlarmed, obstacle.isAlarming || wait.time >= Self.tolerance else { return }
        wait.isAlarmed = true
        report(.obstructed(GuardedMicroscope.capitalized(text) + ".", next: next))
    }

    /// Does what ends an obstacle, or lets some time pass.
    private func pass(_ obstacle: Obstacle, _ wait: inout Wait) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        switch obstacle.remedy {
        case .refill:
            try await base.refill()
            // A program whose settings fill nothing comes back at once.
            try await base.wait(Self.interval)
        case .openValves:
            wait.hasOpenedValves = true
            _ = try await tryToOpenValves()
        case .wait: try await base.wait(Self.interval)
        }
        report(.waiting("\(obstacle.text)"))
        // The time of a simulated microscope passes faster than that of the clock.
        wait.time += max((clock.now - begin) / .seconds(1), Self.interval.value)
    }

    /// Not cancelled with the session: it ends by the deadlines of its commands.
    private func becomeSafe(_ measures: [SafetyMeasure]) async {
        let base = base
        let state = await Task { await base.makeSafe(measures) }.value
        for failure in state.failures { report(.warning(failure)) }
        if !state.reached.isEmpty { report(.note("while it waits, the microscope has \(state.reached.joined(separator: ", "))")) }
    }

    /// Opens the valves; false where the vacuum went bad over it, which is then waited for.
    func tryToOpenValves() async throws -> Bool {
        do {
            try await base.openValves()
            return true
        } catch let error as MicroscopeError where error.code == .refused || error.code == .notAsSet {
            guard try await base.condition(of: watched).vacuum == .bad else { throw error }
            return false
        }
    }

    /// Brings back what the session had set before it was made safe.
    private func restore() async throws {
        if valvesShouldBeOpen { try await base.openValves() }
        if let setup { _ = try await base.use(setup) }
        if let position { try await base.moveStage(to: position.point, z: position.z == .zero ? nil : position.z) }
    }

    /// What is done about an image in the middle of which the beam was lost.
    enum WhenDark: Sendable {
        /// It is taken again, after what came of the first attempt was taken away: it harms nothing.
        case takenAgain(discarding: @Sendable () async throws -> Void = {})
        /// People are told.
        case told
        /// People, or the settings, say what becomes of it: ``WorkflowError/Code/dark`` is thrown.
        case asked
    }

    /// Does something that exposes; what was taken while the microscope was not well is taken again where that harms nothing.
    ///
    /// - Parameters:
    ///   - purpose: what it is in the book of exposures; nil where its file tells the dose.
    ///   - dark: what is done where the beam was lost meanwhile.
    func exposing<T: Sendable>(
        _ what: String, taking duration: Seconds, for purpose: ExposureBook.Purpose? = nil, whenDark dark: WhenDark, _ body: @Sendable () async throws -> T
    ) async throws -> T {
        for attempt in 1 ... 3 {
            try await clear(for: what, taking: duration)
            let book = ExposureBook(folder: folder, grid: URL(fileURLWithPath: folder).lastPathComponent)
            let exposure = try purpose.flatMap { try book.begin($0) }
            let result: Result<T, any Error>
            do {
                result = .success(try await watching(what, body))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                result = .failure(error)
            }
            let runs = await base.exposuresSinceAsked()
            if let purpose { try book.append(runs, for: purpose, of: exposure) }
            // Nothing was exposed; the valves are closed where room was waited for in vain.
            if case .failure(let error as WorkflowError) = result, [.noRoom, .leftAlone].contains(error.code) { throw error }
            // Who does not answer is not asked how it is.
            if case .failure(let error as MicroscopeError) = result, [.lost, .stalled, .unreachable].contains(error.code) { throw error }
            guard !watched.isEmpty else { return try result.get() }
            let isDark = try await beamIsLost()
            guard isDark || stepIsSpoilt else {
                if cut == what { cut = nil }
                return try result.get()
            }
            // What failed has its own reason.
            if case .asked = dark, case .success = result { throw WorkflowError.dark(what) }
            guard case .takenAgain(let discard) = dark, attempt < 3 else {
                report(
                    .obstructed(
                        "\(what): the beam was lost meanwhile, and what was taken may be dark.",
                        next: "It is not taken again, to spare the dose, and the session goes on; look at the image."))
                report(.cleared("\(what) is not taken again"))
                return try result.get()
            }
            report(.warning("\(what): the beam was lost meanwhile; it is taken again when the microscope is well"))
            try await discard()
        }
        // The last attempt returned or threw.
        throw WorkflowError.incomplete("\(what) was lost three times; look at the vacuum and the valves, then run again.")
    }

    /// Whether the beam is seen to be lost. What is refused now is waited for before the next step.
    private func beamIsLost() async throws -> Bool {
        do {
            return try await InterlockRules.spoils(base.condition(of: watched))
        } catch let error as MicroscopeError where error.code == .refused {
            return false
        }
    }

    /// Does something that needs room on the disk, and waits until there is.
    func withRoom<T: Sendable>(_ what: String, _ body: @Sendable (_ reserve: Double?) async throws -> T) async throws -> T {
        let reserve = settings.interlocks.contains(.disk) ? settings.diskReserve : nil
        var waited = 0.0
        var wasMadeSafe = false
        func tellOfRoom() { if waited > 0 { report(.cleared("There is room on the disk again; the session goes on with: \(what)")) } }
        defer { if waited > 0 { report(.delayOver) } }
        while true {
            do {
                let result = try await body(reserve)
                tellOfRoom()
                return result
            } catch let lack as NotEnoughSpace {
                if waited == 0 {
                    report(.delayed(lack.description))
                    report(.obstructed("\(lack.description) The session waits with: \(what).", next: next))
                }
                repeat {
                    guard waited < settings.hours * 3600 else { throw WorkflowError.noRoom("\(lack.description) Free space, then run again.") }
                    try await requireGoingOn()
                    if waited >= Self.patience, !wasMadeSafe {
                        wasMadeSafe = true
                        await becomeSafe(settings.measures)
                    }
                    try await base.wait(Self.interval)
                    report(.waiting("no room on the disk"))
                    waited += Self.interval.value
                } while try await base.freeSpace(in: folder) < lack.needed
                // Anything may have happened meanwhile; the valves that the session closed are no trouble of the microscope.
                try await clear(for: what, wasMadeSafe: wasMadeSafe)
                wasMadeSafe = false
                do {
                    try afterWait(of: waited, before: what)
                } catch {
                    tellOfRoom()
                    throw error
                }
            }
        }
    }

    private var next: String { "It looks again every \(Int(clamped(Self.interval.value))) s and goes on by itself, or stops after \(settings.hours) hours." }

    static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
