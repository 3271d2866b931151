public import InferenceWire

/// How much is calculated for a map: more of it costs time and makes the result a little better.
public enum SegmentationProfile: String, Sendable, Hashable, Codable, CaseIterable {
    /// One fold, no mirror images, windows that overlap by a quarter.
    case fast
    /// All folds, no mirror images.
    case balanced
    /// All that the model was made for.
    case accurate
    /// The same with nnU-Net's own 16-bit sums, for comparisons.
    case reference

    /// The networks that are run, by their place in the model.
    public func folds(of model: ModelDescription) -> Range<Int> { self == .fast ? 0 ..< min(1, model.networks.count) : 0 ..< model.networks.count }
    /// Axes of mirror images that are averaged over.
    func mirroringAxes(of model: ModelDescription) -> [Int] { self == .accurate || self == .reference ? model.mirroringAxes : [] }
    /// Distance of neighbouring windows as a part of the patch.
    func step(of model: ModelDescription) -> Double { self == .fast ? max(0.75, model.step) : model.step }

    /// How often the network runs for a map.
    ///
    /// - Parameters: width and height of the map in pixels of the network's input.
    public func passes(of model: ModelDescription, width: Int, height: Int) -> Int {
        guard let rows = model.patchRows, let columns = model.patchColumns, width > 0, height > 0 else { return 0 }
        let windows =
            WindowAxis.positions(length: max(height, rows), window: rows, step: step(of: model)).count
            * WindowAxis.positions(length: max(width, columns), window: columns, step: step(of: model)).count
        return windows * folds(of: model).count * (1 << mirroringAxes(of: model).count)
    }
}
