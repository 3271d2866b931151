/// Chosen targets, and what is known of the choice.
public struct Selection: Hashable, Sendable {
    /// Best summed score first.
    public let areas: [TargetArea]
    public let report: SelectionReport
}

/// How good a choice of targets is, and how much better another could be at most.
public struct SelectionReport: Hashable, Sendable {
    /// Summed score of all targets; a tracking position that was added to them counts nothing.
    public let score: Double
    /// No choice of positions that keeps the same distances has a larger summed score (``UpperBound``).
    public let upperBound: Double
    /// What the fields of view of all targets see, those of tracking positions too.
    public let coverage: Coverage
    /// How much more than ``score`` the bound is, as a part of it: 0 for a choice that is known to be the best. 0 where
    /// nothing can be chosen.
    public var gap: Double { score > 0 ? upperBound / score - 1 : 0 }
}
