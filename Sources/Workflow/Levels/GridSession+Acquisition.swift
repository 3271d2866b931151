import Foundation
import ImageFiles
import Microscope
import Targets

/// What was acquired of one target.
struct AcquiredTarget: Codable, Sendable, Hashable {
    let area: String
    let target: Int
    let seriesFile: String
    /// Images of the tilt series; 0 where there is no file.
    let images: Int
}

/// Level 5: Acquire at Items runs PACEtomo; what it acquired is read from its files.
extension GridSession {
    private struct Input: Encodable, Sendable {
        let areas: [TargetedLamella.Area]
        let script: Int
    }

    func acquire(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        let areas = lamellae.flatMap { $0.targeted?.areas ?? [] }
        guard !areas.isEmpty else {
            engine.note(.warning("grid \(folder.grid) has no targets; nothing is acquired"))
            return []
        }
        let script = settings.scriptNumbers[2]
        let limit = Duration.seconds(settings.acquisitionHours * 3600)
        let step = Step<Input, [AcquiredTarget]>(
            exposing: .grid(slot, "acquisition"), title: "Acquire \(areas.reduce(0) { $0 + $1.targets }) targets of grid \(folder.grid)",
            input: Input(areas: areas, script: script)
        ) { [self] in
            let finished = areas.filter(isFinished)
            if !areas.contains(where: { FileManager.default.fileExists(atPath: runFile(of: $0)) }) { return .didNotHappen }
            if finished.count == areas.count { return .happened(try acquired(areas)) }
            return .unknown(
                "\(finished.count) of \(areas.count) areas are acquired; finish the marked items with Acquire at Items in SerialEM")
        } perform: { [self] in
            try await microscope.startAcquisition(script: script)
            let end = try await microscope.awaitControl(within: limit) { [self] waited in report(areas, after: waited) }
            guard end == .finished else {
                throw WorkflowError.incomplete("Acquire at Items is paused in SerialEM; resume or end it there, then run again.")
            }
            engine.note(.progress(phase: "\(folder.grid), acquiring", done: 1, total: 1))
            return try acquired(areas)
        }
        let targets = try await engine.run(step)
        let missing = targets.filter { $0.images == 0 }
        if !missing.isEmpty {
            engine.note(.warning("\(missing.count) of \(targets.count) targets were not acquired; see \(folder.grid)_acquisition.json"))
        }
        try writeRecord(targets)
        return targets
    }

    /// PACEtomo writes an area's run file after every image; once the area is done, the file has targets and no saved
    /// position any more. That line comes before the targets, so that half a file does not look finished.
    private nonisolated func isFinished(_ area: TargetedLamella.Area) -> Bool {
        guard let text = try? String(contentsOfFile: runFile(of: area), encoding: .utf8) else { return false }
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.contains { $0.hasPrefix("_tgt") } && !lines.contains { $0.hasPrefix("_spos") }
    }

    private nonisolated func report(_ areas: [TargetedLamella.Area], after waited: Duration) {
        let finished = areas.filter(isFinished)
        let done = finished.reduce(0) { $0 + $1.targets }
        let total = areas.reduce(0) { $0 + $1.targets }
        engine.note(.progress(phase: "\(folder.grid), acquiring", done: Double(done), total: Double(total)))
        engine.note(.waiting("\(done) of \(total) tilt series after \(words(waited))"))
    }

    private nonisolated func runFile(of area: TargetedLamella.Area) -> String { folder.inFolder(area.name + "_tgts_run01.txt") }

    /// What lies on disk, target by target.
    private nonisolated func acquired(_ areas: [TargetedLamella.Area]) throws -> [AcquiredTarget] {
        areas.flatMap { area in
            (1 ... max(1, area.targets)).map { number in
                let file = AreaNames(area: area.name).seriesFile(number)
                // A series without a readable header counts as not acquired; the record says so.
                let images = (try? MRCFile.header(folder.inFolder(file)).sections) ?? 0
                return AcquiredTarget(area: area.name, target: number, seriesFile: file, images: images)
            }
        }
    }

    private nonisolated func writeRecord(_ targets: [AcquiredTarget]) throws {
        let rows = targets.map { target -> JSONValue in
            .object([
                "area": .string(target.area), "target": .integer(target.target), "tsfile": .string(target.seriesFile),
                "images": .integer(target.images), "acquired": .bool(target.images > 0),
                "run_file": .string(target.area + "_tgts_run01.txt"),
            ])
        }
        try JSONValue.object(["grid": .string(folder.grid), "datetime": .string(timestamp()), "targets": .array(rows)])
            .write(to: folder.inFolder(folder.grid + "_acquisition.json"))
    }
}
