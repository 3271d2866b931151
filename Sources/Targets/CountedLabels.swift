import Geometry
import Raster
import Units

/// A segmentation after the rules that take pixels from their classes: ``ClassRule`` first, then small objects.
///
/// Pixels that are taken get one more label, ``ResolvedClasses/withUncounted``'s last.
struct CountedLabels {
    let labels: Raster<UInt8>
    let classes: ResolvedClasses

    /// - Parameter probabilities: of the classes that decide in rules, by name, as large as the labels; those of the
    ///   others are not looked at.
    init(
        _ labels: Raster<UInt8>, classes: ResolvedClasses, settings: TargetSettings,
        probabilities: [String: Raster<Float>] = [:], pixelSize: PixelSize
    ) throws(TargetsError) {
        let rules = settings.classRules ?? []
        let least = (settings.minimumObject ?? 0) * 1e6 / (pixelSize.value * pixelSize.value)
        guard !rules.isEmpty || least > 1 else {
            self.labels = labels
            self.classes = classes
            return
        }
        guard let uncounted = UInt8(exactly: classes.names.count) else {
            throw TargetsError(
                .invalidSetting,
                "class_rules and minimum_object need a label of their own, but the model has \(classes.names.count) classes: take them out.")
        }
        for (name, map) in probabilities.sorted(by: { $0.key < $1.key })
        where (map.width, map.height) != (labels.width, labels.height) {
            throw TargetsError(
                .sizesDiffer,
                "The segmentation is \(labels.width) x \(labels.height) pixels, the probabilities of \(name) \(map.width) x "
                    + "\(map.height).")
        }
        var counted = labels
        for rule in rules {
            Self.apply(rule, to: &counted, of: labels, names: classes.names, probabilities, uncounted, pixelSize)
        }
        if least > 1 {
            ConnectedObjects.removeSmall(&counted, where: classes.target + [false], pixels: least, label: uncounted)
        }
        self.labels = counted
        self.classes = classes.withUncounted
    }

    private static func apply(
        _ rule: ClassRule, to counted: inout Raster<UInt8>, of labels: Raster<UInt8>, names: [String],
        _ probabilities: [String: Raster<Float>], _ uncounted: UInt8, _ pixelSize: PixelSize
    ) {
        guard let own = names.firstIndex(of: rule.className), let other = names.firstIndex(of: rule.other) else { return }
        let claimed =
            probabilities[rule.other]?.map { Double($0) >= rule.probability } ?? labels.map { Int($0) == other }
        let reach = (rule.distance.inNanometers / pixelSize).value
        let nearest = NearestPixels(claimed)
        for pixel in labels.pixels.indices where Int(labels.pixels[pixel]) == own {
            // Rounding must not part two pixels that lie exactly so far from each other.
            let isNear = nearest.squaredDistance(at: pixel).map { Double($0) <= reach * reach + 1e-6 } ?? false
            if isNear == (rule.kind == .suppressed) { counted.pixels[pixel] = uncounted }
        }
    }
}
