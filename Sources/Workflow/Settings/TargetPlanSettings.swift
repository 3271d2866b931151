import Targets
import Units
import Yams

/// The keys about the areas of targets. What a key says by default is not written into journals, so that those of earlier
/// builds hold.
extension SettingsReader {
    mutating func imageShiftLimit() -> Micrometers? {
        let limit = value("IS_limit", default: 0, expected: "a number from 0.1 to 50 µm, or 0 for as far as SerialEM and PACEtomo shift") { node in
            (node.float ?? node.int.map(Double.init)).flatMap { $0 == 0 || (0.1 ... 50).contains($0) ? $0 : nil }
        }
        return limit.flatMap { $0 > 0 ? Micrometers($0) : nil }
    }

    mutating func targetOrder() -> TargetOrder? {
        let order = name("target_order", default: TargetOrder.path)
        return order == .path ? nil : order
    }

    mutating func targetSeed() -> UInt64? {
        let usual = Int(TargetSettings.usualSeed)
        let seed = integer("target_seed", default: usual, in: 0 ... Int.max) ?? usual
        return seed == usual ? nil : UInt64(seed)
    }
}
