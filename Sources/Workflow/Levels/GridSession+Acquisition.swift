import Foundation
import ImageFiles
import Microscope
import Navigator
import Targets

/// What was acquired of one target.
struct AcquiredTarget: Codable, Sendable, Hashable {
    let area: String
    let target: Int
    let seriesFile: String
    /// Images of the tilt series; 0 where there is no file.
    let images: Int
    /// Whether its area was finished with all tilts of the series; nil in journals of earlier builds, which did not ask.
    let isWhole: Bool?

    var isAcquired: Bool { isWhole ?? (images > 1) }
}

/// Level 5: Acquire at Items runs PACEtomo; what it acquired is read from its files.
extension GridSession {
    private struct Input: Encodable, Sendable {
        let areas: [TargetedLamella.Area]
        let script: Int
    }

    func acquire(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        if try await pass(.acquisition(slot: slot)) != nil { return try await acquiredEarlier(lamellae) }
        // While it was held the grid may have been taken off the stage and brought back.
        if await placed.placement != placementOfTargets { try await writeTargets(of: lamellae) }
        // And anybody may have changed Low Dose.
        try await checkGeometry(before: [])
        let areas = lamellae.flatMap { $0.targeted?.areas ?? [] }
        guard !areas.isEmpty else {
            engine.note(.warning("grid \(folder.grid) has no targets; nothing is acquired"))
            return []
        }
        let script = settings.scriptNumbers[2]
        let step = Step<Input, [AcquiredTarget]>(
            exposing: .grid(slot, "acquisition"), title: "Acquire \(areas.reduce(0) { $0 + $1.targets }) targets of grid \(folder.grid)",
            input: Input(areas: areas, script: script)
        ) { [self] in
            evidence(of: areas) { [self] in try await acquireWhatIsLeft(areas, script: script) }
        } takenAsDone: { [self] in
            try whatWasAcquired(of: areas)
        } perform: { [self] in
            try await acquireWhatIsLeft(areas, script: script)
        }
        let targets = try await engine.run(step)
        let missing = targets.filter { !$0.isAcquired }
        if !missing.isEmpty {
            engine.note(.warning("\(missing.count) of \(targets.count) targets were not acquired to the end; see \(folder.grid)_acquisition.json"))
        }
        try writeRecord(targets)
        return targets
    }

    /// What PACEtomo's files say of an acquisition that an earlier run began; SerialEM has given control back since.
    private nonisolated func evidence(
        of areas: [TargetedLamella.Area], rest: @escaping @Sendable () async throws -> [AcquiredTarget]
    ) -> Step<Input, [AcquiredTarget]>.Evidence {
        let states = areas.map { run(of: $0).state }
        let finished = states.count { $0 == .finished }
        if finished == areas.count { return .happened(acquired(areas)) }
        if states.allSatisfy({ $0 == .notBegun }) { return .didNotHappen }
        let words = "\(finished) of \(areas.count) areas are finished, by their run files"
        guard states.contains(.unfinished) else { return .partly("\(words); the others were not begun", finish: rest) }
        let begun = zip(areas, states).filter { $0.1 == .unfinished }.map(\.0.name)
        return .unknown(
            "\(words), and \(begun.joined(separator: ", ")) was begun; Acquire at Items may finish the marked items in SerialEM",
            evidence: areas.map(known))
    }

    /// What files say of an area.
    private nonisolated func known(_ area: TargetedLamella.Area) -> String {
        let run = run(of: area)
        let series = acquired([area])
        let there = series.filter { $0.images > 0 }.map { "\($0.seriesFile) with \($0.images) images" }
        let file = run.runFile.map { "the newest run file is \($0)" } ?? "there is no run file"
        return "\(area.name): \(file), and of \(series.count) tilt series there are \(there.isEmpty ? "none" : there.joined(separator: ", "))"
    }

    /// What lies on disk, where a person says that it is all there is to acquire.
    private nonisolated func whatWasAcquired(of areas: [TargetedLamella.Area]) throws -> [AcquiredTarget] {
        let empty = areas.filter { area in acquired([area]).allSatisfy { $0.images == 0 } }.map(\.name)
        guard empty.isEmpty else {
            throw WorkflowError.refused("\(empty.joined(separator: ", ")) \(empty.count == 1 ? "has" : "have") no tilt series that can be read")
        }
        return acquired(areas)
    }

