public import Raster
public import Units

/// The class of each pixel of a lamella map.
public struct SegmentationResult: Sendable, Hashable {
    /// Index into ``classes`` for each pixel; same size as the map.
    public let labels: Raster<UInt8>
    /// Names in index order; the first one is the background.
    public let classes: [String]
    /// Number of pixels of each class.
    public let pixelCounts: [Int]
    /// Of the map and its labels.
    public let pixelSize: PixelSize

    public init(labels: Raster<UInt8>, classes: [String], pixelSize: PixelSize) {
        self.labels = labels
        self.classes = classes
        self.pixelSize = pixelSize
        var counts = [Int](repeating: 0, count: max(256, classes.count))
        for label in labels.pixels { counts[Int(label)] += 1 }
        pixelCounts = Array(counts.prefix(classes.count))
    }

    /// Each class with its area.
    public var areasInSquareMicrometers: [(className: String, area: Double)] { classes.map { ($0, areaInSquareMicrometers(of: $0) ?? 0) } }

    /// Area of a class in square micrometres, nil where there is no such class.
    public func areaInSquareMicrometers(of className: String) -> Double? {
        classes.firstIndex(of: className).map { Double(pixelCounts[$0]) * pixelSize.value * pixelSize.value * 1e-6 }
    }
}

/// Why a map could not be segmented; the description is for the operator.
public enum SegmentationError: Error, Sendable, Hashable, CustomStringConvertible {
    case unsuitableModel(String)
    case emptyMap
    /// The mask of acquired pixels has another size than the map.
    case maskSizeDiffers
    case wrongChannels(Int, expected: Int)
    case channelSizesDiffer
    case pixelSizeUnknown
    case mapTooLarge(width: Int, height: Int)
    case unexpectedOutput(shape: [Int], expected: [Int])
    /// The network returned an infinity or no number.
    case notFinite

    public var description: String {
        switch self {
        case .unsuitableModel(let reason): "The model cannot be used for segmentation: \(reason)."
        case .emptyMap: "The lamella map has no pixels."
        case .maskSizeDiffers: "The mask of acquired pixels has another size than the lamella map."
        case .wrongChannels(let count, let expected): "The model takes \(expected) images for its channels, or one for all, and there are \(count)."
        case .channelSizesDiffer: "The images of a map's channels have different sizes."
        case .pixelSizeUnknown: "The pixel size of the map is not a positive number."
        case .mapTooLarge(let width, let height): "The map would have \(width) x \(height) pixels at the model's pixel size, too many; is its pixel size right?"
        case .unexpectedOutput(let shape, let expected):
            "The network returned a tensor of shape \(shape) instead of \(expected); model.json and network do not fit."
        case .notFinite: "The network returned values that are not finite numbers; the map or the model is damaged."
        }
    }
}
