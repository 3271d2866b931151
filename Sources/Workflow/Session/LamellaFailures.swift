/// Which lamellae of a grid failed for errors: a trouble that meets one after the other is told of while something can be done about it.
struct LamellaFailures: Sendable {
    /// What is done with one lamella after the other.
    enum Work: Sendable, Hashable { case recentring, mapping, analysis }

    /// So many in a row are no lamella's own trouble.
    private static let tellingRow = 3

    private var tried: [Work: Set<String>] = [:]
    private var failed: Set<String> = []
    private var row: [Work: Int] = [:]
    private var lastReason = ""

    mutating func succeeded(_ lamella: String, at work: Work) {
        tried[work, default: []].insert(lamella)
        row[work] = 0
    }

    /// Takes a failure; returns how many failed one after the other where people should know, once for each row.
    mutating func failed(_ lamella: String, at work: Work, because reason: String) -> Int? {
        tried[work, default: []].insert(lamella)
        failed.insert(lamella)
        lastReason = reason
        row[work, default: 0] += 1
        return row[work] == Self.tellingRow ? Self.tellingRow : nil
    }

    /// Says that every lamella that was tried has failed, be it in what followed; nil where one went through, or only one was tried,
    /// whose own trouble it may be.
    func totalLoss(at work: Work, ofGrid grid: String) -> WorkflowError? {
        guard let all = tried[work], all.count > 1, all.isSubset(of: failed) else { return nil }
        return .refused("All \(all.count) lamellae of grid \(grid) that were tried failed, the last one with: \(lastReason)")
    }
}
