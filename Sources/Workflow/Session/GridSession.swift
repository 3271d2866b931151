import Geometry
import Microscope
import Navigator
import Raster
import Units

/// One grid on its way through the levels: where its files are and what the microscope is set to.
actor GridSession {
    let context: SessionContext
    let slot: Int
    let folder: GridFolder
    /// Level 1's map of the grid, and its image once it was needed.
    var wholeGridPicture: MapPicture?
    var wholeGridImage: Raster<UInt8>?
    /// The lamellae of the grid that are processed, once they are known.
    var lamellae: [FoundLamella] = []
    /// Those that people have taken out of it.
    var removed: [FoundLamella] = []
    private var presentSetup: ImagingSetup?
    /// Why an error left out lamellae in this run, by their names, such as L03.
    private(set) var leftOut: [String: String] = [:]
    /// Those that failed one after the other.
    private var failures = LamellaFailures()
    /// Why the supervisor skips lamellae, by their number.
    private(set) var skipped: [Int: String] = [:]
    /// Those of them that the limit on the dose leaves out.
    private(set) var spared: Set<Int> = []
    /// Those of them that people left out.
    private(set) var dismissed: Set<Int> = []
    /// Why people skip lamellae that were acquired all the same, by their number.
    private(set) var skippedTooLate: [Int: String] = [:]
    /// Areas that were cut short and that this run leaves alone, and why; the next run asks again.
    var areasOfLaterRuns: [String: String] = [:]
    /// Areas whose tilt series were held against the journal in this run.
    var areasCompared: Set<String> = []
    /// The microscope as it reads, and as it would read had the grid not been loaded again.
    nonisolated let bare: any Microscope
    nonisolated let placed: PlacedMicroscope
    /// The time that the grid was brought to the stage last; nil until it is there.
    private(set) var loading: Loading?
    /// What was found out when the grid was loaded again; nil where it was not.
    var realigned: Realignment?
    /// How the grid lay when the targets' files and items were written in this run.
    var placementOfTargets: Placement?
    /// Whether the Low Dose areas were read, or held against what was read, since anybody else may have been at the microscope.
    var geometryIsOfNow = false
    /// Whether people know that SerialEM tells no doses.
    var unknownDosesAreTold = false
    private let bring: @Sendable (WayToStage) async throws -> Loading

    /// - Parameter bring: brings the grid to the stage, and says which loading this is.
    init(
        context: SessionContext, slot: Int, folder: GridFolder, bring: @escaping @Sendable (WayToStage) async throws -> Loading
    ) {
        self.bring = bring
        bare = context.microscope
        placed = PlacedMicroscope(context.microscope)
        self.context = context
        self.slot = slot
        self.folder = folder
    }

    nonisolated var settings: SessionSettings { context.settings }
    nonisolated var microscope: any Microscope { placed }
    nonisolated var engine: Engine { context.engine.asking { [self] doubt in try await ask(doubt) } }

    /// Does something for one lamella; nil if that lamella has to be left out, which is remembered.
    ///
    /// - Parameter work: what is done with all lamellae one after the other, where it is.
    func sparing<T: Sendable>(lamella: String, at work: LamellaFailures.Work? = nil, _ body: @Sendable () async throws -> T) async throws -> T? {
        switch try await ExposureBook.$lamella.withValue(lamella, operation: { try await engine.sparing(lamella: lamella, body) }) {
        case .done(let value):
            if let work { failures.succeeded(lamella, at: work) }
            return value
        case .leftOut(let reason, let cause):
            if cause != .person { leftOut[lamella] = reason }
            guard let work, cause == .error, let row = failures.failed(lamella, at: work, because: reason) else { return nil }
            engine.note(
                .lamellaeFailed(
                    slot: slot, name: folder.grid, row: row, reason: reason,
                    next: "The session goes on with the lamellae that are left; if every one of the grid fails, \(settings.failurePolicy(ofGrid: slot).words)."))
            return nil
        }
    }

    /// - Throws: where every lamella that was tried at some work failed, which is the grid's failure then.
    func requireSuccess(at work: LamellaFailures.Work) throws {
        if let loss = failures.totalLoss(at: work, ofGrid: folder.grid) { throw loss }
    }

    /// Whether the supervisor lets a lamella go on; one that is skipped stays so.
    func mayGoOn(_ number: Int, before work: Checkpoint.LamellaWork) async throws -> Bool {
        guard skipped[number] == nil else { return false }
        // Left out of the acquisition that it is part of, it is still what it was before.
        if work != .acquisition, try await isBeingAcquired(number) { return true }
        let checkpoint = Checkpoint.lamella(slot: slot, number: number, before: work)
        if let reason = try await pass(checkpoint) {
            leaveOut(number, because: reason)
            return false
        }
        guard let reason = try await doseRefusal(number, before: work) else { return true }
        engine.note(.leftOut(checkpoint.subject, reason: reason))
        skipped[number] = reason
        spared.insert(number)
        return false
    }

    /// Which lamellae the limit on the dose left out, in words; nil for none.
    var sparedWords: String? {
        let names = spared.sorted().map { "L\(twoDigits($0))" }
        return names.isEmpty ? nil : "\(names.joined(separator: ", ")) left out by maximum_dose_before_acquisition"
    }

    /// Whether the acquisition of the grid was begun with a lamella.
    private func isBeingAcquired(_ number: Int) async throws -> Bool {
        guard let begun = try await engine.journal.entry(for: .grid(slot, "acquisition")) else { return false }
        return AcquisitionWatch.wasBegun(begun, with: number) ?? false
    }

    /// Leaves out a lamella that is none any more: nobody can take that back as a skip.
    func passBy(_ number: Int, because reason: String) { skipped[number] = reason }

    /// Notes that a lamella was acquired when people skipped it.
    func comesTooLate(_ number: Int, _ reason: String) { skippedTooLate[number] = reason }

    /// Leaves a lamella out for people, who may take that back.
    func leaveOut(_ number: Int, because reason: String) {
        skipped[number] = reason
        dismissed.insert(number)
    }

    /// Has another run of the session go through a lamella again.
    func leaveForLater(_ number: Int, because reason: String) { leftOut["L\(twoDigits(number))"] = reason }

    /// Passes a checkpoint, held by the supervisor or by another in its place; returns the reason where it says to skip.
    func pass(_ checkpoint: Checkpoint, under other: (any Supervisor)? = nil) async throws -> String? {
        let gate = other.map(context.gate.under) ?? context.gate
        let passage = try await gate.pass(checkpoint)
        guard passage.wasMadeSafe else { return passage.skipped }
        if passage.skipped != nil, checkpoint.isOfWholeGrid {
            // Nothing is exposed any more on a grid that is left out; its navigator alone is still needed, to take marks away.
            try await bare.enter(folder: folder.path, navigatorFile: folder.navigator)
        } else {
            // While it was held anybody may have used the microscope.
            try await prepare()
        }
        return passage.skipped
    }

    /// Brings the grid to where its steps begin: on the stage, its navigator open, valves open, and its place known.
    func prepare() async throws {
        presentSetup = nil
        geometryIsOfNow = false
        let loading = try await enter(.asNeeded)
        try await restoreMaps(in: loading)
        do {
            try await findPlace(in: loading)
            // Loaded by the session a moment ago, nobody can have touched it.
            if loading.isFresh { return }
            if try await liesAsBefore() { return }
            presentSetup = nil
            try await findPlace(in: enter(.byOthers))
        } catch let error as WorkflowError where error.code == .lostGrid {
            engine.note(.warning("\(error.message) It is loaded once more."))
            presentSetup = nil
            try await findPlace(in: enter(.anew))
        }
    }

    private func enter(_ way: WayToStage) async throws -> Loading {
        let loading = try await bring(way)
        self.loading = loading
        if loading.mapIsStale { try setAside(folder.inFolder(folder.wholeGridFile)) }
        try await bare.enter(folder: folder.path, navigatorFile: folder.navigator)
        try await bare.openValves()
        return loading
    }

    /// Whether these imaging conditions were set last, and nobody else has been at the microscope since.
    func isSet(to setup: ImagingSetup) -> Bool { presentSetup == setup }

    /// Sets imaging conditions unless they are set already.
    func use(_ setup: ImagingSetup) async throws {
        guard presentSetup != setup else { return }
        presentSetup = nil
        let camera = try await microscope.use(setup)
        presentSetup = setup
        engine.note(
            .note(
                "imaging state \(setup.states.joined(separator: ", ")): camera \(camera.width) x \(camera.height) at \(camera.pixelSize.value) nm/px"))
    }

    nonisolated var wholeGridSetup: ImagingSetup {
        ImagingSetup(
            states: [settings.wholeGridState], lowDose: false, condenserAperture: settings.condenserApertures[0],
            objectiveAperture: settings.controlsObjectiveAperture ? 0 : nil)
    }
    nonisolated var intermediateSetup: ImagingSetup {
        ImagingSetup(
            states: [settings.intermediateState], lowDose: false, condenserAperture: settings.condenserApertures[1],
            objectiveAperture: settings.controlsObjectiveAperture ? 0 : nil)
    }
    nonisolated var mediumSetup: ImagingSetup {
        ImagingSetup(
            states: settings.mediumStates, lowDose: true, condenserAperture: settings.condenserApertures[2],
            objectiveAperture: settings.controlsObjectiveAperture ? settings.objectiveAperture : nil)
    }

    /// Moves the stage where it may go.
    func move(to position: Point<Frame.Stage>, z: Micrometers? = nil) async throws {
        try await microscope.moveStage(to: position, z: z)
    }

    /// The navigator item of a map, by its note.
    func mapItem(note: String) async throws -> NavigatorItem? {
        guard let item = try await microscope.navigator().items.first(where: { $0.note == note && $0.kind == .map }) else { return nil }
        try keep(item)
        return item
    }
}
