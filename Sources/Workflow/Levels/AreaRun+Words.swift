import Foundation
import Targets

extension AreaRun {
    /// What the run file of an area tells a person who decides how it goes on: what was acquired of each target by
    /// PACEtomo's own records, and what it has forgotten.
    var words: [String] {
        guard let progress else { return [] }
        let series = progress.series.enumerated().compactMap { index, series -> String? in
            if series.isSkipped { return "target \(index + 1) was to be skipped" }
            guard let low = series.angles.first, let high = series.angles.last else { return nil }
            let dose = series.dose.map { String(format: ", %.0f e/Å²", $0) } ?? ""
            let ended = series.endedBranches.isEmpty ? "" : "; it had given up the \(series.endedBranches.joined(separator: " and the ")) tilts"
            return "PACEtomo noted \(series.angles.count) tilts of target \(index + 1)" + String(format: " from %.0f to %.0f degrees", low, high) + dose + ended
        }
        guard !lost.isEmpty, position != nil else { return series }
        let plane = progress.pretilt.map { pretilt in
            String(format: "; it goes on with the pretilt of %.1f and the rotation of %.1f degrees that the run file has", pretilt, progress.rotation ?? 0)
        }
        return series + ["what PACEtomo's run file does not hold any more: \(lost.joined(separator: ", "))\(plane ?? "")"]
    }
}