    /// Acquire at Items over the areas that are not finished.
    private func acquireWhatIsLeft(_ areas: [TargetedLamella.Area], script: Int) async throws -> [AcquiredTarget] {
        let limit = Duration.seconds(settings.acquisitionHours * 3600)
        for area in areas where run(of: area).state == .unfinished { try setAsideSeries(of: area) }
        try await mark(areas)
        try await noteExposureTimes()
        try await microscope.startAcquisition(script: script)
        let listener = AcquisitionListener()
        let end = try await microscope.awaitControl(within: limit) { [self] waited, sign in
            report(areas, after: waited)
            switch listener.hear(sign, after: waited, written: { newestFile() }) {
            case .trouble(let words):
                engine.note(.obstructed("Grid \(folder.grid): \(words).", next: "The session waits for the acquisition, for \(settings.acquisitionHours) hours at most."))
            case .over(let words): engine.note(.cleared("Grid \(folder.grid): \(words)"))
            case nil: break
            }
        }
        guard end != .restarted else {
            throw MicroscopeError(
                .lost, "SerialEM ended while Acquire at Items ran, and was started again. What is finished is read from PACEtomo's files.")
        }
        guard end == .finished else {
            throw WorkflowError.incomplete("Acquire at Items is paused in SerialEM; resume or end it there, then run again.")
        }
        engine.note(.progress(phase: "\(folder.grid), acquiring", done: 1, total: 1))
        try requireAllFinished(areas)
        return acquired(areas)
    }

    /// SerialEM at rest may have been stopped by somebody, or have given up an item.
    private func requireAllFinished(_ areas: [TargetedLamella.Area]) throws {
        let states = areas.map { (name: $0.name, state: run(of: $0).state) }
        let notBegun = states.filter { $0.state == .notBegun }.map(\.name)
        let cut = states.filter { $0.state == .unfinished }.map(\.name)
        guard !notBegun.isEmpty || !cut.isEmpty else { return }
        try writeRecord(acquired(areas))
        let parts = [
            cut.isEmpty ? nil : "\(cut.joined(separator: ", ")) \(cut.count == 1 ? "was" : "were") cut short",
            notBegun.isEmpty ? nil : "\(notBegun.joined(separator: ", ")) \(notBegun.count == 1 ? "was" : "were") not begun",
        ]
        throw WorkflowError.cutAcquisition(
            "Acquire at Items ended on grid \(folder.grid) before all targets were done: "
                + "\(parts.compactMap(\.self).joined(separator: ", and ")); \(folder.grid)_acquisition.json has the rest.")
    }

    /// Marks exactly the areas that are not finished: the Navigator of a SerialEM that ended comes back as it was saved last,
    /// with the marks that Acquire at Items had taken off since.
    private func mark(_ areas: [TargetedLamella.Area]) async throws {
        var wanted: [String: Bool] = [:]
        for area in areas { wanted[AreaNames(area: area.name).targetsFile] = run(of: area).state != .finished }
        let marks = wanted
        let isWrong = { @Sendable (item: NavigatorItem) in marks[item.note].map { $0 != item.acquire } ?? false }
        guard try await microscope.navigator().items.contains(where: isWrong) else { return }
        _ = try await microscope.editNavigator { file in
            for index in file.items.indices where isWrong(file.items[index]) { file.items[index].acquire.toggle() }
        }
    }

    /// Keeps what an acquisition left that was cut short, where the settings let it be done again: PACEtomo would ask a person
    /// about its run file.
    private nonisolated func setAsideSeries(of area: TargetedLamella.Area) throws {
        let names = AreaNames(area: area.name)
        let stem = String(names.targetsFile.dropLast(4)) + "_run"
        let manager = FileManager.default
        for file in try manager.contentsOfDirectory(atPath: folder.path)
        where file.hasPrefix(stem) && file.hasSuffix(".txt") && !file.contains("_old") {
            try manager.moveItem(atPath: folder.inFolder(file), toPath: folder.inFolder(unused(String(file.dropLast(4)), ".txt")))
        }
        for number in 1 ... max(1, area.targets) { try setAside(folder.inFolder(names.seriesFile(number))) }
    }

