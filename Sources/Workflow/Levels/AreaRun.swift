import Foundation
import ImageFiles
import Targets
import Units

/// How far PACEtomo is with an area, as its files tell.
///
/// PACEtomo rewrites `<area>_tgts_run<nn>.txt` after every image; only what it writes at the end has no `_spos` in it. A run
/// that was taken up again has the next number, so the newest file counts.
package struct AreaRun: Sendable, Hashable {
    package enum State: Sendable, Hashable { case notBegun, unfinished, finished }

    /// What lies on disk of one tilt series.
    package struct Series: Sendable, Hashable {
        /// Its name, without its folder.
        package let file: String
        /// Images in the stack, by its header; 0 where there is no stack that can be read.
        package let images: Int
        /// Images that its mdoc describes; nil where there is none.
        package let described: Int?
        /// The least and the largest tilt that the mdoc tells, in degrees.
        package let tilts: ClosedRange<Double>?

        fileprivate init(_ file: String, in folder: String) {
            let path = folder + "/" + file
            self.file = file
            // A stack that cannot be read holds nothing that anybody could use.
            images = (try? MRCFile.header(path).sections) ?? 0
            let pieces = (try? Mdoc.read(path + ".mdoc"))?.pieces
            described = pieces?.count
            let angles = (pieces ?? []).compactMap { $0.tiltAngle?.value }
            tilts = angles.min().flatMap { low in angles.max().map { low ... $0 } }
        }

        fileprivate func has(_ tilts: Int) -> Bool { images >= tilts && (described ?? images) >= tilts }
    }

    /// A tilt of the series and a target, both counted from 1.
    struct Position: Sendable, Hashable {
        let tilt: Int
        let target: Int

        init?(_ resume: PACEtomoTargets.Resume) {
            // Whatever a file says, it is counted on without overflow.
            guard 0 ..< 100_000 ~= resume.section, 0 ..< 100_000 ~= resume.position else { return nil }
            (tilt, target) = (resume.section + 1, resume.position + 1)
        }
    }

    package let state: State
    /// The newest run file, without its folder.
    package let runFile: String?
    /// Tilts of a series, where the run file or the targets file says so; otherwise PACEtomo's script alone knows.
    package let plannedTilts: Int?
    /// Files of the tilt series that the targets file asks for; empty where it cannot be read.
    let plannedSeries: [String]
    /// Where PACEtomo stood when it wrote the run file.
    let position: Position?
    /// What the newest run file tells of each target; nil where there is none that can be read.
    let progress: RunProgress?
    /// What PACEtomo does not know any more where it goes on from its run file, in words; empty where nothing is lost.
    let lost: [String]
    /// How often what it left was set aside, and the area begun anew.
    let timesSetAside: Int

    package init(area: String, in folder: String) {
        let names = AreaNames(area: area)
        let stem = String(names.targetsFile.dropLast(4)) + "_run"
        // A folder that cannot be listed has nothing to show; whoever writes into it is told.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        runFile = files.filter {
            $0.hasPrefix(stem) && $0.hasSuffix(".txt") && $0.count == stem.count + 6 && $0.dropFirst(stem.count).prefix(2).allSatisfy(\.isNumber)
        }.max()
        timesSetAside = files.compactMap { file -> Int? in
            guard file.hasPrefix(area + "_ts_") || file.hasPrefix(stem), let number = file.firstMatch(of: /_old(\d+)\./)?.1 else { return nil }
            return Int(number)
        }.max() ?? 0
        let planned = Self.targets(folder + "/" + names.targetsFile)
        plannedSeries = planned?.acquired ?? []
        guard let runFile else {
            plannedTilts = planned.flatMap(Self.tilts)
            position = nil
            progress = nil
            lost = []
            // The first image is taken before the first run file is written.
            state = files.contains { $0.hasPrefix(area + "_ts_") && $0.hasSuffix(".mrc") && !$0.contains("_old") } ? .unfinished : .notBegun
            return
        }
        // A file that cannot be read is being rewritten, or was when PACEtomo was stopped.
        let run = Self.targets(folder + "/" + runFile)
        plannedTilts = run.flatMap(Self.tilts) ?? planned.flatMap(Self.tilts)
        position = run?.resume.flatMap(Position.init)
        progress = run.map { RunProgress($0) }
        lost = planned.map { RunProgress.lost(of: $0) } ?? []
        let hasEnded = run.map { $0.resume == nil && !$0.targets.isEmpty } == true
        // SerialEM may have ended between the last image and the last writing of the run file.
        state = hasEnded || Self.isComplete(run, tilts: plannedTilts, in: folder) ? .finished : .unfinished
    }

    /// Whether a series with this many images is whole.
    package func isWhole(images: Int) -> Bool { state == .finished && images >= max(2, plannedTilts ?? 0) }

    /// What lies on disk of each target that PACEtomo was to acquire.
    package static func series(_ files: [String], in folder: String) -> [Series] { files.map { Series($0, in: folder) } }

    /// Whether all images of a run that did not say that it ended are there.
    private static func isComplete(_ run: PACEtomoTargets?, tilts: Int?, in folder: String) -> Bool {
        guard let run, let tilts, tilts > 1, !run.targets.isEmpty else { return false }
        return run.targets.indices.allSatisfy { index in
            let isSkipped = [run.positiveBranches[index], run.negativeBranches[index]].allSatisfy { $0?["skip"] == "True" }
            guard run.targets[index]["skip"] != "True", !isSkipped else { return true }
            return run.targets[index]["tsfile"].map { Series($0, in: folder).has(tilts) } ?? false
        }
    }

    private static func targets(_ path: String) -> PACEtomoTargets? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? PACEtomoTargets(parsing: String(decoding: data, as: UTF8.self))
    }

    /// Tilts go from the start tilt both ways; a targets file without its own is taken to start at a multiple of the step.
    private static func tilts(_ file: PACEtomoTargets) -> Int? {
        guard let low = file.settings["minTilt"], let high = file.settings["maxTilt"], let step = file.settings["step"], step > 0,
            high >= low, (high - low) / step < 1000
        else { return nil }
        func steps(_ range: Double) -> Int { Int((range / step + 1e-6).rounded(.down)) }
        guard file.resume != nil, let start = file.settings["startTilt"], low ... high ~= start else { return steps(high - low) + 1 }
        return steps(high - start) + steps(start - low) + 1
    }
}
