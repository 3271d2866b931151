import Foundation
import Geometry
import ImageFiles
import Microscope
import Navigator
import Targets

/// Which level may write a lamella's targets file, and what has to go when targets are chosen anew.
extension GridSession {
    /// The steps that write a lamella's `_tgts.txt`, by level.
    private static let writers = [2: "centre", 3: "segmentation", 4: "target-items"]

    /// Writes a targets file with one position, unless a higher level has written a better one in this run or an earlier one.
    func writePosition(of number: Int, level: Int, stage: Point<Frame.Stage>, score: Double) async throws {
        for better in level + 1 ..< 5 {
            guard let step = Self.writers[better] else { continue }
            if try await engine.wasBegun(.lamella(slot, number, step)) { return }
        }
        let names = AreaNames(area: folder.lamella(number))
        let file = TargetsFile(
            settings: [],
            entries: [
                TargetsFile.Entry(
                    seriesFile: names.seriesFile(1), viewFile: nil, shift: .zero, stage: await placed.placement.map(stage), lowDoseArea: .record,
                    score: score, skip: false)
            ], geoPoints: [])
        try AtomicFile.write(file.text(), to: folder.inFolder(names.targetsFile))
    }

    /// What the targets files of a skipped lamella are called, so that nobody acquires it.
    private static let skippedEnding = "_tgts_skipped.txt"
    private static let ending = "_tgts.txt"

    /// Sets aside the targets files of the lamellae that are skipped, unless PACEtomo has begun to work with them.
    func setAsideTargetsFilesOfSkipped() async throws {
        guard !skipped.isEmpty, try await !engine.wasBegun(.grid(slot, "acquisition")) else { return }
        for number in skipped.keys {
            for file in try rename(of: number, from: Self.ending, to: Self.skippedEnding) {
                engine.note(.note("lamella \(number) is skipped: its targets file is \(file) now"))
            }
        }
    }

    /// Brings back the targets files of lamellae that were skipped before, and their marks for acquisition.
    func bringBackTargetsFiles(of numbers: [Int]) async throws {
        let files = try Set(numbers.flatMap { try rename(of: $0, from: Self.skippedEnding, to: Self.ending) })
        guard !files.isEmpty else { return }
        _ = try await microscope.editNavigator { file in
            for index in file.items.indices where files.contains(file.items[index].note) { file.items[index].acquire = true }
        }
    }

    private nonisolated func rename(of number: Int, from ending: String, to other: String) throws -> [String] {
        let manager = FileManager.default
        var renamed: [String] = []
        for file in try manager.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(ending) && belongs(file, to: number) {
            let name = String(file.dropLast(ending.count)) + other
            if manager.fileExists(atPath: folder.inFolder(name)) { try manager.removeItem(atPath: folder.inFolder(name)) }
            try manager.moveItem(atPath: folder.inFolder(file), toPath: folder.inFolder(name))
            renamed.append(name)
        }
        return renamed
    }

    /// The targets of an earlier run, where PACEtomo has begun to acquire them: they may not be changed any more.
    func targetsBeingAcquired(of number: Int) async throws -> TargetedLamella? {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        guard files.contains(where: { belongs($0, to: number) && $0.contains("_tgts_run") }) else { return nil }
        return try await targetsInForce(of: number)
    }

    /// Removes the points files of an earlier choice of targets.
    nonisolated func removePoints(of number: Int) throws {
        let prefix = folder.lamella(number) + "_points"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.maps)
        where file.hasPrefix(prefix) && file.hasSuffix(".json") {
            try FileManager.default.removeItem(atPath: folder.inMaps(file))
        }
    }

    /// Removes the targets files and virtual maps of an earlier choice of targets.
    nonisolated func removeTargetFiles(of number: Int) throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where belongs(file, to: number) && (file.hasSuffix("_tgts.txt") || Self.isView(file)) {
            try FileManager.default.removeItem(atPath: folder.inFolder(file))
        }
    }

    /// Removes the navigator items of an earlier choice of targets: virtual maps, parallel tilt series, and geo points
    /// on the lamella's map.
    nonisolated func removeTargetItems(of number: Int, on map: NavigatorItem, from file: inout NavigatorFile) {
        file.removeItems { item in
            switch item.kind {
            case .map:
                guard let name = item.mapFile.map({ ($0 as NSString).lastPathComponent }) else { return false }
                return belongs(name, to: number) && Self.isView(name)
            case .point:
                let isSeries = item.note.hasSuffix(ParallelSeriesWriter.noteEnding) && belongs(item.note, to: number)
                return isSeries || item.label.hasPrefix("geo") && map.polygon.contains(item.stage)
            default: return false
            }
        }
    }

    /// Whether a file belongs to a lamella or to one of its target areas.
    private nonisolated func belongs(_ file: String, to number: Int) -> Bool { file.hasPrefix(folder.lamella(number) + "_") }

    private static func isView(_ file: String) -> Bool { file.contains("_tgt_") && file.hasSuffix("_view.mrc") }
}