    private nonisolated func unused(_ stem: String, _ suffix: String) -> String {
        var k = 1
        while FileManager.default.fileExists(atPath: folder.inFolder("\(stem)_old\(k)\(suffix)")) { k += 1 }
        return "\(stem)_old\(k)\(suffix)"
    }

    /// The lamellae that go on to targets. Before an acquisition, those that are skipped lose their marks in the navigator;
    /// once it has begun, it is PACEtomo's.
    func withoutSkipped(_ lamellae: [AnalysedLamella]) async throws -> [AnalysedLamella] {
        guard settings.automationLevel >= 4, try await !engine.wasBegun(.grid(slot, "acquisition")) else { return lamellae }
        var kept: [AnalysedLamella] = []
        for lamella in lamellae {
            if try await mayGoOn(lamella.map.number, before: .acquisition) { kept.append(lamella) }
        }
        try await unmark(Array(skipped.keys))
        return kept
    }

    /// Takes away the marks for acquisition that an earlier run gave to lamellae.
    func unmark(_ numbers: [Int]) async throws {
        let prefixes = numbers.map { folder.lamella($0) + "_" }
        let isMarked = { @Sendable (item: NavigatorItem) in
            item.acquire && item.note.hasSuffix("_tgts.txt") && prefixes.contains(where: item.note.hasPrefix)
        }
        guard !numbers.isEmpty, try await microscope.navigator().items.contains(where: isMarked) else { return }
        _ = try await microscope.editNavigator { file in
            for index in file.items.indices where isMarked(file.items[index]) { file.items[index].acquire = false }
        }
    }

    /// What an earlier session acquired of these targets, when this one does not go so far.
    func acquiredEarlier(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        let input = Input(areas: lamellae.flatMap { $0.targeted?.areas ?? [] }, script: settings.scriptNumbers[2])
        return try await engine.output(
            of: .grid(slot, "acquisition"), inputDigest: inputDigest(of: input), as: [AcquiredTarget].self) ?? []
    }

    private nonisolated func report(_ areas: [TargetedLamella.Area], after waited: Duration) {
        let finished = areas.filter { run(of: $0).state == .finished }
        let done = finished.reduce(0) { $0 + $1.targets }
        let total = areas.reduce(0) { $0 + $1.targets }
        engine.note(.progress(phase: "\(folder.grid), acquiring", done: Double(done), total: Double(total)))
        engine.note(.waiting("\(done) of \(total) tilt series after \(words(waited))"))
    }

    /// When something was written last in the grid's folder: PACEtomo writes with each tilt.
    private nonisolated func newestFile() -> Date? {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey]
        let files = try? FileManager.default.contentsOfDirectory(at: URL(fileURLWithPath: folder.path), includingPropertiesForKeys: Array(keys))
        return files?.compactMap { try? $0.resourceValues(forKeys: keys).contentModificationDate }.max()
    }

    nonisolated func run(of area: TargetedLamella.Area) -> AreaRun { AreaRun(area: area.name, in: folder.path) }

    /// What lies on disk, target by target.
    private nonisolated func acquired(_ areas: [TargetedLamella.Area]) -> [AcquiredTarget] {
        areas.flatMap { area in
            let run = run(of: area)
            // Somebody may have given the series other names.
            let planned = run.plannedSeries.isEmpty ? (1 ... max(1, area.targets)).map(AreaNames(area: area.name).seriesFile) : run.plannedSeries
            return planned.enumerated().map { index, file in
                let number = index + 1
                // A series without a readable header counts as not acquired; the record says so.
                let images = (try? MRCFile.header(folder.inFolder(file)).sections) ?? 0
                return AcquiredTarget(area: area.name, target: number, seriesFile: file, images: images, isWhole: run.isWhole(images: images))
            }
        }
    }

    private nonisolated func writeRecord(_ targets: [AcquiredTarget]) throws {
        let rows = targets.map { target -> JSONValue in
            .object([
                "area": .string(target.area), "target": .integer(target.target), "tsfile": .string(target.seriesFile),
                "images": .integer(target.images), "acquired": .bool(target.isAcquired),
                "run_file": AreaRun(area: target.area, in: folder.path).runFile.map { .string($0) } ?? .null,
            ])
        }
        try JSONValue.object(["grid": .string(folder.grid), "datetime": .string(timestamp()), "targets": .array(rows)])
            .write(to: folder.inFolder(folder.grid + "_acquisition.json"))
    }
}
