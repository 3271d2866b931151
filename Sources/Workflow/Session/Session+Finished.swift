import Foundation
import Microscope

/// Grids that an earlier run finished: they are not touched again, unless people have changed their files since.
extension Session {
    static func finished(_ slot: Int, level: Int) -> StepIdentifier { .grid(slot, "finished-level-\(level)") }

    /// What the journal says of a grid that was finished with these settings, up to the level or beyond it: a lower level
    /// takes nothing back. nil too where people have changed its files since and the grid is at hand.
    func finishedReport(_ slot: Int, in context: SessionContext) async throws -> (step: StepIdentifier, report: GridReport)? {
        let settings = settings.of(grid: slot)
        for level in stride(from: 5, through: settings.automationLevel, by: -1) {
            let step = Self.finished(slot, level: level)
            let digest = try inputDigest(of: settings.ofTheSample.withLevel(level))
            guard let old = try await context.engine.output(of: step, inputDigest: digest, as: GridReport.self) else { continue }
            let back = try await lamellaeTakenBack(in: old)
            guard back.isEmpty else {
                report(.note("grid \(old.name) was finished without \(back.map { "L\(twoDigits($0))" }.joined(separator: ", ")), taken back since; it is gone through again"))
                try await context.engine.reopen(step, input: settings.ofTheSample.withLevel(level))
                return nil
            }
            let edited = level < 5 ? try await context.engine.products(of: step).filter { $0.comparison() != .same } : []
            guard let first = edited.first else { return (step, old) }
            let what = "\(first.path)" + (edited.count > 1 ? " and \(edited.count - 1) more" : "")
            // An exchange of grids is not worth it: at the next level the grid is on the stage anyway.
            if try await context.microscope.cassetteSlot(slot).place == .cassette {
                report(.warning("grid \(old.name) was finished before \(what) changed; that is taken up at the next level, or when the grid is on the stage"))
                return (step, old)
            }
            report(.note("grid \(old.name) was finished before \(what) changed; it is gone through again"))
            return nil
        }
        return nil
    }
}

extension GridFolder {
    /// The files that people change.
    var editable: [String] {
        // A folder that cannot be listed has none.
        func files(in folder: String, _ isEditable: (String) -> Bool) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(isEditable).sorted().map { "\(folder)/\($0)" }
        }
        return files(in: maps) { $0.hasSuffix("_wg_boxes.json") && $0.hasPrefix(grid + "_wg") || $0.hasSuffix("_seg.png") || $0.contains("_points") && $0.hasSuffix(".json") }
            + files(in: path) { $0.hasSuffix("_tgts.txt") }
    }
}
