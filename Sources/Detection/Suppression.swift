import Geometry

/// Merges the boxes of all tiles: one box for each lamella, whatever the classes and tiles that saw it.
///
/// Greedy: whole boxes before cut ones, then by score. A box is taken into an earlier one if they share more than half
/// of their union or more than half of the smaller one. The merged box is the first one's, its class the one with the
/// highest sum of scores. Last, boxes on the edge of a much surer one are left out. The order of the candidates does not matter.
enum Suppression {
    static let threshold = 0.5

    static func merge(_ candidates: [Candidate]) -> [Candidate] {
        var kept: [Candidate] = []
        var votes: [[Int: Double]] = []
        for candidate in candidates.sorted(by: comesFirst) {
            if let owner = kept.firstIndex(where: { isSame($0.box, candidate.box) }) {
                votes[owner][candidate.classIndex, default: 0] += candidate.score
                kept[owner].score = max(kept[owner].score, candidate.score)
            } else {
                kept.append(candidate)
                votes.append([candidate.classIndex: candidate.score])
            }
        }
        for i in kept.indices {
            // Of equal sums the lower index wins, so that the result does not depend on the order of a dictionary.
            let winner = votes[i].max { ($0.value, -$0.key) < ($1.value, -$1.key) }
            kept[i].classIndex = winner?.key ?? kept[i].classIndex
        }
        return withoutParts(
            kept.sorted { ($1.score, $0.box.minX, $0.box.minY) < ($0.score, $1.box.minX, $1.box.minY) })
    }

    /// Leaves out boxes on the edge of a much surer one: those are parts of its milled window, not lamellae.
    ///
    /// Boxes of turned neighbours may overlap too, but the detector is about as sure of them.
    private static func withoutParts(_ sorted: [Candidate]) -> [Candidate] {
        sorted.enumerated().filter { place, candidate in
            !sorted[..<place].contains {
                candidate.score < $0.score / 2 && $0.box.overlap(with: candidate.box) > 0.1 * candidate.box.area
            }
        }.map(\.element)
    }

    /// Whether two boxes are taken for one lamella.
    static func isSame(_ a: Rectangle<Frame.MapPixels>, _ b: Rectangle<Frame.MapPixels>) -> Bool {
        let smaller = min(a.area, b.area)
        // Sharing half of the union means sharing more than half of the smaller one; both are asked for as written.
        return a.overlap(with: b) > threshold * smaller || a.intersectionOverUnion(with: b) > threshold
    }

    private static func comesFirst(_ a: Candidate, _ b: Candidate) -> Bool {
        if a.isCut != b.isCut { return !a.isCut }
        if a.score != b.score { return a.score > b.score }
        if a.box.minX != b.box.minX { return a.box.minX < b.box.minX }
        if a.box.minY != b.box.minY { return a.box.minY < b.box.minY }
        if a.box.maxX != b.box.maxX { return a.box.maxX < b.box.maxX }
        if a.box.maxY != b.box.maxY { return a.box.maxY < b.box.maxY }
        return a.classIndex < b.classIndex
    }
}
