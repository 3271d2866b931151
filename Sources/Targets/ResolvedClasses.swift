/// Which labels of a segmentation are wanted, avoided, and solid ground for measuring the sample plane.
public struct ResolvedClasses: Hashable, Sendable {
    public let names: [String]
    /// By label: wanted.
    public let target: [Bool]
    /// By label: costs score and never lies under the centre of a target.
    public let avoided: [Bool]
    /// By label: the lamella itself, neither hole nor bar nor ice.
    public let solid: [Bool]
    /// By label: what a pixel adds to a score where the class is wanted, 0 to 1, or how many times the penalty it costs
    /// where it is avoided, 0 to 10.
    public let weights: [Double]
    /// By label: solid, and named by the model (not its background, which may reach over the lamella's border).
    var surelySolid: [Bool] { names.indices.map { solid[$0] && !["background", Self.uncounted].contains(names[$0]) } }

    /// What a pixel with each label adds to a score.
    ///
    /// - Parameter penalty: what an avoided pixel of weight 1 costs.
    func worth(penalty: Double, countsTargets: Bool) -> [Double] {
        names.indices.map {
            (target[$0] && countsTargets ? weights[$0] : 0) - (avoided[$0] ? penalty * weights[$0] : 0)
        }
    }

    /// The name of the label that is in no model: pixels that a rule has taken from their class.
    private static let uncounted = "(uncounted)"

    /// With one more label, for pixels that are neither wanted nor avoided.
    var withUncounted: Self {
        Self(
            names: names + [Self.uncounted], target: target + [false], avoided: avoided + [false], solid: solid + [true],
            weights: weights + [0])
    }
}

extension TargetSettings {
    /// The settings in terms of the labels of one model, whose label `i` is called `classes[i]`.
    ///
    /// White, black and dynabeads are avoided whenever the model has them, unless they are wanted: nobody wants to
    /// expose a hole by mistake.
    ///
    /// - Throws: ``TargetsError`` for a class that the model does not have, one that is both wanted and avoided, and a
    ///   weight that is not for it.
    public func resolved(in classes: [String]) throws(TargetsError) -> ResolvedClasses {
        let everything = targetClasses.first == "lamella"
        let wanted = everything ? Array(targetClasses.dropFirst()) : targetClasses
        guard !wanted.contains("lamella") || classes.contains("lamella") else {
            throw TargetsError(.unknownClass, "target_list names 'lamella', which stands for all that is not avoided, behind other classes: put it first.")
        }
        for name in wanted where !classes.contains(name) {
            throw .unknownClass(name, setting: "target_list", classes: classes + ["lamella"])
        }
        for name in avoidedClasses where !classes.contains(name) {
            throw .unknownClass(name, setting: "avoid_list", classes: classes)
        }
        let both = wanted.filter(avoidedClasses.contains)
        guard both.isEmpty else { throw .contradictoryClasses(both) }
        for name in (classRules ?? []).flatMap(\.classes) where !classes.contains(name) {
            throw .unknownClass(name, setting: "class_rules", classes: classes)
        }
        let alwaysAvoided: Set<String> = ["black", "white", "dynabeads"]
        let neverSolid: Set<String> = ["black", "white", "crack", "ice", "dynabeads"]
        let avoided = classes.map { avoidedClasses.contains($0) || (alwaysAvoided.contains($0) && !wanted.contains($0)) }
        let target = classes.indices.map { everything ? !avoided[$0] : wanted.contains(classes[$0]) }
        let solid = classes.indices.map { !avoided[$0] && !neverSolid.contains(classes[$0]) }
        return ResolvedClasses(
            names: classes, target: target, avoided: avoided, solid: solid,
            weights: try weights(of: classes, target: target, avoided: avoided))
    }

    private func weights(of classes: [String], target: [Bool], avoided: [Bool]) throws(TargetsError) -> [Double] {
        var weights = [Double](repeating: 1, count: classes.count)
        for (name, weight) in (classWeights ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let label = classes.firstIndex(of: name) else {
                throw .unknownClass(name, setting: "class_weights", classes: classes)
            }
            guard target[label] || avoided[label] else { throw .weightWithoutUse(name) }
            // A wanted class of weight 1 everywhere scores 1, which is the most there is.
            guard avoided[label] || weight <= 1 else { throw .weightTooLarge(name, weight) }
            guard avoided[label] || !edge else { throw .weightOnEdge(name) }
            weights[label] = weight
        }
        return weights
    }
}
