/// What was acquired of one target.
struct AcquiredTarget: Codable, Sendable, Hashable {
    let area: String
    let target: Int
    let seriesFile: String
    /// Images of the tilt series; 0 where there is no file.
    let images: Int
    /// Whether its area was finished with all tilts of the series; nil in journals of earlier builds, which did not ask.
    let isWhole: Bool?
    /// Images that the series should have; nil where PACEtomo's script alone says so, and in journals of earlier builds.
    var planned: Int?
    /// What was decided of its area, which was cut short; nil where it was not, where nothing is decided yet, and in journals of
    /// earlier builds.
    var decision: AreaDecision?

    var isAcquired: Bool { isWhole ?? (images > 1) }
    /// Whether people left it out for good.
    var isLeftOut: Bool { decision?.fate == .leftOut }
}

/// What was decided of an area whose acquisition was cut short; it holds until the area is acquired to its end after all.
struct AreaDecision: Codable, Sendable, Hashable {
    enum Fate: String, Codable, Sendable { case taken, leftOut }
    let fate: Fate
    /// Why it is left out; nil where what exists is taken as it is.
    let reason: String?
    /// Whether it is left out with its whole lamella, which people may take back; nil where it is not, and in journals of earlier builds.
    var bySkip: Bool?

    var words: String {
        switch fate {
        case .taken: "taken as it is"
        case .leftOut: "left out" + (reason.map { ": \($0)" } ?? "")
        }
    }
}

extension Sequence<AcquiredTarget> {
    /// How many of the tilts there are, such as `22 to 23 of 41 tilts of 5 targets`.
    var tiltWords: String {
        let targets = Array(self)
        let least = targets.map(\.images).min() ?? 0
        let most = targets.map(\.images).max() ?? 0
        let planned = targets.compactMap(\.planned).max().map { " of \($0)" } ?? ""
        return "\(least == most ? "\(most)" : "\(least) to \(most)")\(planned) tilts of \(targets.count) target\(targets.count == 1 ? "" : "s")"
    }

    /// A sentence without its point for each area that is not whole though it was begun or decided about, by the area.
    var cutAreas: [(area: String, words: String)] {
        Dictionary(grouping: self, by: \.area).sorted { $0.key < $1.key }.compactMap { area, targets in
            let isBegun = targets.contains { $0.images > 0 }
            guard targets.contains(where: { !$0.isAcquired }), isBegun || targets.contains(where: { $0.decision != nil }) else { return nil }
            let decision = targets.compactMap(\.decision).first.map { ", \($0.words)" } ?? ""
            return (area, "\(area) has \(targets.tiltWords)\(decision)")
        }
    }
}
