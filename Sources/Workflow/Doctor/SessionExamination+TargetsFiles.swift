import Foundation
import Microscope
import Targets

extension SessionExamination {
    /// What PACEtomo would trip over in the targets files that lie in the session's folders and were not begun with.
    func targetsFileFindings() -> [Finding] {
        // A folder that is not there, or cannot be listed, has no targets files yet.
        let grids = (try? FileManager.default.contentsOfDirectory(atPath: settings.sessionFolder)) ?? []
        var count = 0
        var found: [TargetsFileFinding] = []
        for folder in grids.sorted().map({ settings.sessionFolder + "/" + $0 }) {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in files.sorted() where name.hasSuffix("_tgts.txt") && RunFileName.last(of: name, among: files) == nil {
                guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
                count += 1
                let check = TargetsFileCheck(surroundings: .init(files: Set(files)))
                found += check.findings(in: String(decoding: data, as: UTF8.self), named: name).filter { $0.rule.consequence < .lacks }
            }
        }
        guard count > 0 else { return [] }
        let files = "\(count) targets file\(count == 1 ? "" : "s")"
        guard !found.isEmpty else { return [Finding("targets files", .good, "\(files) that PACEtomo reads as they are meant")] }
        let shown = found.prefix(3).map(\.description).joined(separator: " ")
        let more = found.count > 3 ? " And \(found.count - 3) more." : ""
        return [Finding("targets files", .odd, "\(files): \(shown)\(more)", remedy: "put them right, or delete them, and they are written anew")]
    }
}
