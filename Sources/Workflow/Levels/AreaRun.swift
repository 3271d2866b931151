import Foundation
import ImageFiles
import Targets

/// How far PACEtomo is with an area, as its files tell.
///
/// PACEtomo rewrites `<area>_tgts_run<nn>.txt` after every image; only what it writes at the end has no `_spos` in it. A run
/// that was taken up again has the next number, so the newest file counts.
package struct AreaRun: Sendable, Hashable {
    package enum State: Sendable, Hashable { case notBegun, unfinished, finished }
    package let state: State
    /// The newest run file, without its folder.
    package let runFile: String?
    /// Tilts of a series, where the targets file says so; otherwise PACEtomo's script alone knows.
    package let plannedTilts: Int?
    /// Files of the tilt series that the targets file asks for; empty where it cannot be read.
    let plannedSeries: [String]

    package init(area: String, in folder: String) {
        let names = AreaNames(area: area)
        let stem = String(names.targetsFile.dropLast(4)) + "_run"
        // A folder that cannot be listed has nothing to show; whoever writes into it is told.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        runFile = files.filter {
            $0.hasPrefix(stem) && $0.hasSuffix(".txt") && $0.count == stem.count + 6 && $0.dropFirst(stem.count).prefix(2).allSatisfy(\.isNumber)
        }.max()
        let planned = Self.targets(folder + "/" + names.targetsFile)
        plannedTilts = planned.flatMap(Self.tilts)
        plannedSeries = planned?.acquired ?? []
        if let runFile {
            // A file that cannot be read is being rewritten, or was when PACEtomo was stopped.
            let run = Self.targets(folder + "/" + runFile)
            state = run.map { $0.resume == nil && !$0.targets.isEmpty } == true ? .finished : .unfinished
        } else {
            // The first image is taken before the first run file is written.
            state = files.contains { $0.hasPrefix(area + "_ts_") && $0.hasSuffix(".mrc") } ? .unfinished : .notBegun
        }
    }

    /// Whether a series with this many images is whole.
    package func isWhole(images: Int) -> Bool { state == .finished && images >= max(2, plannedTilts ?? 0) }

    private static func targets(_ path: String) -> PACEtomoTargets? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? PACEtomoTargets(parsing: String(decoding: data, as: UTF8.self))
    }

    private static func tilts(_ file: PACEtomoTargets) -> Int? {
        guard let low = file.settings["minTilt"], let high = file.settings["maxTilt"], let step = file.settings["step"], step > 0,
            high >= low, (high - low) / step < 1000
        else { return nil }
        return Int(((high - low) / step + 1e-6).rounded(.down)) + 1
    }
}
