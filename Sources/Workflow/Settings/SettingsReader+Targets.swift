import Targets
import Units
import Yams

/// The keys that say what targets are chosen beyond `target_list` and its like, for a session, a grid and `tomopilot targets`.
extension SettingsReader {
    mutating func classWeights() -> [String: Double] {
        let expected = "a group of classes with their weights from 0 to 10, such as {cell: 0.5, ice: 2}"
        return value("class_weights", default: [:], expected: expected) { node in
            guard let mapping = node.mapping else { return nil }
            var weights: [String: Double] = [:]
            for (key, value) in mapping {
                guard let name = key.scalar.flatMap(Self.usable), let weight = Self.number(value), (0 ... 10).contains(weight) else { return nil }
                weights[name] = weight
            }
            return weights
        } ?? [:]
    }

    mutating func classRules() -> [ClassRule] {
        let expected = "a list of rules, such as [{class: mitos, suppressed_by: ice, within: 0.1}, {class: vesicles, only_near: membranes, within: 1}]"
        let nodes: [Node] = value("class_rules", default: [], expected: expected) { $0.sequence.map(Array.init) } ?? []
        return nodes.compactMap { node in
            guard var reader = Self(group: node) else {
                refuse("'class_rules' has an entry that is no rule; it must be \(expected)", line: node.mark?.line)
                return nil
            }
            let rule = reader.classRule(line: node.mark?.line)
            take(problemsOf: reader)
            return rule
        }
    }

    private mutating func classRule(line: Int?) -> ClassRule? {
        let className = text("class", default: nil, expected: "a class of the segmentation model")
        let suppressor = text("suppressed_by", default: "", expected: "a class of the segmentation model") ?? ""
        let neighbour = text("only_near", default: "", expected: "a class of the segmentation model") ?? ""
        let distance = Micrometers(number("within", default: 0, in: 0 ... 100, unit: " µm"))
        let probability = number("probability", default: 0.3, in: 0.001 ... 1)
        refuseTheRest(unsupported: [:])
        guard problems.isEmpty else { return nil }
        guard suppressor.isEmpty != neighbour.isEmpty, let className else {
            refuse("a rule of 'class_rules' must have one of suppressed_by and only_near", line: line)
            return nil
        }
        guard className != suppressor + neighbour else {
            refuse("a rule of 'class_rules' is about \(className) and \(className); it must name two classes", line: line)
            return nil
        }
        return ClassRule(
            className, suppressor.isEmpty ? .dependent : .suppressed, suppressor + neighbour, within: distance, probability: probability)
    }

    mutating func minimumObject() -> Double { number("minimum_object", default: 0, in: 0 ... 1000, unit: " µm²") }
    mutating func targetsPerInstance() -> Int { integer("per_instance", default: 0, in: 0 ... 1000) ?? 0 }
    mutating func maximumTargets() -> Int { integer("max_targets", default: 0, in: 0 ... 1000) ?? 0 }
    mutating func minimumDistance() -> Micrometers { Micrometers(number("min_distance", default: 0, in: 0 ... 100, unit: " µm")) }

    private static func number(_ node: Node) -> Double? { node.float ?? node.int.map(Double.init) }
}
